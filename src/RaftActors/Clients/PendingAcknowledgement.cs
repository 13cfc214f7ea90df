namespace RaftActors.Runtime;

/// <summary>A request whose client only learns that it is over, whatever became of it.</summary>
internal abstract class PendingAcknowledgement : ClientRequest
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
