namespace RaftActors.Protocol;

/// <summary>
/// One member of one stream as a deterministic machine: an input goes in, effects come out as values. The same
/// state and the same input give the same effects. Not thread-safe; its owner calls it from one place.
/// </summary>
public sealed partial class RaftCore
{
    private readonly RaftState _state;
    private readonly RoleTransitions _roles;
    private readonly ElectionLogic _election;
    private readonly LeaderReplication _leader;
    private readonly FollowerReplication _follower;
    private readonly SnapshotTransfer _snapshots;
    private readonly LeadershipTransfers _transfers;
    private readonly MembershipChanges _changes;
    private readonly ForcedRecovery _recovery;
    private readonly LeaderReads _leaderReads;
    private readonly ForwardedReads _forwardedReads;
    private readonly Introductions _introductions;
    private readonly Action<RaftInput.Received> _handle;
    private bool _started;
    private bool _starting;

    /// <summary>Makes a core from what the journal held, replayed in order.</summary>
    /// <param name="options">Identity, membership, timings and bounds.</param>
    /// <param name="journal">Every event of the journal, oldest first; empty at the very first start.</param>
    /// <param name="stateAt">How far the state machine is restored from a snapshot; null for as far as the newest snapshot in the journal.</param>
    /// <exception cref="ArgumentException">The options contradict each other.</exception>
    /// <exception cref="InvalidOperationException">The events contradict each other: the journal is damaged.</exception>
    public RaftCore(RaftOptions options, IEnumerable<RaftEvent> journal, LogIndex? stateAt = null)
    {
        options.Validate();
        _state = new RaftState(options);

        // A number that no other run begins with, and enough room above it.
        ulong firstContext = new SeededRandom(~options.RandomSeed ^ options.Self.Value).Next() >> 1;
        _forwardedReads = new ForwardedReads(_state, firstContext);
        _roles = new RoleTransitions(_state, _forwardedReads);
        _leader = new LeaderReplication(_state, _roles);
        _follower = new FollowerReplication(_state, _roles);
        _election = new ElectionLogic(_state, _roles, _leader);
        _transfers = new LeadershipTransfers(_state, _roles);
        _changes = new MembershipChanges(_state, _leader, _transfers);
        _recovery = new ForcedRecovery(_state, _roles, _election, _leader, _changes);
        _leaderReads = new LeaderReads(_state, _leader);
        _snapshots = new SnapshotTransfer(_state, _roles, _leader, _follower);
        _introductions = new Introductions(_state, _leader);
        _handle = Handle;
        LogRecovery.Replay(_state, journal, stateAt);
    }

    /// <summary>What the core was made with.</summary>
    public RaftOptions Options => _state.Options;

    /// <summary>The time of the latest step.</summary>
    public TimeSpan Now => _state.Now;

    /// <summary>The role now.</summary>
    public Role Role => _state.Role;

    /// <summary>The current term.</summary>
    public Term Term => _state.Term;

    /// <summary>The vote cast in the current term.</summary>
    public NodeId VotedFor => _state.VotedFor;

    /// <summary>Which history of the stream this member belongs to.</summary>
    public Generation Generation => _state.Generation;

    /// <summary>True for a member that a forced recovery has left out: it does nothing any more, and its journal will not start again.</summary>
    public bool IsFenced => _state.FencedBy is not null;

    /// <summary>The leader of the current term, as far as known.</summary>
    public NodeId Leader => _state.Leader;

    /// <summary>The highest index known to be committed.</summary>
    public LogIndex CommitIndex => _state.CommitIndex;

    /// <summary>The last index that the state machine has reported as applied.</summary>
    public LogIndex AppliedIndex => _state.AppliedIndex;

    /// <summary>The newest snapshot on this member's disk; null when there is none.</summary>
    public SnapshotInfo? Snapshot => _state.Snapshot;

    /// <summary>The last entry that the log no longer holds, because a snapshot stands for it; zero while the log is whole.</summary>
    public EntryId LogBase => _state.Log.Base;

    /// <summary>The last entry of the log, durable or not.</summary>
    public EntryId LastEntry => _state.Log.Last;

    /// <summary>The last index of the log that is on this member's disk.</summary>
    public LogIndex DurableIndex => _state.Log.DurableIndex;

    /// <summary>Up to where <see cref="RaftInput.TruncateLog"/> may go: a snapshot covers it, and the state machine has it.</summary>
    public LogIndex MayForgetUpTo => _state.MayForgetUpTo;

    /// <summary>The membership in force.</summary>
    public StreamMembership Membership => _state.Membership;

