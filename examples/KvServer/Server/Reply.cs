using KvServer.Resp;

namespace KvServer.Server;

/// <summary>The place of a command's answer in the order of a connection's answers.</summary>
internal abstract class Reply
{
    /// <summary>True when <see cref="Write"/> may be called at once.</summary>
    public virtual bool IsReadyFor(RespConnection connection) => true;

    /// <summary>Completes when <see cref="Write"/> may be called.</summary>
    public virtual Task WaitAsync(RespConnection connection, CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>Writes the answer. Called once, after those of all earlier commands of the connection.</summary>
    public abstract void Write(RespConnection connection, RespOutput output);
}

/// <summary>An answer that is known already.</summary>
internal sealed class FixedReply(byte[] encoded) : Reply
{
    public static FixedReply Ok { get; } = new(Replies.Ok);

    public static FixedReply Pong { get; } = new(Replies.Pong);

    public static FixedReply Stopping { get; } = new(Replies.Stopping);

    public override void Write(RespConnection connection, RespOutput output) => output.Raw(encoded);
}

/// <summary>An answer that something else works out.</summary>
internal sealed class TaskReply(Task<byte[]> encoded) : Reply
{
    public override bool IsReadyFor(RespConnection connection) => encoded.IsCompleted;

    public override Task WaitAsync(RespConnection connection, CancellationToken cancellation) =>
        encoded.WaitAsync(cancellation).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    public override void Write(RespConnection connection, RespOutput output)
    {
        if (encoded.IsCompletedSuccessfully)
        {
            output.Raw(encoded.Result);
        }
        else
        {
            output.Error($"ERR {encoded.Exception?.GetBaseException().Message ?? "cancelled"}");
        }
    }
}
