namespace RaftActors.Runtime;

/// <summary>What outlives the actor that speaks with a peer: what the peer has sent already, and what waits for it.</summary>
internal sealed class PeerMemory(long maxQueueBytes)
{
    /// <summary>Proposals that the peer has forwarded.</summary>
    public TokenWindow Proposals { get; } = new();

    /// <summary>Messages of its application.</summary>
    public TokenWindow Messages { get; } = new();

    /// <summary>Messages to it that the transport does not have yet.</summary>
    public ByteBudget Outgoing { get; private set; } = new(maxQueueBytes);

    /// <summary>Messages from it that the application does not have yet.</summary>
    public ByteBudget Incoming { get; private set; } = new(maxQueueBytes);

    /// <summary>What waited in the actor that spoke with the peer is lost.</summary>
    public void RenewOutgoing() => Outgoing = new ByteBudget(maxQueueBytes);

    /// <summary>What waited for the application is lost.</summary>
    public void RenewIncoming() => Incoming = new ByteBudget(maxQueueBytes);
}

/// <summary>Counts bytes that wait, up to a bound. Thread-safe.</summary>
internal sealed class ByteBudget(long limit)
{
    // What a message costs beside its bytes: many empty ones must not be free.
    private const int Overhead = 256;

    private long _used;

    public bool TryReserve(int bytes)
    {
        if (Interlocked.Add(ref _used, bytes + Overhead) <= limit)
        {
            return true;
        }

        Release(bytes);
        return false;
    }

    public void Release(int bytes) => Interlocked.Add(ref _used, -(bytes + Overhead));
}
