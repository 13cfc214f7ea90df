using Akka.Configuration;

namespace RaftActors.Configuration;

/// <summary>The settings of one stream: <c>raft-actors.stream-defaults</c> and the definition's overrides, checked. The text of reference.conf says what each trades.</summary>
public sealed record StreamSettings
{
    /// <summary><c>election-timeout-min</c>.</summary>
    public required TimeSpan ElectionTimeoutMin { get; init; }

    /// <summary><c>election-timeout-max</c>.</summary>
    public required TimeSpan ElectionTimeoutMax { get; init; }

    /// <summary><c>heartbeat-interval</c>.</summary>
    public required TimeSpan HeartbeatInterval { get; init; }

    /// <summary><c>vote-retry-interval</c>.</summary>
    public required TimeSpan VoteRetryInterval { get; init; }

    /// <summary><c>pre-vote</c>.</summary>
    public required bool PreVote { get; init; }

    /// <summary><c>check-quorum</c>.</summary>
    public required bool CheckQuorum { get; init; }

    /// <summary><c>full-consensus</c>.</summary>
    public required bool FullConsensus { get; init; }

    /// <summary><c>apply-before-own-disk</c>.</summary>
    public required bool ApplyBeforeOwnDisk { get; init; }

    /// <summary><c>manual-election</c>.</summary>
    public required bool ManualElection { get; init; }

    /// <summary><c>lease-reads.enabled</c>.</summary>
    public required bool LeaseReads { get; init; }

    /// <summary><c>lease-reads.max-clock-drift</c>.</summary>
    public required double MaxClockDrift { get; init; }

    /// <summary><c>priority-switch-after</c>.</summary>
    public required TimeSpan PrioritySwitchAfter { get; init; }

    /// <summary><c>catch-up-margin</c>.</summary>
    public required int CatchUpMargin { get; init; }

    /// <summary><c>catch-up-rounds</c>.</summary>
    public required int CatchUpRounds { get; init; }

    /// <summary><c>catch-up-timeout</c>.</summary>
    public required TimeSpan CatchUpTimeout { get; init; }

    /// <summary><c>client-timeout</c>.</summary>
    public required TimeSpan ClientTimeout { get; init; }

    /// <summary><c>max-entry-size</c>.</summary>
    public required int MaxEntrySize { get; init; }

    /// <summary><c>max-batch-entries</c>.</summary>
    public required int MaxBatchEntries { get; init; }

    /// <summary><c>max-batch-bytes</c>.</summary>
    public required int MaxBatchBytes { get; init; }

    /// <summary><c>max-append-bytes</c>.</summary>
    public required int MaxAppendBytes { get; init; }

    /// <summary><c>max-in-flight-appends</c>.</summary>
    public required int MaxInFlightAppends { get; init; }

    /// <summary><c>max-in-flight-bytes</c>.</summary>
    public required long MaxInFlightBytes { get; init; }

    /// <summary><c>coalesce-appends-below</c>; 0: never.</summary>
    public required int CoalesceAppendsBelow { get; init; }

    /// <summary><c>coalesce-appends-round-trip</c>.</summary>
    public required TimeSpan CoalesceAppendsRoundTrip { get; init; }

    /// <summary><c>spare-appends-below</c>; 0: nobody is spared.</summary>
    public required int SpareAppendsBelow { get; init; }

    /// <summary><c>spare-appends-for</c>.</summary>
    public required TimeSpan SpareAppendsFor { get; init; }

    /// <summary><c>max-uncommitted-entries</c>.</summary>
    public required int MaxUncommittedEntries { get; init; }

    /// <summary><c>max-uncommitted-bytes</c>.</summary>
    public required long MaxUncommittedBytes { get; init; }

    /// <summary><c>max-open-requests</c>.</summary>
    public required int MaxOpenRequests { get; init; }

    /// <summary><c>max-waiting-for-leader</c>.</summary>
    public required int MaxWaitingForLeader { get; init; }

