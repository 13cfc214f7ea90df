using RaftActors.Protocol;

namespace RaftActors.TestKit.Local;

/// <summary>One stream of chance. Scheduling, network and journals each have their own, so that one more frame does not change the order of everything else.</summary>
internal sealed class ClusterRandom(ulong seed)
{
    private readonly SeededRandom _random = new(seed);

    /// <summary>A stream of its own for each purpose.</summary>
    public static ClusterRandom For(ulong seed, ulong purpose) => new(new SeededRandom(seed ^ (purpose * 0xD1342543DE82EF95)).Next());

    public ulong Next() => _random.Next();

    public int Below(int bound) => (int)(Next() % (ulong)bound);

    public bool Chance(double share) => share > 0 && (Next() >> 11) * (1.0 / (1UL << 53)) < share;

    /// <summary>A duration from <paramref name="min"/> to <paramref name="max"/>, both included.</summary>
    public TimeSpan Between(TimeSpan min, TimeSpan max) =>
        max <= min ? min : min + TimeSpan.FromTicks((long)(Next() % (ulong)((max - min).Ticks + 1)));
}
