namespace RaftActors.Protocol;

public abstract partial record RaftInput
{
    /// <summary>Entries have come from the journal (<see cref="Effect.ReadEntries"/>).</summary>
    /// <param name="Ticket">The number of the effect.</param>
    /// <param name="Batches">Consecutive batches; the first holds the entry that was asked for, and is not cut if that was not the first of its batch.</param>
    public sealed record EntriesRead(long Ticket, IReadOnlyList<EntryBatch> Batches) : RaftInput
    {
        /// <inheritdoc/>
        public override string ToString() => $"EntriesRead {{ Ticket = {Ticket}, Batches = {string.Join(' ', Batches)} }}";
    }

    /// <summary>
    /// Entries could not be read from the journal. A peer gets the snapshot when that fails again and again and there is one; for the state machine they are asked for again at once,
    /// so the shell waits a little before it reports.
    /// </summary>
    /// <param name="Ticket">The number of the effect.</param>
    public sealed record EntriesUnreadable(long Ticket) : RaftInput;

    /// <summary>
    /// A leader sends a peer heartbeats, but no entries and no snapshot, for a while (DCF: dcf_pause_rep). Answered by <see cref="Effect.PauseAnswered"/>. The peer is not taken for
    /// unhealthy, but it acknowledges nothing: when the others are not a quorum, nothing is committed meanwhile. Ends by itself, and with the leader's term of office.
    /// </summary>
    /// <param name="Ticket">The shell's own number for this request.</param>
    /// <param name="Peer">The peer.</param>
    /// <param name="Duration">For how long from now on; zero: go on at once. At most <see cref="RaftOptions.MaxReplicationPause"/>.</param>
    public sealed record PauseReplication(long Ticket, NodeId Peer, TimeSpan Duration) : RaftInput;

    /// <summary>Options change that may change while the member runs.</summary>
    /// <param name="Tuning">What changes.</param>
    public sealed record Tune(RaftTuning Tuning) : RaftInput;

    /// <summary>The state machine has failed and applies nothing any more. The member goes on to keep the log and to vote.</summary>
    public sealed record StateMachineFailed : RaftInput;
}
