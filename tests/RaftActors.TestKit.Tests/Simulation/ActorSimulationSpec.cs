using System.Diagnostics;
using System.Globalization;
using RaftActors.Protocol;
using RaftActors.TestKit.Simulation;
using Xunit.Abstractions;

namespace RaftActors.TestKit.Tests.Simulation;

/// <summary>The real actors under seeded faults; every seed that fails is printed with its story.</summary>
public sealed class ActorSimulationSpec(ITestOutputHelper output)
{
    private static readonly int Seeds = int.TryParse(Environment.GetEnvironmentVariable("RAFT_ACTOR_SEEDS"), NumberStyles.None, CultureInfo.InvariantCulture, out int seeds) ? seeds : 40;

    [Theory]
    [InlineData("all", 5)]
    [InlineData("network", 1)]
    [InlineData("storage", 1)]
    [InlineData("time", 1)]
    [InlineData("crashes", 1)]
    [InlineData("operators", 1)]
    [InlineData("sessions", 2)]
    [InlineData("consensus", 2)]
    [InlineData("ahead", 2)]
    public void Nothing_must_break_while_there_are_faults_and_everything_must_recover_afterwards(string faults, int tenths)
    {
        ulong first = ulong.TryParse(Environment.GetEnvironmentVariable("RAFT_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out ulong given) ? given : 1;
        int count = Math.Max(1, Seeds * tenths / 10);
        Stopwatch clock = Stopwatch.StartNew();
        long acknowledged = 0;
        long turns = 0;
        for (ulong seed = first; seed < first + (ulong)count; seed++)
        {
            ActorSimulationResult result = ActorSimulator.Run(ActorSchedule.Of(seed, faults));
            acknowledged += result.Acknowledged;
            turns += result.Turns;
            Assert.True(result.Failure is null, $"{result.Schedule.Describe()}\n{result.Failure?.Invariant}: {result.Failure?.Message}\nagain: raftactors simulate --actors --seed {seed} --faults {faults}\n{result.Trace.Tail(60)}");
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count} seeds from {first} on ({faults}), {count / clock.Elapsed.TotalSeconds:F1} seeds/s, {turns} turns, {acknowledged} writes acknowledged"));
        Assert.True(acknowledged > 10 * count, $"only {acknowledged} writes were acknowledged in {count} seeds");
    }

    /// <summary>The invariant of sessions sees what the real actors decide: first times, repetitions, and sessions that are gone.</summary>
    [Fact]
    public void Sessions_must_be_used_in_earnest()
    {
        long[] decisions = new long[Enum.GetValues<SessionDecision>().Length];
        for (ulong seed = 101; seed <= 110; seed++)
        {
            ActorSimulationResult result = ActorSimulator.Run(ActorSchedule.Of(seed, "sessions"));
            Assert.True(result.Failure is null, $"{result.Schedule.Describe()}\n{result.Failure?.Message}");
            decisions = [.. decisions.Zip(result.SessionDecisions, (a, b) => a + b)];
        }

        output.WriteLine(string.Join(", ", decisions.Select((count, at) => $"{(SessionDecision)at} {count}")));
        Assert.True(decisions[(int)SessionDecision.Apply] > 500, "hardly any command of a session was applied");
        Assert.True(decisions[(int)SessionDecision.Duplicate] > 10, "hardly any command was repeated");
    }

    [Theory]
    [InlineData(3UL)]
    [InlineData(11UL)]
    public void The_same_seed_must_give_the_same_run(ulong seed)
    {
        ActorSimulationResult first = ActorSimulator.Run(ActorSchedule.Of(seed));
        ActorSimulationResult second = ActorSimulator.Run(ActorSchedule.Of(seed));
        Assert.Equal(first.Trace.Lines, second.Trace.Lines);
        Assert.Equal(first.Turns, second.Turns);
    }
}
