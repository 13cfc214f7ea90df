namespace RaftActors.Protocol;

/// <summary>
/// The core's only randomness: SplitMix64, which gives the same sequence for the same seed on every platform and
/// runtime version (the framework's generator promises neither).
/// </summary>
internal sealed class SeededRandom
{
    private ulong _state;

    /// <summary>Makes a generator. Seeds that lie close together give unrelated sequences.</summary>
    public SeededRandom(ulong seed) => _state = seed;

    /// <summary>64 random bits.</summary>
    public ulong Next()
    {
        _state += 0x9E3779B97F4A7C15;
        ulong z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>A duration evenly drawn from <paramref name="min"/> (included) to <paramref name="max"/> (excluded).</summary>
    public TimeSpan Between(TimeSpan min, TimeSpan max)
    {
        ulong range = (ulong)Math.Max(0, max.Ticks - min.Ticks);
        return min + TimeSpan.FromTicks((long)Math.BigMul(Next(), range, out _));
    }
}
