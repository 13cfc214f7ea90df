namespace RaftActors.Runtime;

/// <summary>Asks for a session: a new one, or when <paramref name="resume"/> is given, one that is open already.</summary>
internal sealed class PendingSession(StreamId stream, SessionOptions options, SessionGrant? resume, ulong nextSerial) : ClientRequest
{
    private readonly TaskCompletionSource<RaftSession> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public SessionOptions Options { get; } = options;

    public SessionGrant? Resume { get; } = resume;

    public ulong NextSerial { get; } = nextSerial;

    public Task<RaftSession> Task => _completion.Task;

    /// <summary>False when nobody waits any more.</summary>
    public bool Answer(RaftSession session)
    {
        bool isWanted = Claim();
        if (isWanted)
        {
            _completion.TrySetResult(session);
        }

        return isWanted;
    }

    public void Cancel(CancellationToken token)
    {
        if (Claim())
        {
            _completion.TrySetCanceled(token);
        }
    }

    public void Refuse(string reason, ProposalAnswer? answer)
    {
        if (Claim())
        {
            _completion.TrySetException(new SessionNotOpenedException(stream, reason, answer));
        }
    }

    public override void Abandon(string reason, RefusalCode code) => Refuse(reason, null);

    public override void TimeOut() => Refuse("no answer in time", null);

    public override void Overload(string reason) => Refuse(reason, new Overloaded(reason));
}
