namespace RaftActors.Protocol;

/// <summary>
/// What the shell has to do, as a value, in the order given. An effect that must wait for the disk is not
/// returned before the disk has confirmed (<see cref="DurableOutbox"/>): whatever <see cref="RaftCore.Step"/>
/// returns may be done at once.
/// </summary>
public abstract partial record Effect
{
    private protected Effect()
    {
    }

    /// <summary>Write to the journal; report <see cref="RaftInput.Durable"/> when it is on disk. A failure is final: stop the node.</summary>
    /// <param name="Mark">The number of this write, one more than that of the previous.</param>
    /// <param name="Event">What to write.</param>
    public sealed record Persist(JournalMark Mark, RaftEvent Event) : Effect;

    /// <summary>Send a message to a peer. Loss, duplication and reordering are allowed.</summary>
    public sealed record Send : Effect
    {
        private Send(NodeId to, PeerMessage message)
        {
            To = to;
            Message = message;
        }

        /// <summary>The peer.</summary>
        public NodeId To { get; }

        /// <summary>What to tell it.</summary>
        public PeerMessage Message { get; }

        /// <summary>For messages that claim nothing about the disk. Promises do not fit: they go through <see cref="DurableOutbox"/>.</summary>
        internal static Send AtOnce<T>(NodeId to, T message)
            where T : PeerMessage, IMayLeaveAtOnce => new(to, message);

        /// <summary>Only the outbox has a pass, and it shows it when the disk has confirmed.</summary>
        internal static Send Promised(DurableOutbox.Pass pass, NodeId to, PeerMessage message)
        {
            pass.Check();
            return new Send(to, message);
        }
    }

    /// <summary>
    /// Ask <paramref name="Peers"/> for their votes, and ask those again that do not answer, until
    /// <see cref="EndVoteRound"/> or a newer round. Returned only when the candidate's own vote is on disk.
    /// </summary>
    /// <param name="Request">What to send.</param>
    /// <param name="Peers">Every other voter.</param>
    public sealed record BeginVoteRound(RequestVote Request, IReadOnlyList<NodeId> Peers) : Effect;

    /// <summary>The round is over: stop asking.</summary>
    public sealed record EndVoteRound : Effect;

    /// <summary>Start (or restart) a timer. Report <see cref="RaftInput.TimerElapsed"/> with the same generation.</summary>
    /// <param name="Timer">Which one; each exists once.</param>
    /// <param name="Generation">Tells late ticks of an earlier start.</param>
    /// <param name="After">How long from now.</param>
    public sealed record StartTimer(RaftTimer Timer, long Generation, TimeSpan After) : Effect;

    /// <summary>Stop a timer.</summary>
    /// <param name="Timer">Which one.</param>
    public sealed record StopTimer(RaftTimer Timer) : Effect;

    /// <summary>
    /// Entries are committed: hand these batches to the state machine, in order. The next ones come when it has room (<see cref="RaftInput.Applied"/>). <paramref name="First"/> may stand inside the first batch,
    /// <paramref name="Last"/> inside the last.
    /// </summary>
    /// <param name="First">The first newly committed index.</param>
    /// <param name="Last">The last of them.</param>
    /// <param name="Batches">The batches that hold them.</param>
    public sealed record Commit(LogIndex First, LogIndex Last, IReadOnlyList<EntryBatch> Batches) : Effect;

    /// <summary>
    /// Read entries that are no longer in memory from the journal. Answered by <see cref="RaftInput.EntriesRead"/> or <see cref="RaftInput.EntriesUnreadable"/>, always and once. Entries that
    /// were replaced later must not be among them; the core checks.
    /// </summary>
    /// <param name="Ticket">Comes back with the answer.</param>
    /// <param name="For">The peer that lacks them; none for this member's own state machine.</param>
    /// <param name="First">The first index.</param>
    /// <param name="Last">The last index. Fewer entries are an answer too.</param>
    /// <param name="MaxBytes">Bytes of batches, at the most, but at least one batch.</param>
    public sealed record ReadEntries(long Ticket, NodeId For, LogIndex First, LogIndex Last, long MaxBytes) : Effect;

    /// <summary>Role, term or known leader changed.</summary>
    /// <param name="Role">The role now.</param>
    /// <param name="Term">The term now.</param>
    /// <param name="Leader">The leader of that term, as far as known.</param>
    /// <param name="Reason">Why, in words for the log.</param>
    public sealed record RoleChanged(Role Role, Term Term, NodeId Leader, string Reason) : Effect;

    /// <summary>A proposal got its place. It is not committed yet.</summary>
    /// <param name="Ticket">From <see cref="RaftInput.Propose"/>.</param>
    /// <param name="First">The id of its first entry; the others follow.</param>
    /// <param name="Count">How many entries.</param>
    public sealed record ProposalAccepted(long Ticket, EntryId First, int Count) : Effect;

