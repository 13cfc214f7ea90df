namespace RaftActors.Protocol;

// Forced recovery.
public abstract partial record Effect
{
    /// <summary>A forced recovery is on this member's disk; it stands for election now, and takes in the other survivors when it leads.</summary>
    /// <param name="Ticket">From <see cref="RaftInput.ForceRecovery"/>.</param>
    /// <param name="Generation">The new generation.</param>
    /// <param name="Base">The last entry that it took over.</param>
    public sealed record RecoveryDone(long Ticket, Generation Generation, EntryId Base) : Effect;

    /// <summary>A forced recovery did not take place.</summary>
    /// <param name="Ticket">From <see cref="RaftInput.ForceRecovery"/>.</param>
    /// <param name="Reason">Why, in words.</param>
    public sealed record RecoveryRefused(long Ticket, string Reason) : Effect;

    /// <summary>This member follows a recovery that was forced elsewhere: it has a part in the new generation.</summary>
    /// <param name="Generation">The new generation.</param>
    /// <param name="By">Who said so.</param>
    public sealed record RecoveryFollowed(Generation Generation, NodeId By) : Effect;

    /// <summary>This member is fenced, and that is on its disk: stop for good. The core does nothing any more.</summary>
    /// <param name="Generation">What the others went on to.</param>
    /// <param name="Reason">Why, in words, and what to do.</param>
    public sealed record Fenced(Generation Generation, string Reason) : Effect;
}
