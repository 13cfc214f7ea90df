using System.Globalization;

namespace RaftActors.Tests.Support;

/// <summary>The seed of a random test: RAFT_SEED, or a fresh one. It goes into every message of a failure.</summary>
internal static class Seed
{
    public static int Next() =>
        int.TryParse(Environment.GetEnvironmentVariable("RAFT_SEED"), NumberStyles.Integer, CultureInfo.InvariantCulture, out int given) ? given : Random.Shared.Next();
}
