using System.Collections.Concurrent;
using System.Collections.Immutable;
using Akka.Actor;

namespace Akka.Persistence.Journal;

/// <summary>A journal in memory. What it holds dies with its actor.</summary>
public class MemoryJournal : AsyncWriteJournal
{
    private readonly ConcurrentDictionary<string, LinkedList<IPersistentRepresentation>> _messages = new(StringComparer.Ordinal);

    public MemoryJournal()
    {
    }

    protected virtual ConcurrentDictionary<string, LinkedList<IPersistentRepresentation>> Messages => _messages;

    /// <summary>The highest number ever added per persistence id: it outlives the deletion of the events.</summary>
    internal virtual ConcurrentDictionary<string, long> HighestNumbers { get; } = new(StringComparer.Ordinal);

    public override Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr) =>
        Task.FromResult(HighestSequenceNr(persistenceId));

    public override Task ReplayMessagesAsync(
        IActorContext context,
        string persistenceId,
        long fromSequenceNr,
        long toSequenceNr,
        long max,
        Action<IPersistentRepresentation> recoveryCallback)
    {
        foreach (var persistent in Read(persistenceId, fromSequenceNr, Math.Min(toSequenceNr, HighestSequenceNr(persistenceId)), max))
            recoveryCallback(persistent);
        return Task.CompletedTask;
    }

    public IDictionary<string, LinkedList<IPersistentRepresentation>> Add(IPersistentRepresentation persistent)
    {
        var list = Messages.GetOrAdd(persistent.PersistenceId, _ => []);
        lock (list)
        {
            list.AddLast(persistent);
            HighestNumbers.AddOrUpdate(persistent.PersistenceId, persistent.SequenceNr, (_, highest) => Math.Max(highest, persistent.SequenceNr));
        }

        return Messages;
    }

    public IDictionary<string, LinkedList<IPersistentRepresentation>> Update(
        string pid, long seqNr, Func<IPersistentRepresentation, IPersistentRepresentation> updater)
    {
        if (Messages.TryGetValue(pid, out var list))
        {
            lock (list)
            {
                for (var node = list.First; node is not null; node = node.Next)
                {
                    if (node.Value.SequenceNr == seqNr)
                        node.Value = updater(node.Value);
                }
            }
        }

        return Messages;
    }

    public IDictionary<string, LinkedList<IPersistentRepresentation>> Delete(string pid, long seqNr)
    {
        if (Messages.TryGetValue(pid, out var list))
        {
            lock (list)
            {
                for (var node = list.First; node is not null;)
                {
                    var next = node.Next;
                    if (node.Value.SequenceNr == seqNr)
                        list.Remove(node);
                    node = next;
                }
            }
        }

        return Messages;
    }

    public IEnumerable<IPersistentRepresentation> Read(string pid, long fromSeqNr, long toSeqNr, long max)
    {
        if (!Messages.TryGetValue(pid, out var list))
            return [];
        lock (list)
        {
            return [.. list
                .Where(p => p.SequenceNr >= fromSeqNr && p.SequenceNr <= toSeqNr)
                .Take((int)Math.Clamp(max, 0L, int.MaxValue))];
        }
    }

    public long HighestSequenceNr(string pid) => HighestNumbers.GetValueOrDefault(pid);

    protected override Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages)
    {
        foreach (var write in messages)
        {
            foreach (var persistent in write.Events)
                Add(persistent);
        }

        return Task.FromResult<IImmutableList<Exception>>(null);
    }

    protected override Task DeleteMessagesToAsync(string persistenceId, long toSequenceNr)
    {
        if (Messages.TryGetValue(persistenceId, out var list))
        {
            lock (list)
            {
                while (list.First is { } first && first.Value.SequenceNr <= toSequenceNr)
                    list.RemoveFirst();
            }
        }

        return Task.CompletedTask;
    }
}
