using System.Collections.Concurrent;

namespace Akka.Persistence.Journal;

/// <summary>A journal in memory that all actor systems of the process share, so that one can recover what another wrote.</summary>
public class SharedMemoryJournal : MemoryJournal
{
    private static readonly ConcurrentDictionary<string, LinkedList<IPersistentRepresentation>> s_messages = new(StringComparer.Ordinal);
    private static readonly ConcurrentDictionary<string, long> s_highestNumbers = new(StringComparer.Ordinal);

    public SharedMemoryJournal()
    {
    }

    protected override ConcurrentDictionary<string, LinkedList<IPersistentRepresentation>> Messages => s_messages;

    internal override ConcurrentDictionary<string, long> HighestNumbers => s_highestNumbers;
}
