namespace RaftActors.Protocol;

// Members that lost their journals.
public abstract partial record Effect
{
    /// <summary>
    /// A member is another incarnation than the one that belongs to the stream: it lost its journal. Nothing that it says counts until it is removed and added again. Told once for each run and incarnation.
    /// </summary>
    /// <param name="Member">The member.</param>
    /// <param name="Known">The incarnation that belongs to the stream.</param>
    /// <param name="Met">The one that speaks now.</param>
    public sealed record IncarnationRefused(NodeId Member, ulong Known, ulong Met) : Effect;

    /// <summary>This member is the one that lost its journal: another one knows its former incarnation. It neither votes nor stands for election until it is removed and added again.</summary>
    /// <param name="By">Who said so.</param>
    /// <param name="Known">The incarnation that belongs to the stream.</param>
    public sealed record JournalWasLost(NodeId By, ulong Known) : Effect;
}
