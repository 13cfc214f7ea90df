namespace RaftActors.Remoting;

/// <summary>One frame between members, encoded. What travels over Akka.Remote, with a serializer of its own.</summary>
public sealed class PeerFrame
{
    /// <summary>Wraps encoded bytes; they are not copied and not yet checked.</summary>
    /// <param name="bytes">One frame.</param>
    public PeerFrame(ReadOnlyMemory<byte> bytes) => Bytes = bytes;

    /// <summary>Header and body.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <inheritdoc/>
    public override string ToString() => $"peer frame of {Bytes.Length} bytes";
}
