namespace RaftActors.Protocol;

/// <summary>What a core needs to know besides what the journal holds. Immutable.</summary>
public sealed record RaftOptions
{
    /// <summary>This member.</summary>
    public required NodeId Self { get; init; }

    /// <summary>
    /// The members of the stream at its first start; what the journal says afterwards overrules it. Empty for a member that joins a stream that exists: it
    /// neither votes nor campaigns before a leader has told it of a membership.
    /// </summary>
    public required StreamMembership Membership { get; init; }

    /// <summary>The shortest time without a leader before a member asks for an election. Above the heartbeat interval.</summary>
    public TimeSpan ElectionTimeoutMin { get; init; } = TimeSpan.FromMilliseconds(1000);

    /// <summary>The longest; each wait is drawn evenly between the two (Raft paper section 5.2).</summary>
    public TimeSpan ElectionTimeoutMax { get; init; } = TimeSpan.FromMilliseconds(2000);

    /// <summary>How often an idle leader speaks.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Ask for pre-votes before raising the term (thesis section 9.6).</summary>
    public bool PreVote { get; init; } = true;

    /// <summary>A leader that has not heard a quorum for an election timeout steps down (thesis section 6.2).</summary>
    public bool CheckQuorum { get; init; } = true;

    /// <summary>Bytes of entries in one append message, at the most, unless a single batch is larger.</summary>
    public int MaxAppendBytes { get; init; } = 1 << 20;

    /// <summary>
    /// Bytes that stay free in front of each batch of proposals, in the same array, for whatever the shell puts around a batch that it sends (<see cref="EntryBatch.TryTakeRoom"/>).
    /// </summary>
    public int BatchRoom { get; init; }

    /// <summary>Append messages to one peer that may wait for their answer.</summary>
    public int MaxInFlightAppends { get; init; } = 64;

    /// <summary>Bytes of entries to one peer that may wait for their answer.</summary>
    public long MaxInFlightBytes { get; init; } = 16 << 20;

    /// <summary>
    /// While an append is under way to a near peer (<see cref="CoalesceAppendsRoundTrip"/>), what it lacks waits for the answer until it has so many bytes, and goes as one (Nagle's algorithm, RFC 896, for appends). 0: never.
    /// </summary>
    public int CoalesceAppendsBelow { get; init; }

    /// <summary>A peer is near when the network answers a heartbeat within this time. Above 0.</summary>
    public TimeSpan CoalesceAppendsRoundTrip { get; init; } = TimeSpan.FromMilliseconds(1);

    /// <summary>
    /// A near peer that a quorum can do without gets nothing until it lacks so many bytes, or for <see cref="SpareAppendsFor"/>: its disk and everybody's processor have fewer, larger portions to work on. Where those that are
    /// not spared do not answer in time, it gets everything. 0: nobody is spared.
    /// </summary>
    public int SpareAppendsBelow { get; init; }

