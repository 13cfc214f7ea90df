using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>The one source of chance in a simulation: the same seed gives the same run, on every machine.</summary>
public sealed class SimulationRandom
{
    private readonly SeededRandom _random;
    private readonly ulong _seed;

    /// <summary>Makes a source. Seeds that lie close together give unrelated sequences.</summary>
    public SimulationRandom(ulong seed)
    {
        _seed = seed;
        _random = new SeededRandom(seed);
    }

    /// <summary>
    /// Another source that depends on the seed and on <paramref name="name"/> only, not on what was drawn here before. Who has
    /// a source of its own is not disturbed when something else is taken out of a run, which is what shrinking lives on.
    /// </summary>
    public SimulationRandom Fork(ulong name) => new(new SeededRandom(_seed ^ ((name + 1) * 0xD6E8FEB86659FD93)).Next());

    /// <summary>64 random bits.</summary>
    public ulong Next() => _random.Next();

    /// <summary>A number from 0 up to, not including, <paramref name="bound"/>.</summary>
    public int Below(int bound) => (int)(_random.Next() % (ulong)bound);

    /// <summary>A number from <paramref name="first"/> to <paramref name="last"/>, both included.</summary>
    public int Between(int first, int last) => first + Below(last - first + 1);

    /// <summary>A duration from <paramref name="min"/> up to, not including, <paramref name="max"/>.</summary>
    public TimeSpan Between(TimeSpan min, TimeSpan max) => max <= min ? min : _random.Between(min, max);

    /// <summary>True with the given probability.</summary>
    public bool Chance(double probability) => probability > 0 && (_random.Next() >> 11) * (1.0 / (1UL << 53)) < probability;

    /// <summary>One of the given, each as likely.</summary>
    public T Pick<T>(IReadOnlyList<T> from) => from[Below(from.Count)];
}