    /// <summary>A proposal was not taken, with certainty.</summary>
    /// <param name="Ticket">From <see cref="RaftInput.Propose"/>.</param>
    /// <param name="Refusal">Why.</param>
    /// <param name="Leader">Who leads, as far as known.</param>
    /// <param name="Reason">Overloaded: which bound is reached, when it is another one than that on uncommitted entries.</param>
    public sealed record ProposalRefused(long Ticket, ProposalRefusal Refusal, NodeId Leader, string? Reason = null) : Effect;

    /// <summary>What came of a request to pause the replication of a peer.</summary>
    /// <param name="Ticket">From <see cref="RaftInput.PauseReplication"/>.</param>
    /// <param name="Outcome">What came of it.</param>
    /// <param name="Leader">Who leads, as far as known.</param>
    public sealed record PauseAnswered(long Ticket, PauseOutcome Outcome, NodeId Leader) : Effect;

    /// <summary>Another membership is in force: a new one was appended, or one that was not committed is truncated.</summary>
    /// <param name="Membership">Who belongs to the stream now.</param>
    /// <param name="Index">The entry that says so; 0 when it is the membership of the first start.</param>
    public sealed record MembershipChanged(StreamMembership Membership, LogIndex Index) : Effect;

    /// <summary>A change of the membership is complete and committed.</summary>
    /// <param name="Ticket">From <see cref="RaftInput.ChangeMembership"/>.</param>
    /// <param name="Membership">Who belongs to the stream now.</param>
    /// <param name="Index">The entry that says so.</param>
    public sealed record ChangeAccepted(long Ticket, StreamMembership Membership, LogIndex Index) : Effect;

    /// <summary>A change of the membership did not take place; with <see cref="ChangeRefusal.LeadershipLost"/> it still may.</summary>
    /// <param name="Ticket">From <see cref="RaftInput.ChangeMembership"/>.</param>
    /// <param name="Refusal">Why.</param>
    /// <param name="Reason">Why, in words.</param>
    /// <param name="Leader">Who leads, as far as known.</param>
    public sealed record ChangeRefused(long Ticket, ChangeRefusal Refusal, string Reason, NodeId Leader) : Effect;

    /// <summary>A leadership transfer is over.</summary>
    /// <param name="Ticket">From <see cref="RaftInput.TransferLeadership"/>; 0 for one that the leader began itself.</param>
    /// <param name="Outcome">What came of it.</param>
    /// <param name="Target">Who was to lead; none when it did not come to that.</param>
    public sealed record TransferEnded(long Ticket, TransferOutcome Outcome, NodeId Target) : Effect;

    /// <summary>Reads of this ticket are linearizable once the state machine has applied <paramref name="Index"/>.</summary>
    /// <param name="Ticket">From <see cref="RaftInput.ReadIndex"/>.</param>
    /// <param name="Index">The index to wait for.</param>
    public sealed record ReadReady(long Ticket, LogIndex Index) : Effect;

    /// <summary>Reads of this ticket cannot be confirmed now; the client may ask again.</summary>
    /// <param name="Ticket">From <see cref="RaftInput.ReadIndex"/>.</param>
    /// <param name="Leader">Who leads, as far as known.</param>
    /// <param name="Reason">Why, in words.</param>
    public sealed record ReadRefused(long Ticket, NodeId Leader, string Reason) : Effect;
}

/// <summary>What came of a leadership transfer.</summary>
public enum TransferOutcome : byte
{
    /// <summary>This member no longer leads; who does will be known soon, and need not be the target.</summary>
    HandedOver = 0,

    /// <summary>The time was up: this member leads on.</summary>
    TimedOut = 1,

    /// <summary>This member does not lead.</summary>
    NotLeader = 2,

    /// <summary>The target cannot lead, or nobody else can.</summary>
    NoTarget = 3,

    /// <summary>Another transfer is under way.</summary>
    Busy = 4,

    /// <summary>The target leads already.</summary>
    LeadsAlready = 5,
}

/// <summary>What came of a request to pause the replication of a peer.</summary>
public enum PauseOutcome : byte
{
    /// <summary>The peer gets no entries until the time is up.</summary>
    Paused = 0,

    /// <summary>The peer gets entries again.</summary>
    Resumed = 1,

    /// <summary>This member does not lead.</summary>
    NotLeader = 2,

    /// <summary>There is no such peer.</summary>
    UnknownPeer = 3,

    /// <summary>The time is negative or longer than allowed.</summary>
    BadDuration = 4,
}

/// <summary>Why a proposal was certainly not taken.</summary>
public enum ProposalRefusal : byte
{
    /// <summary>This member does not lead.</summary>
    NotLeader = 0,

    /// <summary>Too much is waiting for commitment already.</summary>
    Overloaded = 1,

    /// <summary>The term is not the one that the proposer expected.</summary>
    TermChanged = 2,

    /// <summary>The leader is handing over its office.</summary>
    Transferring = 3,
}
