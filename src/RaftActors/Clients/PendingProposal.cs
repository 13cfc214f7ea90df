using Akka.Actor;

namespace RaftActors.Runtime;

/// <summary>A proposal and whoever waits for its outcome.</summary>
internal abstract class PendingProposal(ReadOnlyMemory<byte> data, ulong key, Term expectedTerm, bool forward) : ClientRequest, IProposalResult
{
    private const int Queued = 0;
    private const int Taken = 1;
    private const int Withdrawn = 2;

    private int _place;
    private volatile bool _cancelled;
    private volatile bool _isCommitted;
    private ReadOnlyMemory<byte> _result;

    public ReadOnlyMemory<byte> Data { get; private set; } = data;

    public ulong Key { get; private set; } = key;

    public Term ExpectedTerm { get; private set; } = expectedTerm;

    public bool Forward { get; private set; } = forward;

    /// <summary>What kind of entry it becomes: a user's, or one about sessions.</summary>
    public EntryKind Kind { get; init; }

    /// <summary>The client session, and the number of the command within it; 0 without one.</summary>
    public SessionSerial Session { get; set; }

    /// <summary>Grows each time that it is used again.</summary>
    public virtual int Life => 0;

    /// <summary>The state machine has answered it, and it never waited anywhere but in its batch: nobody holds it longer than the batch.</summary>
    public bool WentStraight => _isCommitted && !IsListed && StalledSince is null && !ConcernsSession;

    public bool ConcernsSession => Kind == EntryKind.Session || Session.Session != 0;

    /// <summary>The state machine has answered it, so the answer is given on the state machine's thread. Nobody else has the right to have clients' code run on his.</summary>
    protected bool MayContinueInline => _isCommitted && ContinuesInline;

    /// <summary>Its client wishes that.</summary>
    protected bool ContinuesInline { get; private set; }

    /// <summary>Since when it has been without a log to go into.</summary>
    public TimeSpan? StalledSince { get; set; }

    /// <summary>True from before the proposal reaches a log or a leader. From then on only a certain answer may say that it was not accepted.</summary>
    public bool MayBeInLog => Volatile.Read(ref _place) == Taken;

    /// <summary>To be called before the proposal goes into a log or to a leader. False when it was cancelled: then it must not go anywhere.</summary>
    public bool TryTake() => Interlocked.CompareExchange(ref _place, Taken, Queued) != Withdrawn;

    /// <summary>It is certain that no log has it. A cancellation that came too late before is in time now.</summary>
    public void PutBack()
    {
        if (Interlocked.CompareExchange(ref _place, Queued, Taken) == Taken && _cancelled)
        {
            Cancel();
        }
    }

    /// <summary>Takes the proposal back if it waits in a queue. From any thread. True when it certainly has not been proposed and will not be; false when it takes its course.</summary>
    public bool Cancel()
    {
        _cancelled = true;
        int before = Interlocked.CompareExchange(ref _place, Withdrawn, Queued);
        if (before == Queued)
        {
            Answer(new ProposalRefused(RefusalCode.Cancelled, "it was cancelled before it was proposed"));
        }

        return before != Taken;
    }

    /// <summary>The log has its own copy of the bytes. Only for the actor that read them: they are not guarded.</summary>
    public virtual void ReleaseData() => Data = default;

    public ProposedEntry ToEntry() => new(Kind, Data, Key, Session.Session, Session.Serial);

    public virtual void SetResult(ReadOnlyMemory<byte> result, int life) => _result = result;

    /// <summary>It is committed and applied; what the state machine replied goes along.</summary>
    public void Commit(LogIndex index, Term term)
    {
        if (Claim())
        {
            _isCommitted = true;
            DeliverCommitted(index, term, _result);
        }
    }

    /// <summary>The node does not hold it any more.</summary>
    public virtual void LetGo()
    {
    }

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

    protected virtual void DeliverCommitted(LogIndex index, Term term, ReadOnlyMemory<byte> result) => Deliver(new ProposalCommitted(index, term, result));

    /// <summary>Makes it a new proposal.</summary>
    protected void Rearm(ReadOnlyMemory<byte> data, ProposeOptions options)
    {
        Data = data;
        Key = options.Key;
        ExpectedTerm = options.ExpectedTerm;
        Forward = options.Forward;
        Session = options.Session;
        ContinuesInline = options.ContinueInline;
    }

    /// <summary>Nothing of its last use is left.</summary>
    protected override void Forget()
    {
        base.Forget();
        Data = default;
        _result = default;
        _isCommitted = false;
        ContinuesInline = false;
        _cancelled = false;
        Volatile.Write(ref _place, Queued);
    }
}

/// <summary>Proposed through a <see cref="RaftStream"/> of this process, with a copy of the client's bytes.</summary>
internal abstract class CopiedProposal() : PendingProposal(default, 0, Term.Zero, forward: true)
{
    // Back to the pool when the log has its own. When the proposal takes another course it is left to the garbage collector.
    private byte[]? _rented;

    public override void ReleaseData()
    {
        base.ReleaseData();
        if (Interlocked.Exchange(ref _rented, null) is { } copy)
        {
            ClientBytes.Return(copy);
        }
    }

    /// <summary>Makes it a new proposal, of a copy of these bytes.</summary>
    protected void Copy(ReadOnlyMemory<byte> data, ProposeOptions options)
    {
        byte[] copy = ClientBytes.Rent(data.Length);
        data.Span.CopyTo(copy);
        _rented = copy;
        Rearm(copy.AsMemory(0, data.Length), options);
    }
}

/// <summary>The hot path: no ask, no temporary actor.</summary>
internal sealed class LocalProposal : CopiedProposal
{
    // Continuations must not run on the thread that carries consensus, but for those that were made for it.
    private readonly TaskCompletionSource<ProposalAnswer> _completion;

    public LocalProposal(ReadOnlyMemory<byte> data, ProposeOptions options)
    {
        _completion = new(options.ContinueInline ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously);
        Copy(data, options);
    }

    public Task<ProposalAnswer> Task => _completion.Task;

    protected override void Deliver(ProposalAnswer answer)
    {
        if (ContinuesInline && !MayContinueInline)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static p => p.Completion.TrySetResult(p.Answer), (Completion: _completion, Answer: answer), preferLocal: false);
            return;
        }

        _completion.TrySetResult(answer);
    }
}

/// <summary>Proposed by an actor with a message.</summary>
internal sealed class ActorProposal(Propose propose, IActorRef replyTo, IActorRef self)
    : PendingProposal(propose.Data, propose.Key, propose.ExpectedTerm, propose.Forward)
{
    public IActorRef ReplyTo { get; } = replyTo;

    public ulong CancellationId { get; } = propose.CancellationId;

    protected override void Deliver(ProposalAnswer answer)
    {
        ReplyTo.Tell(answer, self);
        if (CancellationId != 0)
        {
            self.Tell(new ProposalDone(this), ActorRefs.NoSender);
        }
    }
}

/// <summary>Forwarded by a peer. Never forwarded again: two members with different views must not play ball.</summary>
internal sealed class PeerProposal(ReadOnlyMemory<byte> data, ulong key, Term expectedTerm, ulong token, IActorRef channel)
    : PendingProposal(data, key, expectedTerm, forward: false)
{
    protected override void Deliver(ProposalAnswer answer) => channel.Tell(new ForwardedAnswer(token, answer), ActorRefs.NoSender);
}