    /// <summary><c>max-unapplied-entries</c>.</summary>
    public required int MaxUnappliedEntries { get; init; }

    /// <summary><c>max-unapplied-bytes</c>.</summary>
    public required long MaxUnappliedBytes { get; init; }

    /// <summary><c>in-memory-tail-entries</c>.</summary>
    public required int InMemoryTailEntries { get; init; }

    /// <summary><c>in-memory-tail-bytes</c>.</summary>
    public required long InMemoryTailBytes { get; init; }

    /// <summary><c>in-memory-tail-spare</c>.</summary>
    public required long InMemoryTailSpare { get; init; }

    /// <summary><c>max-journal-reads</c>.</summary>
    public required int MaxJournalReads { get; init; }

    /// <summary><c>max-replication-pause</c>.</summary>
    public required TimeSpan MaxReplicationPause { get; init; }

    /// <summary><c>pace-lag-entries</c>; 0 for no bound.</summary>
    public required int PaceLagEntries { get; init; }

    /// <summary><c>pace-lag-bytes</c>; 0 for no bound.</summary>
    public required long PaceLagBytes { get; init; }

    /// <summary><c>pace-apply-time</c>; zero for no bound.</summary>
    public required TimeSpan PaceApplyTime { get; init; }

    /// <summary><c>state-machine-dispatcher</c>.</summary>
    public required string StateMachineDispatcher { get; init; }

    /// <summary>The state machine never blocks and is quickly done; so its owner says by having it run there.</summary>
    internal bool RunsUserCodeOnConsensus => StateMachineDispatcher == Runtime.NodeEnvironment.Consensus;

    /// <summary><c>apply-window-entries</c>.</summary>
    public required int ApplyWindowEntries { get; init; }

    /// <summary><c>max-journal-write-bytes</c>.</summary>
    public required int MaxJournalWriteBytes { get; init; }

    /// <summary><c>max-user-message-size</c>.</summary>
    public required int MaxUserMessageSize { get; init; }

    /// <summary><c>user-message-queue-bytes</c>.</summary>
    public required long UserMessageQueueBytes { get; init; }

    /// <summary><c>restart-backoff-min</c>.</summary>
    public required TimeSpan RestartBackoffMin { get; init; }

    /// <summary><c>restart-backoff-max</c>.</summary>
    public required TimeSpan RestartBackoffMax { get; init; }

    /// <summary><c>stop-timeout</c>.</summary>
    public required TimeSpan StopTimeout { get; init; }

    /// <summary><c>snapshot-every-entries</c>; 0 for never.</summary>
    public required int SnapshotEveryEntries { get; init; }

    /// <summary><c>snapshot-every-bytes</c>; 0 for never.</summary>
    public required long SnapshotEveryBytes { get; init; }

    /// <summary><c>snapshot-interval</c>; zero for never.</summary>
    public required TimeSpan SnapshotInterval { get; init; }

    /// <summary><c>snapshot-reserved-entries</c>.</summary>
    public required int SnapshotReservedEntries { get; init; }

    /// <summary><c>snapshot-reserved-for-peers</c>.</summary>
    public required long SnapshotReservedForPeers { get; init; }

    /// <summary><c>snapshot-block-bytes</c>.</summary>
    public required int SnapshotBlockBytes { get; init; }

    /// <summary><c>snapshot-timeout</c>.</summary>
    public required TimeSpan SnapshotTimeout { get; init; }

    /// <summary><c>snapshot-retry-interval</c>.</summary>
    public required TimeSpan SnapshotRetryInterval { get; init; }

    /// <summary><c>max-snapshot-transfers</c>.</summary>
    public required int MaxSnapshotTransfers { get; init; }

    /// <summary><c>snapshot-bytes-per-second</c>; 0 for no limit.</summary>
    public required long SnapshotBytesPerSecond { get; init; }

    /// <summary><c>session-timeout</c>.</summary>
    public required TimeSpan SessionTimeout { get; init; }

    /// <summary><c>max-sessions</c>.</summary>
    public required int MaxSessions { get; init; }

