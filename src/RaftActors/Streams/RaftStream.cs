using System.Collections.Immutable;
using Akka.Actor;
using RaftActors.Configuration;
using RaftActors.Runtime;

namespace RaftActors;

/// <summary>
/// One stream on this node, for clients: propose, read, look. Thread-safe and cheap; it stays valid when the actors below it are restarted.
/// </summary>
public sealed partial class RaftStream
{
    private static readonly TimeSpan StatusTimeout = TimeSpan.FromSeconds(1);

    private readonly StreamLink _link;
    private readonly RaftClock _clock;

    internal RaftStream(StreamLink link, RaftClock clock)
    {
        _link = link;
        _clock = clock;
    }

    /// <summary>The stream.</summary>
    public StreamId Id => _link.Id;

    /// <summary>This member.</summary>
    public NodeId NodeId => _link.Self;

    /// <summary>What the stream was started with.</summary>
    public StreamDefinition Definition => _link.Definition;

    /// <summary>Takes <see cref="Propose"/> and <see cref="Query"/> from any actor, also a remote one, and answers to the sender.</summary>
    public IActorRef Ref => _link.Stream;

    internal StreamLink Link => _link;

    /// <summary>
    /// Asks to replicate and apply <paramref name="data"/>. The answer says what may be concluded; the task fails only with
    /// <see cref="ProposalCanceledException"/>, which says whether the proposal was still in a queue (then it is certainly not proposed) or may be in a log.
    /// </summary>
    /// <param name="data">The bytes; copied before this method returns.</param>
    /// <param name="options">Key, expected term, forwarding, timeout; null for the defaults.</param>
    /// <param name="cancellationToken">Takes the proposal back while it waits in a queue; stops waiting when it has gone further.</param>
    public Task<ProposalAnswer> ProposeAsync(ReadOnlyMemory<byte> data, ProposeOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= ProposeOptions.Default;
        if (cancellationToken.IsCancellationRequested)
        {
            return Cancelled(cancellationToken);
        }

        if (ProposalCheck.Refusal(data.Length, options.ExpectedTerm, options.Timeout, _link.Settings, options.Session) is { } refusal)
        {
            return Task.FromResult<ProposalAnswer>(refusal);
        }

        LocalProposal proposal = new(data, options)
        {
            Deadline = _clock.Now + (options.Timeout ?? _link.Settings.ClientTimeout),
        };
        _link.Submit(proposal);
        return cancellationToken.CanBeCanceled ? Cancellable(proposal, cancellationToken) : proposal.Task;
    }

    /// <summary>
    /// The same as <see cref="ProposeAsync"/> for many small proposals: it allocates nothing but the answer. It cannot be cancelled, and what it returns must be awaited exactly once, at once, or
    /// turned into a task at once (<see cref="ValueTask{TResult}.AsTask"/>); awaited again it throws <see cref="InvalidOperationException"/>.
    /// </summary>
    /// <param name="data">The bytes; copied before this method returns.</param>
    /// <param name="options">Key, expected term, forwarding, timeout; null for the defaults.</param>
    public ValueTask<ProposalAnswer> ProposeValueAsync(ReadOnlyMemory<byte> data, ProposeOptions? options = null)
    {
        options ??= ProposeOptions.Default;
        if (ProposalCheck.Refusal(data.Length, options.ExpectedTerm, options.Timeout, _link.Settings, options.Session) is { } refusal)
        {
            return ValueTask.FromResult<ProposalAnswer>(refusal);
        }

        // Before anybody can answer it: from then on it belongs to whoever awaits the answer.
        PooledProposal proposal = Begin(data, options);
        ValueTask<ProposalAnswer> task = proposal.Task;
        _link.Submit(proposal);
        return task;
    }

    /// <summary>
    /// The same as <see cref="ProposeValueAsync"/> without an object for the answer: an entry that is committed and applied costs nothing on the heap but its place in the log. Under the same
    /// conditions: it cannot be cancelled, and what it returns must be awaited exactly once, at once.
    /// </summary>
    /// <param name="data">The bytes; copied before this method returns.</param>
    /// <param name="options">Key, expected term, forwarding, timeout; null for the defaults.</param>
    public ValueTask<ProposalOutcome> ProposeOutcomeAsync(ReadOnlyMemory<byte> data, ProposeOptions? options = null)
    {
        options ??= ProposeOptions.Default;
        if (ProposalCheck.Refusal(data.Length, options.ExpectedTerm, options.Timeout, _link.Settings, options.Session) is { } refusal)
        {
            return ValueTask.FromResult(new ProposalOutcome(refusal));
        }

        PooledProposal proposal = Begin(data, options);
        ValueTask<ProposalOutcome> outcome = proposal.Outcome;
        _link.Submit(proposal);
        return outcome;
    }

