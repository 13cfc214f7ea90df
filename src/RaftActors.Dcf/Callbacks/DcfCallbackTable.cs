namespace RaftActors.Dcf;

/// <summary>The callbacks of one node. Registered before the start, read-only afterwards.</summary>
internal sealed class DcfCallbackTable
{
    public AfterWriter? AfterWriter { get; set; }

    public ConsensusNotify? ConsensusNotify { get; set; }

    public StatusNotify? StatusNotify { get; set; }

    public ElectionNotify? ElectionNotify { get; set; }

    public MsgProc? MsgProc { get; set; }

    public ExceptionReport? ExceptionReport { get; set; }
}
