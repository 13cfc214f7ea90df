using Akka.Actor;
using RaftActors.Configuration;
using RaftActors.Runtime;

namespace RaftActors;

/// <summary>
/// One stream on this node, for clients: propose, read, look. Thread-safe and cheap; it stays valid when the actors below it are restarted.
/// </summary>
public sealed class RaftStream
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
    /// <see cref="OperationCanceledException"/>, after which the outcome is unknown.
    /// </summary>
    /// <param name="data">The bytes; copied before this method returns.</param>
    /// <param name="options">Key, expected term, forwarding, timeout; null for the defaults.</param>
    /// <param name="cancellationToken">Stops waiting; it does not take the proposal back.</param>
    public Task<ProposalAnswer> ProposeAsync(ReadOnlyMemory<byte> data, ProposeOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= ProposeOptions.Default;
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<ProposalAnswer>(cancellationToken);
        }

        if (ProposalCheck.Refusal(data.Length, options.ExpectedTerm, options.Timeout, _link.Settings) is { } refusal)
        {
            return Task.FromResult<ProposalAnswer>(refusal);
        }

        LocalProposal proposal = new(data.ToArray(), options)
        {
            Deadline = _clock.Now + (options.Timeout ?? _link.Settings.ClientTimeout),
        };
        _link.Submit(proposal);
        return cancellationToken.CanBeCanceled ? proposal.Task.WaitAsync(cancellationToken) : proposal.Task;
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

    /// <summary>Lets a leader give up its office; does nothing on other members. Clients that wait for an uncommitted entry are told that the outcome is unknown.</summary>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task StepDownAsync(CancellationToken cancellationToken = default)
    {
        PendingStepDown request = new() { Deadline = _clock.Now + _link.Settings.ClientTimeout };
        _link.Submit(request);
        return request.Task.WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override string ToString() => $"stream {Id} on node {NodeId}";

    private Task<ReadAnswer> ReadAsync(LocalRead read, CancellationToken cancellationToken)
    {
        read.Deadline = _clock.Now + _link.Settings.ClientTimeout;
        _link.Submit(read);
        return cancellationToken.CanBeCanceled ? read.Task.WaitAsync(cancellationToken) : read.Task;
    }
}