    /// <summary>Runs <see cref="IStateMachine.Query"/> here, when the state is as fresh as asked for.</summary>
    /// <param name="query">What the state machine gets; must not be changed while the task runs.</param>
    /// <param name="consistency">How fresh the state has to be.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<ReadAnswer> QueryAsync(ReadOnlyMemory<byte> query, ReadConsistency consistency = ReadConsistency.Linearizable, CancellationToken cancellationToken = default) =>
        ReadAsync(new LocalRead(query, isBarrier: false, consistency), cancellationToken);

    /// <summary>
    /// Waits until the state machine here is as fresh as asked for; then the application may read its own state.
    /// </summary>
    /// <param name="consistency">How fresh the state has to be.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<ReadAnswer> ReadBarrierAsync(ReadConsistency consistency = ReadConsistency.Linearizable, CancellationToken cancellationToken = default) =>
        ReadAsync(new LocalRead(default, isBarrier: true, consistency), cancellationToken);

    /// <summary>How the stream is here. Answered also when it has failed or been stopped.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<StreamStatus> GetStatusAsync(CancellationToken cancellationToken = default)
    {
        PendingStatus request = new(_link) { Deadline = _clock.Now + StatusTimeout };

        // Not counted among the open requests: an overloaded stream can still be looked at.
        _link.Hand(request);
        return request.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Reads one entry that is known to be committed, from this member's log.</summary>
    /// <param name="index">Its place.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<CommittedEntryAnswer> ReadCommittedAsync(LogIndex index, CancellationToken cancellationToken = default)
    {
        if (index.Value <= 0)
        {
            return Task.FromResult<CommittedEntryAnswer>(new CommittedEntryUnavailable("the first entry has index 1"));
        }

        PendingEntryRead request = new(index) { Deadline = _clock.Now + _link.Settings.ClientTimeout };
        _link.Submit(request);
        return request.Task.WaitAsync(cancellationToken);
    }

    /// <summary>
    /// Adds a member, or changes the kind, address or priority of a present one. A new voter first catches up as a learner. Only the leader can; others name it.
    /// </summary>
    /// <param name="member">The member as it shall be. Its node is started with <see cref="StreamDefinition.Join"/>, before or after this call.</param>
    /// <param name="timeout">How long to wait for the outcome; null for twice <c>catch-up-timeout</c>.</param>
    /// <param name="cancellationToken">Stops waiting, not the change.</param>
    public Task<MembershipAnswer> AddMemberAsync(Member member, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(member);
        return ChangeAsync(new MembershipChange.Add(member), timeout, cancellationToken);
    }

    /// <summary>Removes a member, also this one, also a dead one; or withdraws one that is being added.</summary>
    /// <param name="id">The member.</param>
    /// <param name="timeout">How long to wait for the outcome; null for twice <c>catch-up-timeout</c>.</param>
    /// <param name="cancellationToken">Stops waiting, not the change.</param>
    public Task<MembershipAnswer> RemoveMemberAsync(NodeId id, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        ChangeAsync(new MembershipChange.Remove(id), timeout, cancellationToken);

    /// <summary>Gives the stream these members in place of those it has, by joint consensus where more than one vote changes.</summary>
    /// <param name="members">Everybody who shall belong to the stream.</param>
    /// <param name="timeout">How long to wait for the outcome; null for twice <c>catch-up-timeout</c>.</param>
    /// <param name="cancellationToken">Stops waiting, not the change.</param>
    public Task<MembershipAnswer> ChangeMembersAsync(ImmutableArray<Member> members, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        ChangeAsync(new MembershipChange.Replace(members), timeout, cancellationToken);

    /// <summary>Gives a learner or log-only member a voter's rights, once it has caught up.</summary>
    /// <param name="id">The member.</param>
    /// <param name="timeout">How long to wait for the outcome; null for twice <c>catch-up-timeout</c>.</param>
    /// <param name="cancellationToken">Stops waiting, not the change.</param>
    public Task<MembershipAnswer> PromoteAsync(NodeId id, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        ChangeMemberAsync(id, MemberKind.Voter, null, timeout, cancellationToken);

    /// <summary>Changes the kind of a member, and its priority.</summary>
    /// <param name="id">The member.</param>
    /// <param name="kind">Its kind from then on.</param>
    /// <param name="priority">How much it is wanted as leader from then on; null to keep that.</param>
    /// <param name="timeout">How long to wait for the outcome; null for twice <c>catch-up-timeout</c>.</param>
    /// <param name="cancellationToken">Stops waiting, not the change.</param>
    public Task<MembershipAnswer> ChangeMemberAsync(NodeId id, MemberKind kind, int? priority = null, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        ChangeAsync(new MembershipChange.ChangeKind(id, kind, priority), timeout, cancellationToken);

    /// <summary>Changes how many members decide, and which groups have to be among those that commit (NuRaft: custom quorum sizes; DCF: MAJORITY_GROUPS).</summary>
    /// <param name="rule">The rule from then on. Refused, with the numbers, when it does not fit the voters.</param>
    /// <param name="timeout">How long to wait for the outcome; null for twice <c>catch-up-timeout</c>.</param>
    /// <param name="cancellationToken">Stops waiting, not the change.</param>
    public Task<MembershipAnswer> ChangeQuorumAsync(QuorumRule rule, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        ChangeAsync(new MembershipChange.ChangeQuorum(rule), timeout, cancellationToken);

    /// <summary>Changes the membership in any way there is, with or without another rule of decision.</summary>
    /// <param name="change">What is wanted.</param>
    /// <param name="timeout">How long to wait for the outcome; null for twice <c>catch-up-timeout</c>.</param>
    /// <param name="cancellationToken">Stops waiting, not the change.</param>
    public Task<MembershipAnswer> ChangeMembershipAsync(MembershipChange change, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(change);
        return ChangeAsync(change, timeout, cancellationToken);
    }

    /// <summary>
    /// Goes on without a majority, with what this member has. For the day on which a majority is lost for good; acknowledged writes that this member does not have are lost. This member begins a new
    /// history of the stream (a <em>generation</em>), leads it alone, and takes the other survivors in as soon as they answer. Whoever is not named is fenced: it stops for good when it hears of the new
    /// history, and may come back with an empty disk only. See PROTOCOL.md, "Forced recovery" (braft: reset_peers; DCF: dcf_set_work_mode). Rather use
    /// <see cref="RaftAdmin.ForceRecoveryAsync"/>, which asks all survivors and picks the furthest.
    /// </summary>
    /// <param name="survivors">Every member that shall go on, this one among them.</param>
    /// <param name="reports">How far the others are; refused when one has more than this member.</param>
    /// <param name="acceptShorterLog">True to go on although another survivor has more.</param>
    /// <param name="cancellationToken">Stops waiting, not the recovery.</param>
    public Task<RecoveryAnswer> ForceRecoveryAsync(
        IEnumerable<NodeId> survivors, IEnumerable<SurvivorReport>? reports = null, bool acceptShorterLog = false, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(survivors);
        PendingRecovery request = new(new RaftInput.ForceRecovery(0, [.. survivors], [.. reports ?? []], acceptShorterLog))
        {
            Deadline = _clock.Now + _link.Settings.ClientTimeout,
        };
        _link.Submit(request);
        return request.Task.WaitAsync(cancellationToken);
    }

    /// <summary>
    /// Hands the office over. The leader takes in nothing new meanwhile (proposals wait for the next leader), brings the target up to date and asks it to stand for election; when
    /// that does not come about in time it serves on.
    /// </summary>
    /// <param name="target">The voter that shall lead; <see cref="NodeId.None"/> for whoever is furthest.</param>
    /// <param name="timeout">When the leader serves on; null for <c>election-timeout-max</c>.</param>
    /// <param name="cancellationToken">Stops waiting, not the transfer.</param>
    public Task<TransferAnswer> TransferLeadershipAsync(NodeId target = default, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        TimeSpan patience = timeout ?? _link.Settings.ElectionTimeoutMax;
        PendingTransferRequest request = new(target, patience)
        {
            Deadline = _clock.Now + patience + _link.Settings.ElectionTimeoutMax,
        };
        _link.Submit(request);
        return request.Task.WaitAsync(cancellationToken);
    }

    /// <summary>
    /// Stops the replication of a member for a while (DCF: <c>dcf_pause_rep</c>): the leader sends it heartbeats, but neither entries nor snapshots. It is not taken for unhealthy and does not
    /// stand for election, but it acknowledges nothing: if the other voters are not a quorum, nothing is committed until the pause ends. The pause ends by itself, when the leader
    /// changes, and when the member is removed. Must be asked of the leader.
    /// </summary>
    /// <param name="peer">The member.</param>
    /// <param name="duration">How long from now on, at most <c>max-replication-pause</c>; zero: go on at once.</param>
    /// <param name="cancellationToken">Stops waiting for the answer.</param>
    public Task<PauseAnswer> PauseReplicationAsync(NodeId peer, TimeSpan duration, CancellationToken cancellationToken = default)
    {
        PendingPause request = new(peer, duration) { Deadline = _clock.Now + _link.Settings.ClientTimeout };
        _link.Submit(request);
        return request.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Lets this member stand for election now, without waiting for a timeout; does nothing at a leader, and at members that may not lead.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task TriggerElectionAsync(CancellationToken cancellationToken = default)
    {
        PendingElection request = new() { Deadline = _clock.Now + _link.Settings.ClientTimeout };
        _link.Submit(request);
        return request.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Lets a leader give up its office at once, and asks the furthest voter to follow in it; does nothing on other members. Clients that wait for an uncommitted entry are told that the outcome is unknown.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task StepDownAsync(CancellationToken cancellationToken = default)
    {
        PendingStepDown request = new() { Deadline = _clock.Now + _link.Settings.ClientTimeout };
        _link.Submit(request);
        return request.Task.WaitAsync(cancellationToken);
    }

    /// <summary>
    /// Takes a snapshot of this member's state machine now, and lets the log forget what it covers. Other members take their own. One at a time: who asks while one is being taken waits for that.
    /// </summary>
    /// <param name="cancellationToken">Stops waiting, not the snapshot.</param>
    public Task<SnapshotAnswer> TakeSnapshotAsync(CancellationToken cancellationToken = default)
    {
        PendingSnapshot request = new() { Deadline = _clock.Now + _link.Settings.SnapshotTimeout };
        _link.Submit(request);
        return request.Task.WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override string ToString() => $"stream {Id} on node {NodeId}";

    private PooledProposal Begin(ReadOnlyMemory<byte> data, ProposeOptions options)
    {
        PooledProposal proposal = _link.Proposals.Take();
        proposal.Begin(data, options);
        proposal.Deadline = _clock.Now + (options.Timeout ?? _link.Settings.ClientTimeout);
        return proposal;
    }

    private static async Task<ProposalAnswer> Cancellable(LocalProposal proposal, CancellationToken cancellationToken)
    {
        // At once, on the thread that cancels: each moment that the proposal stays in the queue it may be taken.
        CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(static p => ((LocalProposal)p!).Cancel(), proposal);
        ProposalAnswer answer;
        try
        {
            answer = await proposal.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            throw new ProposalCanceledException(proposal.Cancel(), cancellationToken);
        }
        finally
        {
            registration.Unregister();
        }

        return answer is ProposalRefused { Code: RefusalCode.Cancelled } ? throw new ProposalCanceledException(isCertainlyNotProposed: true, cancellationToken) : answer;
    }

    // An asynchronous method: its task ends as cancelled and yet carries the exception.
#pragma warning disable CS1998
    private static async Task<ProposalAnswer> Cancelled(CancellationToken cancellationToken) =>
        throw new ProposalCanceledException(isCertainlyNotProposed: true, cancellationToken);
#pragma warning restore CS1998

    private Task<MembershipAnswer> ChangeAsync(MembershipChange change, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        PendingMembershipChange request = new(change)
        {
            Deadline = _clock.Now + (timeout ?? _link.Settings.CatchUpTimeout * 2),
        };
        _link.Submit(request);
        return request.Task.WaitAsync(cancellationToken);
    }

    private Task<ReadAnswer> ReadAsync(LocalRead read, CancellationToken cancellationToken)
    {
        read.Deadline = _clock.Now + _link.Settings.ClientTimeout;
        _link.Submit(read);
        return cancellationToken.CanBeCanceled ? read.Task.WaitAsync(cancellationToken) : read.Task;
    }
}
