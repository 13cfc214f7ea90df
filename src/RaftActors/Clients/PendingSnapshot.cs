namespace RaftActors.Runtime;

/// <summary>Asks for a snapshot now.</summary>
internal sealed class PendingSnapshot : ClientRequest
{
    private readonly TaskCompletionSource<SnapshotAnswer> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<SnapshotAnswer> Task => _completion.Task;

    public void Answer(SnapshotAnswer answer)
    {
        if (Claim())
        {
            _completion.TrySetResult(answer);
        }
    }

    public override void Abandon(string reason, RefusalCode code) => Answer(new SnapshotFailed(reason));

    public override void TimeOut() => Answer(new SnapshotFailed("no answer in time"));

    public override void Overload(string reason) => Answer(new SnapshotFailed(reason));
}