    /// <summary><c>max-session-results</c>.</summary>
    public required int MaxSessionResults { get; init; }

    /// <summary><c>max-session-result-bytes</c>.</summary>
    public required int MaxSessionResultBytes { get; init; }

    /// <summary>Reads and checks one stream's settings.</summary>
    /// <param name="config">The merged section.</param>
    /// <param name="section">Where it stands, for messages.</param>
    /// <exception cref="RaftConfigurationException">A value is impossible.</exception>
    public static StreamSettings Parse(Config config, string section)
    {
        SettingsReader read = new(config, section);
        StreamSettings settings = new()
        {
            ElectionTimeoutMin = read.Duration("election-timeout-min"),
            ElectionTimeoutMax = read.Duration("election-timeout-max"),
            HeartbeatInterval = read.Duration("heartbeat-interval"),
            VoteRetryInterval = read.Duration("vote-retry-interval"),
            PreVote = read.Switch("pre-vote"),
            CheckQuorum = read.Switch("check-quorum"),
            FullConsensus = read.Switch("full-consensus"),
            ApplyBeforeOwnDisk = read.Switch("apply-before-own-disk"),
            ManualElection = read.Switch("manual-election"),
            LeaseReads = read.Switch("lease-reads.enabled"),
            MaxClockDrift = read.Fraction("lease-reads.max-clock-drift"),
            PrioritySwitchAfter = read.DurationOrNone("priority-switch-after"),
            CatchUpMargin = read.Count("catch-up-margin", least: 0),
            CatchUpRounds = read.Count("catch-up-rounds"),
            CatchUpTimeout = read.Duration("catch-up-timeout"),
            ClientTimeout = read.Duration("client-timeout"),
            MaxEntrySize = (int)read.Size("max-entry-size", 1, 1 << 30),
            MaxBatchEntries = read.Count("max-batch-entries"),
            MaxBatchBytes = (int)read.Size("max-batch-bytes", 1, 1 << 30),
            MaxAppendBytes = (int)read.Size("max-append-bytes", 1, 1 << 30),
            MaxInFlightAppends = read.Count("max-in-flight-appends"),
            MaxInFlightBytes = read.Size("max-in-flight-bytes", 1, long.MaxValue),
            CoalesceAppendsBelow = (int)read.Size("coalesce-appends-below", 0, 1 << 30),
            CoalesceAppendsRoundTrip = read.Duration("coalesce-appends-round-trip"),
            SpareAppendsBelow = (int)read.Size("spare-appends-below", 0, 1 << 30),
            SpareAppendsFor = read.Duration("spare-appends-for"),
            MaxUncommittedEntries = read.Count("max-uncommitted-entries"),
            MaxUncommittedBytes = read.Size("max-uncommitted-bytes", 1, long.MaxValue),
            MaxOpenRequests = read.Count("max-open-requests"),
            MaxWaitingForLeader = read.Count("max-waiting-for-leader", least: 0),
            MaxUnappliedEntries = read.Count("max-unapplied-entries"),
            MaxUnappliedBytes = read.Size("max-unapplied-bytes", 1, long.MaxValue),
            InMemoryTailEntries = read.Count("in-memory-tail-entries"),
            InMemoryTailBytes = read.Size("in-memory-tail-bytes", 1, long.MaxValue),
            InMemoryTailSpare = read.Size("in-memory-tail-spare", 0, long.MaxValue),
            MaxJournalReads = read.Count("max-journal-reads"),
            MaxReplicationPause = read.Duration("max-replication-pause"),
            PaceLagEntries = read.Count("pace-lag-entries", least: 0),
            PaceLagBytes = read.Size("pace-lag-bytes", 0, long.MaxValue),
            PaceApplyTime = read.DurationOrNone("pace-apply-time"),
            StateMachineDispatcher = read.Text("state-machine-dispatcher"),
            ApplyWindowEntries = read.Count("apply-window-entries"),
            MaxJournalWriteBytes = (int)read.Size("max-journal-write-bytes", 1, 1 << 30),
            MaxUserMessageSize = (int)read.Size("max-user-message-size", 1, 1 << 30),
            UserMessageQueueBytes = read.Size("user-message-queue-bytes", 1024, long.MaxValue),
            RestartBackoffMin = read.Duration("restart-backoff-min"),
            RestartBackoffMax = read.Duration("restart-backoff-max"),
            StopTimeout = read.Duration("stop-timeout"),
            SnapshotEveryEntries = read.Count("snapshot-every-entries", least: 0),
            SnapshotEveryBytes = read.Size("snapshot-every-bytes", 0, long.MaxValue),
            SnapshotInterval = read.Switch("snapshot-by-time") ? read.Duration("snapshot-interval") : TimeSpan.Zero,
            SnapshotReservedEntries = read.Count("snapshot-reserved-entries", least: 0),
            SnapshotReservedForPeers = read.Size("snapshot-reserved-for-peers", 0, long.MaxValue),
            SnapshotBlockBytes = (int)read.Size("snapshot-block-bytes", 1024, 1 << 28),
            SnapshotTimeout = read.Duration("snapshot-timeout"),
            SnapshotRetryInterval = read.Duration("snapshot-retry-interval"),
            MaxSnapshotTransfers = read.Count("max-snapshot-transfers"),
            SnapshotBytesPerSecond = read.Size("snapshot-bytes-per-second", 0, long.MaxValue),
            SessionTimeout = read.Duration("session-timeout"),
            MaxSessions = read.Count("max-sessions"),
            MaxSessionResults = read.Count("max-session-results"),
            MaxSessionResultBytes = (int)read.Size("max-session-result-bytes", 0, 1 << 30),
        };
        settings.Check(read);
        return settings;
    }