    /// <summary>The entry that brought the membership in force; 0 when the log has none.</summary>
    public LogIndex MembershipIndex => _state.Memberships.CurrentIndex;

    /// <summary>The membership that was in force when the log ended at <paramref name="index"/>.</summary>
    public StreamMembership MembershipAt(LogIndex index) => _state.Memberships.At(index).Membership;

    /// <summary>Who is to lead after a transfer that is under way; none when there is none.</summary>
    public NodeId TransferTarget => _state.Leadership?.Transfer?.Target ?? NodeId.None;

    /// <summary>True while a change of the membership is under way at this leader.</summary>
    public bool IsChangingMembership => _state.Leadership?.Change is not null || _state.Membership.IsJoint;

    /// <summary>True for a log-only member that leads until an electable voter is up to date; it serves nobody meanwhile.</summary>
    public bool IsCaretaker => _state.Leadership is { TakesCare: true };

    /// <summary>True for a leader that has committed an entry of its own term and so may serve reads; never for a log-only member, which leads only until somebody else can.</summary>
    public bool IsReady => _state.Leadership is { TakesCare: false } leadership && _state.CommitIndex >= leadership.NoOp;

    /// <summary>True for a leader that may answer reads without a round at the time of the latest step (braft: is_leader_lease_valid).</summary>
    public bool IsLeaderLeaseValid => _state.Leadership is { } leadership && leadership.Lease.IsValid(leadership);

    /// <summary>What a leader knows about its peers, in order of ids; empty for everybody else.</summary>
    public IReadOnlyList<PeerStatus> Peers => _state.Leadership?.ToStatus() ?? [];

    /// <summary>Entries that clients of this leader proposed and that no quorum has yet.</summary>
    public long UncommittedEntries => _state.Leadership?.Proposals.Entries ?? 0;

    /// <summary>The same in bytes.</summary>
    public long UncommittedBytes => _state.Leadership?.Proposals.Bytes ?? 0;

    /// <summary>Reads that wait for their confirmation, here or at the leader.</summary>
    public int PendingReads => (_state.Leadership?.Reads.Count ?? 0) + _forwardedReads.Count;

    /// <summary>Promises that wait for the journal.</summary>
    public int HeldPromises => _state.Outbox.Count;

    /// <summary>Which life of this member this is (<see cref="RaftOptions.Incarnation"/>); 0 when it has no incarnation.</summary>
    public ulong Incarnation => _state.Incarnations.Own != 0 ? _state.Incarnations.Own : _state.Options.Incarnation;

    /// <summary>True when this member lost its journal while it belonged to the stream, as others have said. It takes no part until it is removed and added again.</summary>
    public bool HasLostJournal => _state.HasLostJournal;

    /// <summary>The incarnation of a member of the membership in force that this member knows, and only that one counts for it; 0 when it has not met it.</summary>
    /// <param name="member">The member.</param>
    public ulong KnownIncarnation(NodeId member) => _state.Incarnations.Find(member, _state.Membership.JoinedAt(member))?.Incarnation ?? 0;

    /// <summary>Messages that were impossible and changed nothing.</summary>
    public long DroppedMessages { get; private set; }

    /// <summary>Why the last of them was impossible, in words; empty when there was none.</summary>
    public string LastDropReason { get; private set; } = string.Empty;

    /// <summary>The batch that holds the entry at <paramref name="index"/>, committed or not; null when it is not in memory (<see cref="FirstInMemory"/>).</summary>
    public EntryBatch? BatchAt(LogIndex index) => _state.Log.BatchAt(index);

    /// <summary>The term of the entry at <paramref name="index"/>; null when the log does not hold it.</summary>
    public Term? TermAt(LogIndex index) =>
        index > LogIndex.Zero && index >= LogBase.Index && index <= LastEntry.Index ? _state.Log.TermAt(index) : null;

    /// <summary>
    /// What a snapshot of the state machine stands for that has applied everything up to <paramref name="applied"/>; null when the log has moved beyond it, or while <see cref="DurableIndex"/> is in front of it:
    /// a state machine that is ahead of its log (<see cref="RaftOptions.ApplyBeforeOwnDisk"/>) can be saved, but the snapshot counts only when the log is there too.
    /// </summary>
    public SnapshotInfo? DescribeSnapshot(LogIndex applied) =>
        applied > LogIndex.Zero && applied >= LogBase.Index && applied <= _state.MayBeSnapshotUpTo ? new SnapshotInfo(_state.Log.IdAt(applied), MembershipAt(applied)) : null;