    /// <summary>How long anything is kept back from a spared peer at most, and after which time without an answer the others no longer count as prompt. Above 0; heartbeats are an upper bound.</summary>
    public TimeSpan SpareAppendsFor { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Entries that a leader takes in before the oldest of them is committed; above it, proposals are refused as overloaded.</summary>
    public int MaxUncommittedEntries { get; init; } = 100_000;

    /// <summary>The same in bytes.</summary>
    public long MaxUncommittedBytes { get; init; } = 64 << 20;

    /// <summary>
    /// Bytes of entries that stay in memory once they are on disk; older ones are read from the journal for whoever still needs them. Above 0. What is not on disk yet comes on top.
    /// </summary>
    public long MaxLogBytesInMemory { get; init; } = 64 << 20;

    /// <summary>The same in entries. Above 0.</summary>
    public int MaxLogEntriesInMemory { get; init; } = 100_000;

    /// <summary>
    /// Bytes of entries that stay in memory although every live peer and the state machine has them: the next leader may have to send them. 0 or above. They count within <see cref="MaxLogBytesInMemory"/>.
    /// </summary>
    public long SpareLogBytesInMemory { get; init; } = 1 << 20;

    /// <summary>Reads from the journal that may be under way for peers at the same time, each up to <see cref="MaxAppendBytes"/>. Above 0.</summary>
    public int MaxEntryReads { get; init; } = 4;

    /// <summary>
    /// Committed entries that the state machine may not have applied yet. Above it a leader refuses proposals, and a follower takes no entries from its leader until it has caught up.
    /// It also bounds what the state machine is given at a time. Above 0.
    /// </summary>
    public int MaxUnappliedEntries { get; init; } = 500_000;

    /// <summary>The same in bytes of batches that the state machine was given. Above 0.</summary>
    public long MaxUnappliedBytes { get; init; } = 64 << 20;

    /// <summary>The longest pause of a peer's replication that may be asked for (<see cref="RaftInput.PauseReplication"/>).</summary>
    public TimeSpan MaxReplicationPause { get; init; } = TimeSpan.FromHours(1);

    /// <summary>
    /// How many entries the slowest healthy member's disk may be behind the leader's log (a recovery point objective); above it the leader refuses proposals. 0: no such bound. Healthy is who was
    /// heard within <see cref="ElectionTimeoutMin"/>, is not paused, gets no snapshot, makes progress, and was within the bounds once since it last was not.
    /// </summary>
    public int PaceLagEntries { get; init; }

    /// <summary>The same in bytes of entries; 0: no such bound.</summary>
    public long PaceLagBytes { get; init; }

    /// <summary>
    /// How long the slowest healthy member would need to apply everything in the leader's log, at the speed at which it applies now (a recovery time objective); above it the leader refuses
    /// proposals. Zero: no such bound.
    /// </summary>
    public TimeSpan PaceApplyTime { get; init; }

    /// <summary>
    /// A leader commits only what all voters that are healthy have on disk, itself included, and never with less than a quorum (NuRaft: use_full_consensus_among_healthy_members). It only ever makes
    /// commitment later. A voter that is silent, paused, unreachable, gets a snapshot, or holds a commit back for <see cref="ElectionTimeoutMin"/> does not count until it has caught up.
    /// </summary>
    public bool FullConsensus { get; init; }

    /// <summary>
    /// A leader gives its state machine, and so answers, what a quorum of the others has on disk although its own disk has not yet (thesis section 10.2.1; NuRaft: parallel log appending). Commitment does not
    /// change, and followers never apply what is not on their own disk. After a crash of the leader the log may end in front of what its state machine had applied: only for state machines that begin again with the
    /// snapshot and the log, as all do that keep no state of their own on disk. What the own disk lacks counts against <see cref="MaxUnappliedEntries"/> and <see cref="MaxUnappliedBytes"/>; snapshots wait for it.
    /// </summary>
    public bool ApplyBeforeOwnDisk { get; init; }

    /// <summary>
    /// A leader tells idle peers what is committed when its state machine has applied it and <see cref="RaftInput.TellCommits"/> comes, not at once: what clients propose upon their answers then carries it, and
    /// no message of its own is needed. For state machines that are quickly done. The heartbeat tells in any case, and a state machine that is behind or has failed is not waited for.
    /// </summary>
    public bool CommitNoticesAfterApply { get; init; }

    /// <summary>Reads that may wait for their confirmation; above it, reads are refused.</summary>
    public int MaxPendingReads { get; init; } = 10_000;

    /// <summary>Entries that a snapshot covers and that the log keeps all the same, so that a peer a little behind does not need the whole snapshot.</summary>
    public int ReservedEntries { get; init; } = 10_000;

    /// <summary>How many bytes of its log a leader keeps at the most, beyond <see cref="ReservedEntries"/>, for members that get a snapshot or catch up behind one.</summary>
    public long ReservedBytesForPeers { get; init; } = 1L << 30;

    /// <summary>Never stand for election unless told to (<see cref="RaftInput.Campaign"/>, <see cref="TimeoutNow"/>): an operator or another program decides who leads.</summary>
    public bool ManualElection { get; init; }

    /// <summary>
    /// How long a voter with a higher <see cref="Member.Priority"/> than the leader's must have been up to date before the leader hands over to it; zero: never.
    /// </summary>
    public TimeSpan PrioritySwitchAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// A leader may answer reads that ask for it (<see cref="RaftInput.ReadIndex.Lease"/>) without a round while it holds a lease (thesis section 6.4.1). All members of the stream must have the same here, or
    /// a member without it votes too early. A member that has just started gives no vote for the shortest election timeout.
    /// </summary>
    public bool LeaseReads { get; init; }

    /// <summary>How much faster or slower than time the clock of any member may run, as a fraction: 0.01 for 1 %; from 0 to below 1. With a clock outside of it, lease reads may miss writes.</summary>
    public double MaxClockDrift { get; init; } = 0.01;

    /// <summary>A new voter gets its vote when it lacks at most this many entries, or caught up within an election timeout (thesis section 4.2.1).</summary>
    public int CatchUpMargin { get; init; } = 100;

    /// <summary>How many rounds a new voter may take to catch up (thesis section 4.2.1).</summary>
    public int CatchUpRounds { get; init; } = 10;

    /// <summary>A new voter that makes no progress for this long is taken out again.</summary>
    public TimeSpan CatchUpTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The incarnation that this member takes when its journal names none: a number that no other start of any member draws, above 0. A member with a journal keeps the one that stands there. 0: the
    /// member has none, and peers cannot tell whether it lost its journal.
    /// </summary>
    public ulong Incarnation { get; init; }

    /// <summary>
    /// The seed of the core's only randomness: the election timeouts, and the number at which the contexts of forwarded reads
    /// begin. Must differ from one run of the node to the next, or an answer to a former run could be taken for a new one.
    /// </summary>
    public ulong RandomSeed { get; init; }

    /// <summary>Throws when the values contradict each other.</summary>
    /// <exception cref="ArgumentException">Says which value, and what is allowed.</exception>
    internal void Validate()
    {
        Require(!Self.IsNone, nameof(Self), Self, "a node id above 0");
        Require(Membership.Members.IsEmpty || Membership.Find(Self) is not null, nameof(Membership), "(without this member)", "a membership that names this member, or an empty one");
        string? rule = Membership.Members.IsEmpty ? null : Membership.Quorum.WhyImpossible(Membership.Members);
        Require(rule is null, nameof(Membership), Membership.Quorum, $"a rule that its members can decide by: {rule}");
        Require(PrioritySwitchAfter >= TimeSpan.Zero, nameof(PrioritySwitchAfter), PrioritySwitchAfter, "0 or above");
        Require(MaxClockDrift is >= 0 and < 1, nameof(MaxClockDrift), MaxClockDrift, "0 or above, and below 1");
        Require(CatchUpMargin >= 0, nameof(CatchUpMargin), CatchUpMargin, "0 or above");
        Require(CatchUpRounds > 0, nameof(CatchUpRounds), CatchUpRounds, "above 0");
        Require(CatchUpTimeout > TimeSpan.Zero, nameof(CatchUpTimeout), CatchUpTimeout, "above 0");
        Require(HeartbeatInterval > TimeSpan.Zero, nameof(HeartbeatInterval), HeartbeatInterval, "above 0");
        Require(ElectionTimeoutMin > HeartbeatInterval, nameof(ElectionTimeoutMin), ElectionTimeoutMin, "above the heartbeat interval");
        Require(ElectionTimeoutMax >= ElectionTimeoutMin, nameof(ElectionTimeoutMax), ElectionTimeoutMax, "not below the shortest election timeout");
        Require(MaxAppendBytes > 0, nameof(MaxAppendBytes), MaxAppendBytes, "above 0");
        Require(BatchRoom >= 0, nameof(BatchRoom), BatchRoom, "0 or above");
        Require(MaxInFlightAppends > 0, nameof(MaxInFlightAppends), MaxInFlightAppends, "above 0");
        Require(MaxInFlightBytes > 0, nameof(MaxInFlightBytes), MaxInFlightBytes, "above 0");
        Require(CoalesceAppendsBelow >= 0, nameof(CoalesceAppendsBelow), CoalesceAppendsBelow, "0 or above");
        Require(CoalesceAppendsRoundTrip > TimeSpan.Zero, nameof(CoalesceAppendsRoundTrip), CoalesceAppendsRoundTrip, "above 0");
        Require(SpareAppendsBelow >= 0, nameof(SpareAppendsBelow), SpareAppendsBelow, "0 or above");
        Require(SpareAppendsFor > TimeSpan.Zero, nameof(SpareAppendsFor), SpareAppendsFor, "above 0");
        Require(MaxUncommittedEntries > 0, nameof(MaxUncommittedEntries), MaxUncommittedEntries, "above 0");
        Require(MaxUncommittedBytes > 0, nameof(MaxUncommittedBytes), MaxUncommittedBytes, "above 0");
        Require(MaxLogBytesInMemory > 0, nameof(MaxLogBytesInMemory), MaxLogBytesInMemory, "above 0");
        Require(MaxLogEntriesInMemory > 0, nameof(MaxLogEntriesInMemory), MaxLogEntriesInMemory, "above 0");
        Require(SpareLogBytesInMemory >= 0, nameof(SpareLogBytesInMemory), SpareLogBytesInMemory, "0 or above");
        Require(MaxEntryReads > 0, nameof(MaxEntryReads), MaxEntryReads, "above 0");
        Require(MaxUnappliedEntries > 0, nameof(MaxUnappliedEntries), MaxUnappliedEntries, "above 0");
        Require(MaxUnappliedBytes > 0, nameof(MaxUnappliedBytes), MaxUnappliedBytes, "above 0");
        Require(MaxReplicationPause > TimeSpan.Zero, nameof(MaxReplicationPause), MaxReplicationPause, "above 0");
        Require(PaceLagEntries >= 0, nameof(PaceLagEntries), PaceLagEntries, "0 or above");
        Require(PaceLagBytes >= 0, nameof(PaceLagBytes), PaceLagBytes, "0 or above");
        Require(PaceApplyTime >= TimeSpan.Zero, nameof(PaceApplyTime), PaceApplyTime, "0 or above");
        Require(ReservedEntries >= 0, nameof(ReservedEntries), ReservedEntries, "not below 0");
        Require(ReservedBytesForPeers >= 0, nameof(ReservedBytesForPeers), ReservedBytesForPeers, "not below 0");
        Require(MaxPendingReads > 0, nameof(MaxPendingReads), MaxPendingReads, "above 0");
    }

    private static void Require(bool holds, string name, object value, string allowed)
    {
        if (!holds)
        {
            throw new ArgumentException($"{name} is {value}; allowed is {allowed}.", name);
        }
    }
}
