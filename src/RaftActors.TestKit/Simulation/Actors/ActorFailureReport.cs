using System.Globalization;

namespace RaftActors.TestKit.Simulation;

/// <summary>What there is to know about a seed of the real actors that failed: the smallest run found, its trace, its picture.</summary>
public sealed class ActorFailureReport
{
    private readonly SimulationTrace _recorded = new();

    private ActorFailureReport(ActorSimulationResult original, ActorSimulationResult minimal)
    {
        Original = original;
        Minimal = ActorSimulator.Run(minimal.Schedule, _recorded);
    }

    /// <summary>The run as the seed gives it.</summary>
    public ActorSimulationResult Original { get; }

    /// <summary>The smallest run found that breaks the same promise.</summary>
    public ActorSimulationResult Minimal { get; }

    /// <summary>Leaves out faults, and time, as long as the same promise breaks.</summary>
    /// <param name="failed">A run that failed.</param>
    /// <param name="budget">How many runs that may take.</param>
    public static ActorFailureReport Of(ActorSimulationResult failed, int budget = 100)
    {
        ArgumentNullException.ThrowIfNull(failed);
        if (failed.Failure is null)
        {
            throw new ArgumentException("Only a run that failed can be shrunk.", nameof(failed));
        }

        ActorSimulationResult best = failed;
        if (failed.Failure.At < failed.Schedule.HostileTime)
        {
            Try(failed.Schedule with { HostileTime = failed.Failure.At });
        }

        List<int> kept = [.. Enumerable.Range(1, best.Faults)];
        for (int size = kept.Count; size >= 1 && budget > 0; size /= 2)
        {
            for (int i = 0; i < kept.Count && budget > 0;)
            {
                List<int> some = kept.GetRange(i, Math.Min(size, kept.Count - i));
                if (Try(best.Schedule with { WithoutFaults = best.Schedule.WithoutFaults.Union(some) }))
                {
                    kept.RemoveRange(i, some.Count);
                }
                else
                {
                    i += size;
                }
            }
        }

        return new ActorFailureReport(failed, best);

        bool Try(ActorSchedule schedule)
        {
            budget--;
            ActorSimulationResult result = ActorSimulator.Run(schedule);
            bool fails = result.Failure?.Invariant == best.Failure!.Invariant;
            best = fails ? result : best;
            return fails;
        }
    }

    /// <summary>The failure and the two schedules, in a few lines.</summary>
    public IReadOnlyList<string> Describe() =>
    [
        $"{Minimal.Failure?.Invariant}: {Minimal.Failure?.Message}",
        $"found by: {Original.Schedule.Describe()} ({Original.Faults} faults)",
        $"smallest: {Minimal.Schedule.Describe()} ({Minimal.FaultsLeft} faults left)",
    ];

    /// <summary>What happened, one event a line.</summary>
    public IReadOnlyCollection<string> Trace => Minimal.Trace.Lines;

    /// <summary>Writes <c>seed-N-actors.txt</c>, <c>seed-N-actors.html</c> and <c>seed-N-actors.jsonl</c>, the history of the clients.</summary>
    /// <param name="folder">Where to.</param>
    /// <returns>The path of the picture.</returns>
    public string WriteTo(string folder)
    {
        Directory.CreateDirectory(folder);
        string name = Path.GetFullPath(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"seed-{Original.Schedule.Seed}-actors")));
        File.WriteAllLines(name + ".txt", [.. Describe(), string.Empty, .. Trace]);
        File.WriteAllText(name + ".html", SpaceTimeDiagram.Draw(Describe(), Original.Schedule.Seed, Minimal.Members, _recorded));
        Minimal.History.WriteFile(name + ".jsonl");
        return name + ".html";
    }
}
