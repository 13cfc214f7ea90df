using System.Runtime.CompilerServices;
using Akka.Actor;

namespace Akka.Remote.Transport;

/// <summary>
/// The sender's half of the compression of paths and manifests: a direct-mapped table. A value that is in its slot
/// goes over the wire as two bytes; another one takes the slot over and is spelled out. Both halves are bounded, and
/// the receiver needs no answer channel: every definition travels in the frame that uses it first.
/// </summary>
internal sealed class OutboundSlots<T> where T : class
{
    private readonly T?[] _slots = new T?[Wire.SlotCount];

    /// <summary>The slot for the object; by identity, so the lookup costs no comparison of paths.</summary>
    public static int SlotOf(T value) => RuntimeHelpers.GetHashCode(value) & (Wire.SlotCount - 1);

    public bool Holds(int slot, T value) => ReferenceEquals(_slots[slot], value);

    public T? this[int slot]
    {
        get => _slots[slot];
        set => _slots[slot] = value;
    }
}

/// <summary>Slots for manifests, which are equal by content and mostly the same object.</summary>
internal sealed class ManifestSlots
{
    private readonly string?[] _slots = new string?[Wire.SlotCount];

    public static int SlotOf(string manifest)
    {
        // Enough to keep the few manifests of an application apart, and cheaper than a full string hash.
        var hash = manifest.Length * 31 + manifest[^1];
        hash = hash * 31 + manifest[manifest.Length / 2];
        return (hash * 31 + manifest[0]) & (Wire.SlotCount - 1);
    }

    public bool Holds(int slot, string manifest) => string.Equals(_slots[slot], manifest);

    public string? this[int slot]
    {
        set => _slots[slot] = value;
    }
}

/// <summary>A recipient as a peer names it, and the local actor that it led to last time.</summary>
internal sealed class ResolvedRecipient(string path, ActorPath? parsed, IInternalActorRef target)
{
    public string Path { get; } = path;
    public ActorPath? Parsed { get; } = parsed;
    public IInternalActorRef Target { get; set; } = target;
}
