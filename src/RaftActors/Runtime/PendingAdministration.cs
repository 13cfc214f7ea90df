namespace RaftActors.Runtime;

/// <summary>Asks for the status of a stream.</summary>
internal sealed class PendingStatus : ClientRequest
{
    private readonly TaskCompletionSource<StreamStatus> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<StreamStatus> Task => _completion.Task;

    /// <summary>The node's part of it, to be completed by the state machine's actor; also the answer when that is busy.</summary>
    public StreamStatus? SoFar { get; set; }

    public void Answer(StreamStatus status)
    {
        if (Claim())
        {
            _completion.TrySetResult(status);
        }
    }

    public override void Abandon(string reason, RefusalCode code)
    {
        if (Claim())
        {
            _completion.TrySetException(new RaftActorsException(reason));
        }
    }

    public override void TimeOut()
    {
        if (SoFar is { } status)
        {
            Answer(status);
        }
        else
        {
            Abandon("The status was not known in time.", RefusalCode.Invalid);
        }
    }

    public override void Overload(string reason) => Abandon(reason, RefusalCode.Invalid);
}

/// <summary>Asks for one committed entry.</summary>
internal sealed class PendingEntryRead(LogIndex index) : ClientRequest
{
    private readonly TaskCompletionSource<CommittedEntryAnswer> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public LogIndex Index { get; } = index;

    public Task<CommittedEntryAnswer> Task => _completion.Task;

    public void Answer(CommittedEntryAnswer answer)
    {
        if (Claim())
        {
            _completion.TrySetResult(answer);
        }
    }

    public override void Abandon(string reason, RefusalCode code) => Answer(new CommittedEntryUnavailable(reason));

    public override void TimeOut() => Answer(new CommittedEntryUnavailable("no answer in time"));

    public override void Overload(string reason) => Answer(new CommittedEntryUnavailable(reason));
}

/// <summary>Asks a leader to give up its office.</summary>
internal sealed class PendingStepDown : ClientRequest
{
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Task => _completion.Task;

    public void Done()
    {
        if (Claim())
        {
            _completion.TrySetResult();
        }
    }

    public override void Abandon(string reason, RefusalCode code) => Done();

    public override void TimeOut() => Done();

    public override void Overload(string reason) => Done();
}