    /// <summary>Takes one input and returns what has to be done, in order.</summary>
    /// <param name="now">Time since an arbitrary origin; never goes back.</param>
    /// <param name="input">What happened.</param>
    /// <returns>A list that is valid until the next call.</returns>
    /// <exception cref="InvariantViolationException">The member must stop; the core must not be stepped again.</exception>
    public IReadOnlyList<Effect> Step(TimeSpan now, RaftInput input)
    {
        _state.Begin(now);
        if (IsFenced && input is not RaftInput.Durable)
        {
            return _state.Effects;
        }

        Dispatch(input);
        if (_state.Leadership is { } leader)
        {
            _changes.Continue(leader);
        }

        if (_state.Leadership is { } office)
        {
            _recovery.Continue(office);
        }

        if (_state.Leadership is { } leadership)
        {
            _leaderReads.Continue(leadership);
            _leader.ContinueSparing(leadership);
        }

        return _state.Effects;
    }

    private void Dispatch(RaftInput input)
    {
        switch (input)
        {
            case RaftInput.Received received:
                Receive(received);
                break;

            case RaftInput.Propose proposal:
                if (proposal.Entries.Count == 0)
                {
                    throw new ArgumentException("A proposal needs entries.", nameof(input));
                }

                _leader.OnPropose(proposal);
                break;

            case RaftInput.Durable durable:
                _state.ConfirmDurable(durable.Mark);
                _election.OnDurable();
                _leader.TryCommit();
                _recovery.OnDurable();
                BeginWhenReady();
                _introductions.Release(_handle);
                break;

            case RaftInput.Applied applied:
                _state.ReportApplied(applied.Index);
                _follower.OnApplied();
                break;

            case RaftInput.TellCommits:
                _leader.TellCommits();
                break;

            case RaftInput.ReadIndex read:
                Read(read);
                break;

            case RaftInput.TimerElapsed elapsed:
                if (_state.Timers.Take(elapsed.Timer, elapsed.Generation))
                {
                    Tick(elapsed.Timer);
                }

                break;

            case RaftInput.PeerUnreachable unreachable:
                _leader.OnPeerUnreachable(unreachable.Peer);
                break;

            case RaftInput.EntriesRead read:
                OnEntriesRead(read.Ticket, read.Batches);
                break;

            case RaftInput.EntriesUnreadable unreadable:
                OnEntriesRead(unreadable.Ticket, []);
                break;

            case RaftInput.StateMachineFailed:
                _state.EndApplying();
                break;

            case RaftInput.PauseReplication pause:
                _leader.OnPause(pause);
                break;

            case RaftInput.StepDown:
                if (_state.IsLeader)
                {
                    _transfers.HandOver("asked to step down");
                }

                break;

            case RaftInput.SnapshotTaken taken:
                _snapshots.OnTaken(taken.Snapshot);
                break;

            case RaftInput.TruncateLog truncate:
                _snapshots.OnTruncate(truncate.FirstKept);
                break;

            case RaftInput.Tune tune:
                _state.Tune(tune.Tuning);
                _leader.OnTuned();
                break;

            case RaftInput.SnapshotBlockRead block:
                _snapshots.OnBlockRead(block);
                break;

            case RaftInput.SnapshotSendFailed failed:
                _leader.OnPeerUnreachable(failed.Peer);
                break;

            case RaftInput.SnapshotBlockStored stored:
                _snapshots.OnBlockStored(stored);
                break;

            case RaftInput.SnapshotReceived received:
                _snapshots.OnReceived(received);
                break;

            case RaftInput.Campaign when !_started:
                break;

            case RaftInput.Campaign:
                _election.OnAsked();
                break;

            case RaftInput.ChangeMembership change:
                _changes.OnChange(change);
                break;

            case RaftInput.ForceRecovery force:
                _recovery.OnForce(force);
                break;

            case RaftInput.TransferLeadership transfer:
                _transfers.OnTransfer(transfer);
                break;

            case RaftInput.Start:
                Invariant.That(!_started && !_starting, "A core starts once.");
                _starting = true;
                _state.BeginToApply();
                _introductions.Begin();
                BeginWhenReady();
                break;

            default:
                throw new ArgumentException($"Inputs of type {input.GetType().Name} are unknown.", nameof(input));
        }
    }

    /// <summary>A member takes part when its incarnation is on its disk.</summary>
    private void BeginWhenReady()
    {
        if (_starting && _introductions.MaySpeak)
        {
            _starting = false;
            _started = true;
            _election.Start();
            _introductions.AskStrangers();
        }
    }

