namespace RaftActors.Journal.Wal;

/// <summary>An event on its way into the log.</summary>
internal readonly record struct EventToWrite(
    long SequenceNr, int SerializerId, string Manifest, string AdapterManifest, string Writer, long Ticks, ReadOnlyMemory<byte> Payload);

/// <summary>An event as it was read.</summary>
internal readonly record struct StoredEvent(
    long SequenceNr, int SerializerId, string Manifest, string AdapterManifest, string Writer, long Ticks, byte[] Payload);

/// <summary>Something for the writer to do, answered when it is durable.</summary>
/// <param name="answer">Where the continuation runs.</param>
internal abstract class Request(TaskCreationOptions answer = TaskCreationOptions.RunContinuationsAsynchronously)
{
    private readonly TaskCompletionSource _done = new(answer);

    public Task Done => _done.Task;

    public void Complete() => _done.TrySetResult();

    public void Fail(Exception cause) => _done.TrySetException(cause);
}

/// <summary>Atomic writes of one persistence id, in order.</summary>
/// <remarks>
/// Answered on the writer's thread: what follows is a message to the actor that waits, and a detour over another thread would cost more than that. So whoever awaits one must
/// not do work there.
/// </remarks>
internal sealed class AppendRequest(string persistenceId, IReadOnlyList<EventToWrite[]> writes) : Request(TaskCreationOptions.None)
{
    public string PersistenceId { get; } = persistenceId;

    public IReadOnlyList<EventToWrite[]> Writes { get; } = writes;
}

internal sealed class DeleteRequest(string persistenceId, long to) : Request
{
    public string PersistenceId { get; } = persistenceId;

    public long To { get; } = to;
}

/// <summary>Answered when everything before it is.</summary>
internal sealed class BarrierRequest : Request;
