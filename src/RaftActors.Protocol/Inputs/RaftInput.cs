namespace RaftActors.Protocol;

/// <summary>Everything that can happen to a core. A core changes only by <see cref="RaftCore.Step"/>, which takes one of these.</summary>
public abstract partial record RaftInput
{
    /// <summary>The node starts to take part: it becomes a follower and arms its election timer.</summary>
    public sealed record Start : RaftInput;

    /// <summary>A peer's message arrived.</summary>
    /// <param name="From">Who sent it.</param>
    /// <param name="Message">What it says.</param>
    public sealed record Received(NodeId From, PeerMessage Message) : RaftInput
    {
        /// <summary>Which incarnation of the sender speaks (<see cref="RaftOptions.Incarnation"/>); 0: unknown.</summary>
        public ulong Incarnation { get; init; }

        /// <summary>Which history the sender belonged to when it sent this.</summary>
        public Generation Generation { get; init; }
    }

    /// <summary>A timer ran out that <see cref="Effect.StartTimer"/> had started.</summary>
    /// <param name="Timer">Which one.</param>
    /// <param name="Generation">The number that the effect gave; an older one is ignored.</param>
    public sealed record TimerElapsed(RaftTimer Timer, long Generation) : RaftInput;

    /// <summary>Clients want entries in the log. They become one batch.</summary>
    /// <param name="Ticket">The shell's own number for this submission; comes back in the answering effect.</param>
    /// <param name="Entries">What to append, in order.</param>
    /// <param name="ExpectedTerm">When not zero: refuse unless the current term is this one (braft: Task.expected_term).</param>
    public sealed record Propose(long Ticket, IReadOnlyList<ProposedEntry> Entries, Term ExpectedTerm = default) : RaftInput;

    /// <summary>The journal confirmed all writes up to and including <paramref name="Mark"/>.</summary>
    /// <param name="Mark">The newest confirmed write.</param>
    public sealed record Durable(JournalMark Mark) : RaftInput;

    /// <summary>Clients want to read linearizably. Answered by <see cref="Effect.ReadReady"/> or <see cref="Effect.ReadRefused"/>.</summary>
    /// <param name="Ticket">The shell's own number for this batch of reads.</param>
    public sealed record ReadIndex(long Ticket) : RaftInput
    {
        /// <summary>A leader with a lease may answer at once (<see cref="RaftOptions.LeaseReads"/>).</summary>
        public bool Lease { get; init; }
    }

    /// <summary>A peer cannot be reached or its replicator restarted: what was in flight to it is lost.</summary>
    /// <param name="Peer">The peer.</param>
    public sealed record PeerUnreachable(NodeId Peer) : RaftInput;

    /// <summary>The state machine has applied everything up to <paramref name="Index"/>.</summary>
    /// <param name="Index">The applied index; never goes back.</param>
    public sealed record Applied(LogIndex Index) : RaftInput;

    /// <summary>
    /// Whoever was answered has had the time to propose anew: what is applied may be told to peers that nothing else is sent to. Only for <see cref="RaftOptions.CommitNoticesAfterApply"/>.
    /// </summary>
    public sealed record TellCommits : RaftInput;

    /// <summary>
    /// A leader gives up its office at once and becomes a follower of the same term (shutdown, operator). The voter that is furthest is asked to follow in office.
    /// </summary>
    public sealed record StepDown : RaftInput;

    /// <summary>Stand for election now, without waiting for a timeout. Does nothing at a leader or a member that may not lead.</summary>
    public sealed record Campaign : RaftInput;

    /// <summary>
    /// Change who belongs to the stream. Answered by <see cref="Effect.ChangeAccepted"/>, when the change is complete and committed, or <see cref="Effect.ChangeRefused"/>.
    /// </summary>
    /// <param name="Ticket">The shell's own number for this request.</param>
    /// <param name="Change">What is wanted.</param>
    public sealed record ChangeMembership(long Ticket, MembershipChange Change) : RaftInput;

    /// <summary>
    /// Hand the office over (thesis section 3.10). Answered by <see cref="Effect.TransferEnded"/>. Proposals are refused meanwhile.
    /// </summary>
    /// <param name="Ticket">The shell's own number for this request.</param>
    /// <param name="Target">The voter that is to lead; <see cref="NodeId.None"/> for whoever is furthest.</param>
    /// <param name="Timeout">After this the leader serves on.</param>
    public sealed record TransferLeadership(long Ticket, NodeId Target, TimeSpan Timeout) : RaftInput;
}

/// <summary>The core's timers. The shell runs them; the core says when.</summary>
public enum RaftTimer : byte
{
    /// <summary>No leader heard of for long enough: ask for a pre-vote (Raft paper section 5.2, randomized).</summary>
    Election = 0,

    /// <summary>A round of votes or pre-votes has taken too long.</summary>
    Vote = 1,

    /// <summary>Time for the leader's heartbeats.</summary>
    Heartbeat = 2,

    /// <summary>Time for a leader to check that it still hears a quorum (thesis section 6.2).</summary>
    StepDown = 3,

    /// <summary>Time for a follower to repeat the read requests that its leader has not answered.</summary>
    ReadRetry = 4,

    /// <summary>Time for a leader to send what it has kept back from members that a quorum can do without.</summary>
    Spared = 5,
}
