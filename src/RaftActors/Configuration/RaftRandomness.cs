namespace RaftActors.Configuration;

/// <summary>What the actors of one node draw: from the system's randomness, or repeatably from a seed. Thread-safe.</summary>
/// <param name="seed">0 for the system's randomness.</param>
internal sealed class RaftRandomness(ulong seed)
{
    private readonly Lock _lock = new();
    private readonly bool _seeded = seed != 0;
    private ulong _state = seed;

    public ulong Next()
    {
        if (!_seeded)
        {
            return (ulong)Random.Shared.NextInt64();
        }

        lock (_lock)
        {
            // SplitMix64.
            _state += 0x9E3779B97F4A7C15;
            ulong z = _state;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}
