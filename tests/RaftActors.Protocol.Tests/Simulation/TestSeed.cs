using System.Globalization;

namespace RaftActors.Protocol.Tests.Simulation;

/// <summary>Where random tests begin. The environment variable RAFT_SEED repeats a seed that failed, RAFT_SEEDS runs another number of them.</summary>
internal static class TestSeed
{
    /// <summary>The seed to repeat; null when none is given.</summary>
    public static ulong? Given { get; } = Number("RAFT_SEED");

    /// <summary>The seed to repeat, or one that nobody has seen.</summary>
    public static ulong GivenOrFresh() => Given ?? (ulong)Random.Shared.NextInt64();

    /// <summary>How many seeds to run.</summary>
    public static ulong CountOr(ulong usual) => Number("RAFT_SEEDS") ?? usual;

    private static ulong? Number(string variable) =>
        ulong.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out ulong number) ? number : null;
}
