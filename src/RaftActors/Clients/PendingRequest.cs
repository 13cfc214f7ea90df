namespace RaftActors.Runtime;

/// <summary>A request whose client awaits one answer.</summary>
internal abstract class PendingRequest<TAnswer> : ClientRequest
{
    // Continuations must not run on the thread that carries consensus.
    private readonly TaskCompletionSource<TAnswer> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<TAnswer> Task => _completion.Task;

    public void Answer(TAnswer answer)
    {
        if (Claim())
        {
            _completion.TrySetResult(answer);
        }
    }

    public override void Overload(string reason) => Abandon(reason, RefusalCode.Stopping);
}