    /// <summary>The part of it that the protocol core needs.</summary>
    internal RaftOptions ToOptions(NodeId self, StreamMembership membership, ulong seed) => new()
    {
        Self = self,
        Membership = membership,
        ElectionTimeoutMin = ElectionTimeoutMin,
        ElectionTimeoutMax = ElectionTimeoutMax,
        HeartbeatInterval = HeartbeatInterval,
        PreVote = PreVote,
        CheckQuorum = CheckQuorum,
        FullConsensus = FullConsensus,
        CommitNoticesAfterApply = RunsUserCodeOnConsensus,
        ApplyBeforeOwnDisk = ApplyBeforeOwnDisk,
        ManualElection = ManualElection,
        LeaseReads = LeaseReads,
        MaxClockDrift = MaxClockDrift,
        PrioritySwitchAfter = PrioritySwitchAfter,
        CatchUpMargin = CatchUpMargin,
        CatchUpRounds = CatchUpRounds,
        CatchUpTimeout = CatchUpTimeout,
        MaxAppendBytes = MaxAppendBytes,
        MaxInFlightAppends = MaxInFlightAppends,
        MaxInFlightBytes = MaxInFlightBytes,
        CoalesceAppendsBelow = CoalesceAppendsBelow,
        CoalesceAppendsRoundTrip = CoalesceAppendsRoundTrip,
        SpareAppendsBelow = SpareAppendsBelow,
        SpareAppendsFor = SpareAppendsFor,
        MaxUncommittedEntries = MaxUncommittedEntries,
        MaxUncommittedBytes = MaxUncommittedBytes,
        MaxUnappliedEntries = MaxUnappliedEntries,
        MaxUnappliedBytes = MaxUnappliedBytes,
        MaxLogEntriesInMemory = InMemoryTailEntries,
        MaxLogBytesInMemory = InMemoryTailBytes,
        SpareLogBytesInMemory = InMemoryTailSpare,
        MaxReplicationPause = MaxReplicationPause,
        PaceLagEntries = PaceLagEntries,
        PaceLagBytes = PaceLagBytes,
        PaceApplyTime = PaceApplyTime,
        MaxEntryReads = MaxJournalReads,
        ReservedEntries = SnapshotReservedEntries,
        ReservedBytesForPeers = SnapshotReservedForPeers,
        RandomSeed = seed,
    };

