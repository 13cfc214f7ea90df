namespace RaftActors.Runtime;

/// <summary>Follows changed settings (<see cref="StreamLink.Tuning"/>) through the node's mailbox. Whoever ends it early does no harm: the next node begins with them.</summary>
internal sealed class PendingTuning : PendingAcknowledgement;

/// <summary>Asks for a shorter log.</summary>
internal sealed class PendingTruncation(LogIndex firstKept) : ClientRequest
{
    private readonly TaskCompletionSource<TruncateAnswer> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public LogIndex FirstKept { get; } = firstKept;

    public Task<TruncateAnswer> Task => _completion.Task;

    public void Answer(TruncateAnswer answer)
    {
        if (Claim())
        {
            _completion.TrySetResult(answer);
        }
    }

    public override void Abandon(string reason, RefusalCode code) => Answer(new LogNotTruncated(reason, LogIndex.Zero));

    public override void TimeOut() => Abandon("the member did not answer in time", RefusalCode.Stopping);

    public override void Overload(string reason) => Abandon(reason, RefusalCode.Stopping);
}
