using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>The one source of chance in a simulation: the same seed gives the same run, on every machine.</summary>
internal sealed class SimulationRandom
{
    private readonly SeededRandom _random;

    public SimulationRandom(ulong seed) => _random = new SeededRandom(seed);

    public ulong Next() => _random.Next();

    public int Below(int bound) => (int)(_random.Next() % (ulong)bound);

    public int Between(int first, int last) => first + Below(last - first + 1);

    public TimeSpan Between(TimeSpan min, TimeSpan max) => max <= min ? min : _random.Between(min, max);

    public bool Chance(double probability) => (_random.Next() >> 11) * (1.0 / (1UL << 53)) < probability;

    public T Pick<T>(IReadOnlyList<T> from) => from[Below(from.Count)];
}
