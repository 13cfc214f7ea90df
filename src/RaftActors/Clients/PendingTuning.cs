namespace RaftActors.Runtime;

/// <summary>Follows changed settings (<see cref="StreamLink.Tuning"/>) through the node's mailbox. Whoever ends it early does no harm: the next node begins with them.</summary>
internal sealed class PendingTuning : PendingAcknowledgement;

/// <summary>Asks for a shorter log.</summary>
internal sealed class PendingTruncation(LogIndex firstKept) : PendingRequest<TruncateAnswer>
{
    public LogIndex FirstKept { get; } = firstKept;

    public override void Abandon(string reason, RefusalCode code) => Answer(new LogNotTruncated(reason, LogIndex.Zero));

    public override void TimeOut() => Abandon("the member did not answer in time", RefusalCode.Stopping);
}
