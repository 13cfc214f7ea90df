using Akka.Actor;

namespace RaftActors.Runtime;

/// <summary>A proposal and whoever waits for its outcome.</summary>
internal abstract class PendingProposal(ReadOnlyMemory<byte> data, ulong key, Term expectedTerm, bool forward) : ClientRequest, IProposalResult
{
    private volatile bool _mayBeInLog;
    private ReadOnlyMemory<byte> _result;

    public ReadOnlyMemory<byte> Data { get; private set; } = data;

    public ulong Key { get; } = key;

    public Term ExpectedTerm { get; } = expectedTerm;

    public bool Forward { get; } = forward;

    /// <summary>Set before the proposal reaches a log or a leader. From then on only a certain answer may say that it was not accepted.</summary>
    public bool MayBeInLog
    {
        get => _mayBeInLog;
        set => _mayBeInLog = value;
    }

    /// <summary>The log has its own copy of the bytes. Only for the actor that read them: they are not guarded.</summary>
    public void ReleaseData() => Data = default;

    public ProposedEntry ToEntry() => new(EntryKind.Normal, Data, Key);

    public void SetResult(ReadOnlyMemory<byte> result) => _result = result;

    /// <summary>It is committed and applied; what the state machine replied goes along.</summary>
    public void Commit(LogIndex index, Term term) => Answer(new ProposalCommitted(index, term, _result));

    public void Answer(ProposalAnswer answer)
    {
        if (Claim())
        {
            Deliver(answer);
        }
    }

    public override void Abandon(string reason, RefusalCode code) =>
        Answer(MayBeInLog ? new OutcomeUnknown(reason) : new ProposalRefused(code, reason));

    public override void TimeOut() =>
        Answer(MayBeInLog ? new OutcomeUnknown("no outcome was known in time") : new NotLeader(NodeId.None, null));

    public override void Overload(string reason) => Answer(new Overloaded(reason));

    protected abstract void Deliver(ProposalAnswer answer);
}

/// <summary>Proposed through a <see cref="RaftStream"/> of this process: the hot path, no ask, no temporary actor.</summary>
internal sealed class LocalProposal(ReadOnlyMemory<byte> data, ProposeOptions options)
    : PendingProposal(data, options.Key, options.ExpectedTerm, options.Forward)
{
    // Continuations must not run on the thread that carries consensus.
    private readonly TaskCompletionSource<ProposalAnswer> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<ProposalAnswer> Task => _completion.Task;

    protected override void Deliver(ProposalAnswer answer) => _completion.TrySetResult(answer);
}

/// <summary>Proposed by an actor with a message.</summary>
internal sealed class ActorProposal(Propose propose, IActorRef replyTo, IActorRef self)
    : PendingProposal(propose.Data, propose.Key, propose.ExpectedTerm, propose.Forward)
{
    protected override void Deliver(ProposalAnswer answer) => replyTo.Tell(answer, self);
}

/// <summary>Forwarded by a peer. Never forwarded again: two members with different views must not play ball.</summary>
internal sealed class PeerProposal(ReadOnlyMemory<byte> data, ulong key, Term expectedTerm, ulong token, IActorRef channel)
    : PendingProposal(data, key, expectedTerm, forward: false)
{
    protected override void Deliver(ProposalAnswer answer) => channel.Tell(new ForwardedAnswer(token, answer), ActorRefs.NoSender);
}
