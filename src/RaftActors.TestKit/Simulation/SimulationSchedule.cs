using System.Collections.Immutable;
using System.Globalization;

namespace RaftActors.TestKit.Simulation;

/// <summary>Everything that decides a run: the same schedule gives the same run, event for event.</summary>
/// <param name="Seed">Decides chance.</param>
/// <param name="Profile">The size of the cluster and how unfriendly its world is.</param>
public sealed record SimulationSchedule(ulong Seed, SimulationProfile Profile)
{
    /// <summary>How long there are faults. What follows is peace, in which the cluster must recover.</summary>
    public TimeSpan HostileTime { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>Faults to leave out, numbered from 1 in the order in which they come up.</summary>
    public ImmutableHashSet<int> WithoutFaults { get; init; } = [];

    /// <summary>Requests of clients to leave out, numbered likewise.</summary>
    public ImmutableHashSet<int> WithoutRequests { get; init; } = [];

    /// <summary>The schedule of a seed.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="faults">One of <see cref="SimulationProfile.Names"/>.</param>
    /// <param name="voters">Voting members; null for as many as the seed says.</param>
    public static SimulationSchedule Of(ulong seed, string faults = "all", int? voters = null)
    {
        SimulationProfile profile = SimulationProfile.Named(faults, new SimulationRandom(~seed));
        return new SimulationSchedule(seed, voters is { } count ? profile with { Voters = count } : profile);
    }

    /// <summary>The seed, the size and the length, in one line.</summary>
    public string Describe() => string.Create(
        CultureInfo.InvariantCulture,
        $"seed {Seed}, {Profile.Voters} voters, {Profile.Loggers} loggers, {Profile.Learners} learners, {HostileTime.TotalMilliseconds:F0} ms of faults");
}