    private void Tick(RaftTimer timer)
    {
        switch (timer)
        {
            case RaftTimer.Election:
                _election.OnElectionTimeout();
                _introductions.AskStrangers();
                break;

            case RaftTimer.Vote:
                _election.OnVoteTimeout();
                break;

            case RaftTimer.Heartbeat:
                _leader.OnHeartbeatDue();
                _transfers.OnHeartbeat(_state.Leadership!);
                if (_state.Leadership is { } leading)
                {
                    _recovery.OnHeartbeat(leading);
                }

                break;

            case RaftTimer.StepDown:
                _leader.OnQuorumCheckDue();
                break;

            case RaftTimer.ReadRetry:
                _forwardedReads.OnRetryDue();
                break;

            case RaftTimer.Spared:
                _leader.OnSparedDue();
                break;
        }
    }

    private void Receive(RaftInput.Received received)
    {
        (NodeId from, PeerMessage message) = received;
        if (_starting)
        {
            return;
        }

        string? impossible = _started
            ? MessageRules.WhyImpossible(_state.Membership, _state.Term, _state.Self, from, message)
            : "the node has not started";
        if (impossible is not null)
        {
            Drop(from, impossible);
            return;
        }

        if (_recovery.Admits(from, received.Generation, message) && _introductions.Admits(received))
        {
            Handle(received);
        }
    }

    private void Handle(RaftInput.Received received)
    {
        (NodeId from, PeerMessage message) = received;
        switch (message)
        {
            case Introduction introduction:
                _introductions.OnIntroduction(received, introduction);
                break;

            case AppendEntries append:
                if (!_follower.OnAppendEntries(from, append))
                {
                    Drop(from, $"member {_state.Leader} leads term {append.Term} already");
                }

                break;

            case AppendEntriesReply reply:
                if (!_leader.OnReply(from, reply))
                {
                    Drop(from, "an answer to something that was never sent");
                }
                else if (_state.Leadership is { } leadership)
                {
                    _transfers.OnAcknowledged(leadership, from);
                }

                break;

            case TimeoutNow request:
                if (!_election.OnTimeoutNow(from, request))
                {
                    Drop(from, "only the leader hands over its office");
                }

                break;

            case InstallSnapshot install:
                if (!_snapshots.OnInstall(from, install))
                {
                    Drop(from, $"member {_state.Leader} leads term {install.Term} already");
                }

                break;

            case InstallSnapshotReply reply:
                if (!_snapshots.OnReply(from, reply))
                {
                    Drop(from, "an answer to a snapshot that was never sent");
                }

                break;

            case RequestVote request:
                _election.OnRequestVote(from, request);
                break;

            case RequestVoteReply reply:
                _election.OnReply(from, reply);
                break;

            case ReadIndexRequest request:
                OnReadRequest(from, request);
                break;

            case ReadIndexReply reply:
                if (!FollowNewerTerm(from, reply.Term))
                {
                    _forwardedReads.OnReply(from, reply);
                }

                break;
        }
    }

    private void OnReadRequest(NodeId from, ReadIndexRequest request)
    {
        FollowNewerTerm(from, request.Term);
        if (_state.Leadership is { } leadership)
        {
            leadership.Reads.Ask(from, request.Context);
            if (leadership.Find(from) is { } reader)
            {
                // The read waits there until what is committed is applied.
                _leader.SendKept(leadership, reader);
            }
        }
        else
        {
            _state.Send(from, new ReadIndexReply(_state.Term, request.Context, false, LogIndex.Zero));
        }
    }

    private void Read(RaftInput.ReadIndex read)
    {
        if (_state.Leadership is not { } leadership)
        {
            _forwardedReads.Ask(read.Ticket);
        }
        else if (read.Lease && leadership.Lease.IsValid(leadership))
        {
            _state.Emit(new Effect.ReadReady(read.Ticket, _state.CommitIndex));
        }
        else
        {
            leadership.Reads.Ask(read.Ticket);
        }
    }

    /// <summary>"If RPC request or response contains term T > currentTerm: set currentTerm = T, convert to follower" (Raft paper, figure 2).</summary>
    private bool FollowNewerTerm(NodeId from, Term term)
    {
        if (term <= _state.Term)
        {
            return false;
        }

        _roles.BecomeFollower(term, NodeId.None, NodeId.None, $"member {from} has a newer term");
        return true;
    }

    private void Drop(NodeId from, string reason)
    {
        DroppedMessages++;
        LastDropReason = $"from {from}: {reason}";
    }
}
