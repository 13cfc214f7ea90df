namespace RaftActors.TestKit.Local;

/// <summary>One stream of chance. Scheduling, network and journals each have their own, so that one more frame does not change the order of everything else.</summary>
internal sealed class ClusterRandom(ulong seed)
{
    private ulong _state = seed;

    /// <summary>A stream of its own for each purpose.</summary>
    public static ClusterRandom For(ulong seed, ulong purpose) => new(new ClusterRandom(seed ^ (purpose * 0xD1342543DE82EF95)).Next());

    // SplitMix64.
    public ulong Next()
    {
        _state += 0x9E3779B97F4A7C15;
        ulong z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    public int Below(int bound) => (int)(Next() % (ulong)bound);

    public bool Chance(double share) => share > 0 && (Next() >> 11) * (1.0 / (1UL << 53)) < share;

    public TimeSpan Between(TimeSpan min, TimeSpan max) =>
        max <= min ? min : min + TimeSpan.FromTicks((long)(Next() % (ulong)((max - min).Ticks + 1)));
}
