using System.Runtime.InteropServices;
using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Serialization;
using RaftActors.Dispatch;

namespace RaftActors.Remoting;

/// <summary>Carries <see cref="PeerFrame"/> over Akka.Remote: a fixed manifest, no type names from the wire, no copies.</summary>
public sealed class PeerFrameSerializer : SerializerWithStringManifest
{
    internal const int Id = 4711;

    private const string FrameManifest = "F1";

    /// <summary>Made by the extension, or by Akka when bound in HOCON.</summary>
    /// <param name="system">The actor system.</param>
    public PeerFrameSerializer(ExtendedActorSystem system)
        : base(system)
    {
    }

    /// <inheritdoc/>
    public override int Identifier => Id;

    /// <inheritdoc/>
    public override string Manifest(object o) =>
        o is PeerFrame ? FrameManifest : throw new ArgumentException($"Not a peer frame: {o?.GetType()}.", nameof(o));

    /// <inheritdoc/>
    public override byte[] ToBinary(object obj) =>
        obj is PeerFrame frame ? Bytes(frame.Bytes) : throw new ArgumentException($"Not a peer frame: {obj?.GetType()}.", nameof(obj));

    /// <inheritdoc/>
    public override object FromBinary(byte[] bytes, string manifest)
    {
        if (manifest != FrameManifest)
        {
            throw new SerializationException($"Unknown manifest '{manifest}' of a peer frame.");
        }

        // The thread that received the frame tells it next, and may carry it on: as far as to the disk, where the journal is set so.
        ThreadLoan.Offer(mayBlock: true);
        return new PeerFrame(bytes);
    }

    /// <summary>The array behind a memory when it is exactly that; otherwise a copy.</summary>
    internal static byte[] Bytes(ReadOnlyMemory<byte> memory) =>
        MemoryMarshal.TryGetArray(memory, out ArraySegment<byte> segment) && segment.Offset == 0 && segment.Count == segment.Array!.Length
            ? segment.Array
            : memory.ToArray();
}
