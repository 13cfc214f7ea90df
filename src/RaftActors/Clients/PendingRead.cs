using Akka.Actor;

namespace RaftActors.Runtime;

/// <summary>A read and whoever waits for its answer.</summary>
internal abstract class PendingRead(ReadOnlyMemory<byte> request, bool isBarrier, ReadConsistency consistency) : ClientRequest
{
    public ReadOnlyMemory<byte> Request { get; } = request;

    /// <summary>True when only the applied index matters and no query is run.</summary>
    public bool IsBarrier { get; } = isBarrier;

    public ReadConsistency Consistency { get; } = consistency;

    /// <summary>Who was known to lead when it last failed; goes into the final answer.</summary>
    public NodeId LastLeader { get; set; }

    public string? LastReason { get; set; }

    /// <summary>It has failed once and is being tried again.</summary>
    public bool IsStalled { get; set; }

    public void Answer(ReadAnswer answer)
    {
        if (Claim())
        {
            Deliver(answer);
        }
    }

    public override void Abandon(string reason, RefusalCode code) =>
        Answer(new ReadFailed(reason, LastLeader, CanRetry: code is not RefusalCode.StreamFailed and not RefusalCode.StateMachineFailed));

    public override void TimeOut() =>
        Answer(new ReadFailed(LastReason ?? "the read could not be confirmed in time", LastLeader, CanRetry: true));

    public override void Overload(string reason) => Answer(new ReadFailed(reason, NodeId.None, CanRetry: true));

    protected abstract void Deliver(ReadAnswer answer);
}

/// <summary>Asked through a <see cref="RaftStream"/> of this process.</summary>
internal sealed class LocalRead(ReadOnlyMemory<byte> request, bool isBarrier, ReadConsistency consistency) : PendingRead(request, isBarrier, consistency)
{
    private readonly TaskCompletionSource<ReadAnswer> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<ReadAnswer> Task => _completion.Task;

    protected override void Deliver(ReadAnswer answer) => _completion.TrySetResult(answer);
}

/// <summary>Asked by an actor with a message.</summary>
internal sealed class ActorRead(Query query, IActorRef replyTo, IActorRef self) : PendingRead(query.Request, isBarrier: false, query.Consistency)
{
    protected override void Deliver(ReadAnswer answer) => replyTo.Tell(answer, self);
}
