using System.Collections.Immutable;

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
    // The result is null. To the base class of journals that says that nothing was rejected, so it gets the task as it is.
    private readonly TaskCompletionSource<IImmutableList<Exception>?> _done = new(answer);

    public Task<IImmutableList<Exception>?> Done => _done.Task;

    public void Complete() => _done.TrySetResult(null);

    public void Fail(Exception cause) => _done.TrySetException(cause);
}

/// <summary>Atomic writes of one persistence id, in order.</summary>
/// <remarks>
/// Answered on the writer's thread: what follows is a message to the actor that waits, and a detour over another thread would cost more than that. So whoever awaits one must
/// not do work there.
/// </remarks>
internal sealed class AppendRequest(string persistenceId, List<EventToWrite[]> writes) : Request(TaskCreationOptions.None)
{
    public string PersistenceId { get; } = persistenceId;

    public List<EventToWrite[]> Writes { get; } = writes;
}

internal sealed class DeleteRequest(string persistenceId, long to) : Request
{
    public string PersistenceId { get; } = persistenceId;

    public long To { get; } = to;
}

/// <summary>Answered when everything before it is.</summary>
internal sealed class BarrierRequest : Request;