    /// <summary>What a session may take up that is opened while this member leads. Rounded to what can be written down.</summary>
    internal SessionLimits SessionLimits(TimeSpan timeout)
    {
        long milliseconds = Math.Clamp((long)timeout.TotalMilliseconds, 1, (long)Protocol.SessionLimits.LongestTimeout.TotalMilliseconds);
        return new SessionLimits(TimeSpan.FromMilliseconds(milliseconds), MaxSessions, MaxSessionResults, MaxSessionResultBytes);
    }

    // More than the addresses of any sensible number of members.
    private const int MaxMembershipBytes = 65_536;

    /// <summary>The largest message to a peer that these settings can lead to.</summary>
    internal long LargestMessage =>
        Math.Max(Math.Max(Math.Max(MaxAppendBytes, MaxUserMessageSize), SnapshotBlockBytes + MaxMembershipBytes), Math.Max(MaxBatchBytes, MaxEntrySize) + ((long)MaxBatchEntries * EntryBatch.MaxEntryOverhead)) + EntryBatch.HeaderSize + 256L;

    private void Check(SettingsReader read)
    {
        if (ElectionTimeoutMax < ElectionTimeoutMin)
        {
            throw read.Bad("election-timeout-max", $"must not be below election-timeout-min ({ElectionTimeoutMin.TotalMilliseconds:0}ms)");
        }

        if (HeartbeatInterval * 3 > ElectionTimeoutMin)
        {
            throw read.Bad("heartbeat-interval", $"must be at most a third of election-timeout-min ({ElectionTimeoutMin.TotalMilliseconds:0}ms), or one lost heartbeat starts an election");
        }

        if (VoteRetryInterval > ElectionTimeoutMax)
        {
            throw read.Bad("vote-retry-interval", $"must not be above election-timeout-max ({ElectionTimeoutMax.TotalMilliseconds:0}ms), or nobody is asked twice in an election");
        }

        if (SnapshotRetryInterval > SnapshotTimeout)
        {
            throw read.Bad("snapshot-retry-interval", $"must not be above snapshot-timeout ({SnapshotTimeout.TotalMilliseconds:0}ms)");
        }

        if (SnapshotBytesPerSecond != 0 && SnapshotBytesPerSecond < SnapshotBlockBytes)
        {
            throw read.Bad("snapshot-bytes-per-second", $"must be 0 (no limit) or at least snapshot-block-bytes ({SnapshotBlockBytes})");
        }

        if (SessionTimeout < ElectionTimeoutMax * 2)
        {
            throw read.Bad("session-timeout", $"must be at least twice election-timeout-max ({ElectionTimeoutMax.TotalMilliseconds:0}ms), or an election ends the sessions");
        }

        if (MaxSessionResults > Protocol.SessionLimits.MostResults)
        {
            throw read.Bad("max-session-results", $"must be at most {Protocol.SessionLimits.MostResults}");
        }

        if (RestartBackoffMax < RestartBackoffMin)
        {
            throw read.Bad("restart-backoff-max", $"must not be below restart-backoff-min ({RestartBackoffMin.TotalMilliseconds:0}ms)");
        }

        if (UserMessageQueueBytes < MaxUserMessageSize + 1024L)
        {
            throw read.Bad("user-message-queue-bytes", $"must be at least 1024 bytes above max-user-message-size ({MaxUserMessageSize}), or the largest message can never be sent");
        }

        if (MaxInFlightBytes < MaxAppendBytes)
        {
            throw read.Bad("max-in-flight-bytes", $"must not be below max-append-bytes ({MaxAppendBytes})");
        }

        if (MaxUncommittedBytes < MaxEntrySize)
        {
            throw read.Bad("max-uncommitted-bytes", $"must not be below max-entry-size ({MaxEntrySize}), or the largest entry can never be accepted");
        }
    }
}
