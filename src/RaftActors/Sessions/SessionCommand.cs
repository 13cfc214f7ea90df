using Akka.Actor;

namespace RaftActors.Runtime;

/// <summary>A command that its client wants applied exactly once, through all its attempts.</summary>
internal sealed class SessionCommand(ReadOnlyMemory<byte> data, ulong key) : ClientRequest
{
    private readonly TaskCompletionSource<ProposalAnswer> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _mayBeApplied;
    private int _place;

    public ReadOnlyMemory<byte> Data { get; } = data;

    public ulong Key { get; } = key;

    /// <summary>Its number within the session, given once; 0 while it waits.</summary>
    public ulong Serial { get; set; }

    /// <summary>An attempt has ended without a certain answer.</summary>
    public bool MayBeApplied
    {
        get => _mayBeApplied;
        set => _mayBeApplied = value;
    }

    /// <summary>What the last attempt was told.</summary>
    public ProposalAnswer? LastAnswer { get; set; }

    /// <summary>When to try again; null while an attempt is under way.</summary>
    public TimeSpan? RetryAt { get; set; }

    public TimeSpan Backoff { get; set; }

    public TimeSpan Patience { get; set; }

    public TimeSpan SentAt { get; set; }

    public SessionAttempt? Attempt { get; set; }

    public Task<ProposalAnswer> Task => _completion.Task;

    /// <summary>True for the first attempt, unless the client has cancelled before.</summary>
    public bool TryBegin() => Interlocked.CompareExchange(ref _place, 1, 0) != 2;

    public void Answer(ProposalAnswer answer)
    {
        if (Claim())
        {
            _completion.TrySetResult(answer);
        }
    }

    public void Cancel(CancellationToken token)
    {
        bool certain = Interlocked.CompareExchange(ref _place, 2, 0) == 0;
        if (Claim())
        {
            _completion.TrySetException(new ProposalCanceledException(certain, token));
        }
    }

    public override void Abandon(string reason, RefusalCode code) =>
        Answer(MayBeApplied || Attempt is { MayBeInLog: true } ? new OutcomeUnknown(reason) : new ProposalRefused(code, reason));

    public override void TimeOut() =>
        Answer(MayBeApplied ? new OutcomeUnknown("no outcome was known in time") : LastAnswer ?? new Overloaded("other commands of the session were under way all the time"));

    public override void Overload(string reason) => Answer(new Overloaded(reason));
}

/// <summary>One attempt of a command, or of an entry about the session. What becomes of it is told to the session's actor.</summary>
internal sealed class SessionAttempt(ReadOnlyMemory<byte> data, ulong key, SessionCommand? command, IActorRef session)
    : PendingProposal(data, key, Term.Zero, forward: true)
{
    public SessionCommand? Command { get; } = command;

    protected override void Deliver(ProposalAnswer answer) => session.Tell(new AttemptEnded(this, answer), ActorRefs.NoSender);
}

/// <summary>To a session's actor: what became of an attempt.</summary>
internal sealed record AttemptEnded(SessionAttempt Attempt, ProposalAnswer Answer);

/// <summary>To a session's actor: end.</summary>
internal sealed class PendingSessionClose : PendingAcknowledgement;
