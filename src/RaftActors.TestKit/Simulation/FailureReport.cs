using System.Globalization;

namespace RaftActors.TestKit.Simulation;

/// <summary>What there is to know about a failing seed: the smallest run that shows it, its trace, its picture.</summary>
public sealed class FailureReport
{
    private FailureReport(SimulationResult original, SimulationResult minimal, SimulationTrace trace)
    {
        Original = original;
        Minimal = minimal;
        Trace = trace;
    }

    /// <summary>The run as the seed gives it.</summary>
    public SimulationResult Original { get; }

    /// <summary>The smallest run found that breaks the same invariant.</summary>
    public SimulationResult Minimal { get; }

    /// <summary>Everything that happened in the smallest run.</summary>
    public SimulationTrace Trace { get; }

    /// <summary>Shrinks a failing run and records what is left of it.</summary>
    /// <param name="failed">A run that failed.</param>
    /// <param name="budget">How many runs shrinking may take.</param>
    public static FailureReport Of(SimulationResult failed, int budget = 600)
    {
        SimulationResult minimal = ScheduleShrinker.Shrink(failed, budget);
        SimulationTrace trace = new();
        return new FailureReport(failed, Simulator.Run(minimal.Schedule, trace), trace);
    }

    /// <summary>What can have led to the failure, in words, without the timers that were only started.</summary>
    public IReadOnlyList<string> MinimalTrace() => [.. Trace.Explanation().Select(e => e.ToString())];

    /// <summary>Writes <c>seed-N.txt</c> and <c>seed-N.html</c>.</summary>
    /// <returns>The path of the picture.</returns>
    public string WriteTo(string folder)
    {
        Directory.CreateDirectory(folder);
        string name = Path.GetFullPath(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"seed-{Original.Schedule.Seed}")));
        File.WriteAllLines(name + ".txt", [.. Describe(), string.Empty, .. MinimalTrace()]);
        File.WriteAllText(name + ".html", SpaceTimeDiagram.Draw(Describe(), Minimal, Trace));
        return name + ".html";
    }

    /// <summary>The failure and the two schedules, in a few lines.</summary>
    public IReadOnlyList<string> Describe() =>
    [
        $"{Minimal.Failure!.Invariant}: {Minimal.Failure.Message}",
        $"found by: {Original.Schedule.Describe()} ({Original.Faults} faults, {Original.Requests} requests)",
        $"smallest: {Minimal.Schedule.Describe()} ({Minimal.FaultsLeft} faults, {Minimal.RequestsLeft} requests left)",
    ];
}
