using System.Collections.Immutable;
using System.Globalization;
using Akka.Configuration;

namespace RaftActors.TestKit.Simulation;

/// <summary>Everything that decides a run of the real actors: the same schedule gives the same run, turn for turn.</summary>
/// <param name="Seed">Decides chance.</param>
/// <param name="Faults">One of <see cref="SimulationProfile.Names"/>.</param>
/// <param name="Profile">How large the cluster is and how unfriendly its world. Clocks do not drift: all members see the cluster's.</param>
public sealed record ActorSchedule(ulong Seed, string Faults, SimulationProfile Profile)
{
    /// <summary>How long a client waits for an answer before the runtime gives one itself.</summary>
    public static TimeSpan ClientTimeout { get; } = TimeSpan.FromSeconds(1);

    /// <summary>How long there are faults. What follows is peace, in which the cluster must recover.</summary>
    public TimeSpan HostileTime { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Faults to leave out, numbered from 1 in the order in which they come up.</summary>
    public ImmutableHashSet<int> WithoutFaults { get; init; } = [];

    /// <summary>The schedule of a seed.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="faults">One of <see cref="SimulationProfile.Names"/>.</param>
    /// <param name="voters">Voting members; null for as many as the seed says.</param>
    public static ActorSchedule Of(ulong seed, string faults = "all", int? voters = null)
    {
        SimulationSchedule cores = SimulationSchedule.Of(seed, faults, voters);
        return new ActorSchedule(seed, faults, cores.Profile);
    }

    /// <summary>The seed, the size and the length, in one line.</summary>
    public string Describe() => string.Create(
        CultureInfo.InvariantCulture,
        $"seed {Seed}, {Profile.Voters} voters, {Profile.Loggers} loggers, {Profile.Learners} learners, {Profile.Spares} spares, {HostileTime.TotalMilliseconds:F0} ms of faults ({Faults})");

    internal LocalClusterOptions ToOptions(Func<NodeId, IStateMachine> stateMachine, SimulationTrace? recorder)
    {
        StreamMembership membership = Profile.Membership();
        return new LocalClusterOptions
        {
            Seed = Seed,
            Members = membership.Members.Length,
            Kind = id => membership.Find(id)?.Kind ?? MemberKind.Voter,
            Priority = id => membership.Find(id)?.Priority ?? 0,
            StateMachine = stateMachine,
            Network = new LocalNetworkOptions { MinDelay = Profile.MinDelay, MaxDelay = Profile.MaxDelay, Loss = Profile.Loss, Duplication = Profile.Duplication },
            Journal = new LocalJournalOptions { MinDelay = Profile.MinDisk, MaxDelay = Profile.MaxDisk },
            Settings = Settings(),
            Recorder = recorder,
        };
    }

    private static string OnOff(bool on) => on ? "on" : "off";

    private static string Ms(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:F0}ms");

    private Config Settings() => ConfigurationFactory.ParseString(string.Create(CultureInfo.InvariantCulture, $"""
        election-timeout-min = {Ms(SimulationProfile.ElectionTimeoutMin)}
        election-timeout-max = {Ms(SimulationProfile.ElectionTimeoutMax)}
        heartbeat-interval = {Ms(SimulationProfile.HeartbeatInterval)}
        vote-retry-interval = {Ms(SimulationProfile.HeartbeatInterval)}
        priority-switch-after = {Ms(2 * SimulationProfile.ElectionTimeoutMax)}
        pre-vote = {OnOff(Profile.PreVote)}
        check-quorum = {OnOff(Profile.CheckQuorum)}
        full-consensus = {OnOff(Profile.FullConsensus)}
        apply-before-own-disk = {OnOff(Profile.ApplyBeforeOwnDisk)}
        {(Profile.CommitNoticesAfterApply ? "state-machine-dispatcher = \"raft-actors.dispatchers.consensus\"" : "")}
        catch-up-margin = 5
        catch-up-timeout = {Ms(4 * SimulationProfile.ElectionTimeoutMax)}
        client-timeout = {Ms(ClientTimeout)}
        in-memory-tail-entries = {Profile.MaxLogEntriesInMemory}
        in-memory-tail-bytes = {Profile.MaxLogBytesInMemory}
        in-memory-tail-spare = {Profile.SpareLogBytesInMemory}
        coalesce-appends-below = {Profile.CoalesceAppendsBelow}
        coalesce-appends-round-trip = 1s
        spare-appends-below = {Profile.SpareAppendsBelow}
        spare-appends-for = {Ms(Profile.SpareAppendsFor)}
        max-in-flight-appends = {Profile.MaxInFlightAppends}
        snapshot-every-entries = {Profile.SnapshotEvery}
        snapshot-reserved-entries = {Profile.ReservedEntries}
        snapshot-block-bytes = 1KiB
        snapshot-retry-interval = 100ms
        snapshot-timeout = 1s
        restart-backoff-min = 20ms
        restart-backoff-max = 200ms
        stop-timeout = 300ms
        """));
}
