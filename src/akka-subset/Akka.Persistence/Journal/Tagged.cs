using System.Collections.Immutable;

namespace Akka.Persistence.Journal;

/// <summary>An event with tags that a journal stores beside it; event adapters wrap events in it.</summary>
public struct Tagged
{
    public Tagged(object payload, IEnumerable<string> tags)
        : this(payload, tags.ToImmutableHashSet())
    {
    }

    public Tagged(object payload, IImmutableSet<string> tags)
    {
        Payload = payload;
        Tags = tags;
    }

    public object Payload { get; private set; }

    public IImmutableSet<string> Tags { get; private set; }
}
