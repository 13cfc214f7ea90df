using System.Collections.Immutable;

namespace RaftActors;

/// <summary>What one member knows about one stream at one moment.</summary>
public sealed record StreamStatus
{
    /// <summary>The stream.</summary>
    public required StreamId Stream { get; init; }

    /// <summary>Its name; null when it has none.</summary>
    public string? Name { get; init; }

    /// <summary>This member.</summary>
    public required NodeId Node { get; init; }

    /// <summary>Its role.</summary>
    public Role Role { get; init; }

    /// <summary>The current term.</summary>
    public Term Term { get; init; }

    /// <summary>The vote cast in that term.</summary>
    public NodeId VotedFor { get; init; }

    /// <summary>The leader, as far as known.</summary>
    public NodeId Leader { get; init; }

    /// <summary>Which history of the stream this member belongs to; above 0 when a recovery was forced.</summary>
    public Generation Generation { get; init; }

    /// <summary>The highest index known to be committed.</summary>
    public LogIndex CommitIndex { get; init; }

    /// <summary>The term of the entry there; 0 when there is none, or when the log does not hold it any more.</summary>
    public Term CommitTerm { get; init; }

    /// <summary>The highest index applied to the state machine. Belongs together with <see cref="StateHash"/>.</summary>
    public LogIndex AppliedIndex { get; init; }

    /// <summary>The last entry of the log.</summary>
    public EntryId LastEntry { get; init; }

    /// <summary>The highest index whose journal write is confirmed.</summary>
    public LogIndex DurableIndex { get; init; }

    /// <summary>What the newest snapshot covers; 0 when there is none.</summary>
    public LogIndex SnapshotIndex { get; init; }

    /// <summary>Who belongs to the stream.</summary>
    public StreamMembership Membership { get; init; } = StreamMembership.Empty;

    /// <summary><see cref="IStateMachine.StateHash"/> at <see cref="AppliedIndex"/>.</summary>
    public ulong StateHash { get; init; }

    /// <summary>Client sessions that are open at <see cref="AppliedIndex"/>.</summary>
    public int Sessions { get; init; }

    /// <summary>How far the other members are; only a leader knows.</summary>
    public ImmutableArray<StreamPeerStatus> Peers { get; init; } = [];

    /// <summary>Which life of this member this is: drawn when it began with an empty journal. 0 while it is not known.</summary>
    public ulong Incarnation { get; init; }

    /// <summary>True when this member lost its journal while it belonged to the stream: it takes no part until it is removed and added again.</summary>
    public bool HasLostJournal { get; init; }

    /// <summary>What waits where.</summary>
    public QueueSizes Queues { get; init; } = new();

    /// <summary>How the stream is on this member.</summary>
    public StreamHealth Health { get; init; }

    /// <summary>Why it failed; null while it has not.</summary>
    public string? FailureReason { get; init; }

    /// <summary>True when a request has a good chance: a leader is known, and on the leader the first entry of its term is committed.</summary>
    public bool IsReady { get; init; }

    /// <summary>True on a leader that may answer <see cref="ReadConsistency.Lease"/> without a round now (braft: is_leader_lease_valid).</summary>
    public bool IsLeaderLeaseValid { get; init; }

    /// <summary>True while this member is in read-only mode (<see cref="RaftStream.EnterReadOnlyModeAsync"/>), whatever its role.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>The last time something of this stream came from a peer; null when nothing did.</summary>
    public DateTimeOffset? LastPeerActivity { get; init; }

    /// <summary>How late the scheduler's ticks for elections and heartbeats came to this member at the worst, in about the last half minute to minute. Near the election timeout, members take each other for dead.</summary>
    public TimeSpan TimerLag { get; init; }
}

/// <summary>How far a peer is, as its leader sees it.</summary>
/// <param name="Node">The peer.</param>
/// <param name="Match">The highest index known to be in its log, on its disk.</param>
/// <param name="Next">The next index to send.</param>
/// <param name="State">How it is being replicated to, in words: Probing, Replicating, InstallingSnapshot, or AnotherIncarnation when it lost its journal: remove it and add it again.</param>
/// <param name="Reachable">False while the transport says that it cannot be reached.</param>
public sealed record StreamPeerStatus(NodeId Node, LogIndex Match, LogIndex Next, string State, bool Reachable);

/// <summary>What waits where in one stream's actors.</summary>
public sealed record QueueSizes
{
    /// <summary>Requests of clients that are not answered yet.</summary>
    public int OpenRequests { get; init; }

    /// <summary>Proposals that wait for a leader to be known.</summary>
    public int WaitingForLeader { get; init; }

    /// <summary>Proposals sent on to the leader and not answered yet.</summary>
    public int Forwarded { get; init; }

    /// <summary>Proposals in the log that are not applied yet.</summary>
    public int Waiters { get; init; }

    /// <summary>Committed entries that are not applied yet.</summary>
    public long ApplyQueue { get; init; }

    /// <summary>Journal writes that are not confirmed yet.</summary>
    public int JournalWrites { get; init; }

    /// <summary>Bytes in those writes.</summary>
    public long JournalBytes { get; init; }

    /// <summary>Reads that wait for their confirmation.</summary>
    public int Reads { get; init; }
}

/// <summary>How a stream is on one member.</summary>
public enum StreamHealth
{
    /// <summary>Recovering, or waiting to be restarted after a crash.</summary>
    Starting = 0,

    /// <summary>Takes part, and a leader is known.</summary>
    Healthy = 1,

    /// <summary>Takes part, but no leader is known.</summary>
    NoLeader = 2,

    /// <summary>Something failed for good: the journal (the member no longer takes part) or the state machine (it votes and keeps the log, but applies nothing).</summary>
    Failed = 3,

    /// <summary>Stopped.</summary>
    Stopped = 4,
}
