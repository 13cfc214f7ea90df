using System.CommandLine;
using System.Globalization;
using RaftActors.TestKit.Simulation;
using Spectre.Console;

namespace RaftActors.Node.Commands;

/// <summary><c>raftactors simulate</c>: runs seeds of the simulated cluster, and explains the first that fails.</summary>
internal static class SimulateCommand
{
    private const int TraceLines = 40;

    public static Command Create()
    {
        Option<int?> seeds = new("--seeds") { Description = "How many seeds to run; 1000 when no --seed is given, else 1." };
        Option<ulong?> seed = new("--seed") { Description = "The first seed; 1 when not given." };
        Option<int?> nodes = new("--nodes") { Description = "Voting members; as many as each seed says when not given." };
        Option<string> faults = new("--faults") { Description = $"What goes wrong: {string.Join(", ", SimulationProfile.Names)}.", DefaultValueFactory = _ => "all" };
        Option<string> folder = new("--out") { Description = "Folder for the trace and the picture of a failure.", DefaultValueFactory = _ => "simulation" };
        Option<bool> actors = new("--actors") { Description = "Run the real actors instead of cores alone: everything that a node runs but the network and the disk. Far fewer seeds per second." };
        seeds.Validators.Add(r => OptionRules.Require(r, r.GetValueOrDefault<int?>() is null or > 0, "--seeds must be at least 1."));
        nodes.Validators.Add(r => OptionRules.Require(r, r.GetValueOrDefault<int?>() is null or (> 0 and <= 9), "--nodes must be from 1 to 9."));
        faults.Validators.Add(r => OptionRules.Require(r, SimulationProfile.Names.Contains(r.GetValueOrDefault<string>(), StringComparer.Ordinal), $"--faults must be one of {string.Join(", ", SimulationProfile.Names)}."));
        Command command = new("simulate", "Run simulated clusters under faults, one for each seed. Exit code 8 when one breaks a promise.")
        {
            seeds, seed, nodes, faults, folder, actors,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            new Request(
                parsed.GetValue(seed) ?? 1,
                parsed.GetValue(seeds) ?? (parsed.GetValue(seed) is not null ? 1 : parsed.GetValue(actors) ? 100 : 1000),
                parsed.GetValue(nodes),
                parsed.GetValue(faults)!,
                parsed.GetValue(folder)!,
                parsed.GetValue(actors)),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(Request request, CancellationToken cancellationToken)
    {
        SimulatedSeeds seeds = new(request.First, request.Count, Run, cancellationToken);
        Task<SimulatedSeeds.Outcome?> run = Task.Run(seeds.Run, CancellationToken.None);
        if (AnsiConsole.Profile.Capabilities.Interactive && !Console.IsOutputRedirected)
        {
            await ShowBarAsync(seeds, run).ConfigureAwait(false);
        }
        else
        {
            await WriteLinesAsync(seeds, run).ConfigureAwait(false);
        }

        SimulatedSeeds.Outcome? failed = await run.ConfigureAwait(false);
        await Console.Out.WriteLineAsync(seeds.Describe(request.Actors ? $"{request.Faults}, actors" : request.Faults)).ConfigureAwait(false);
        if (failed?.Failure is not { } failure)
        {
            return cancellationToken.IsCancellationRequested ? ExitCode.Failure : ExitCode.Ok;
        }

        await Console.Out.WriteLineAsync($"seed {failed.Seed} FAILED: {failure.Invariant}: {failure.Message}").ConfigureAwait(false);
        await Console.Out.WriteLineAsync("looking for the smallest run that shows it ...").ConfigureAwait(false);
        return await ExplainAsync(failed, request).ConfigureAwait(false);

        SimulatedSeeds.Outcome Run(ulong seed)
        {
            if (request.Actors)
            {
                ActorSimulationResult actors = ActorSimulator.Run(ActorSchedule.Of(seed, request.Faults, request.Nodes));
                return new SimulatedSeeds.Outcome(seed, actors.Turns, actors.Acknowledged, actors.Failure, actors.Failure is null ? null : actors);
            }

            SimulationResult cores = Simulator.Run(SimulationSchedule.Of(seed, request.Faults, request.Nodes));
            int acknowledged = cores.Cluster.Writes.Count(w => w.State == WriteState.Acknowledged);
            return new SimulatedSeeds.Outcome(seed, cores.Cluster.Time.Steps, acknowledged, cores.Failure, cores.Failure is null ? null : cores);
        }
    }

    private static async Task<int> ExplainAsync(SimulatedSeeds.Outcome failed, Request request)
    {
        (IReadOnlyList<string> description, IReadOnlyCollection<string> trace, Func<string, string> write) = await Task.Run(() => Explain(failed)).ConfigureAwait(false);
        foreach (string line in description.Skip(1))
        {
            await Console.Out.WriteLineAsync(line).ConfigureAwait(false);
        }

        await Console.Out.WriteLineAsync($"the last {Math.Min(TraceLines, trace.Count)} of {trace.Count} events that led there:").ConfigureAwait(false);
        foreach (string line in trace.TakeLast(TraceLines))
        {
            await Console.Out.WriteLineAsync(line).ConfigureAwait(false);
        }

        string options = $"{(request.Nodes is { } n ? string.Create(CultureInfo.InvariantCulture, $" --nodes {n}") : string.Empty)}{(request.Actors ? " --actors" : string.Empty)}";
        string again = string.Create(CultureInfo.InvariantCulture, $"raftactors simulate --seed {failed.Seed} --faults {request.Faults}{options}");
        try
        {
            string picture = write(request.Folder);
            await Console.Out.WriteLineAsync($"picture: {picture}").ConfigureAwait(false);
            await Console.Out.WriteLineAsync($"trace:   {Path.ChangeExtension(picture, ".txt")}").ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"raftactors: cannot write to --out {request.Folder}: {e.Message}").ConfigureAwait(false);
        }

        await Console.Out.WriteLineAsync($"again:   {again}").ConfigureAwait(false);
        return ExitCode.SimulationFailed;
    }

    private static (IReadOnlyList<string> Description, IReadOnlyCollection<string> Trace, Func<string, string> Write) Explain(SimulatedSeeds.Outcome failed)
    {
        if (failed.Result is ActorSimulationResult actors)
        {
            ActorFailureReport report = ActorFailureReport.Of(actors);
            return (report.Describe(), report.Trace, report.WriteTo);
        }

        FailureReport cores = FailureReport.Of((SimulationResult)failed.Result!);
        return (cores.Describe(), cores.MinimalTrace(), cores.WriteTo);
    }

    private static Task ShowBarAsync(SimulatedSeeds seeds, Task run) => AnsiConsole.Progress()
        .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
        .StartAsync(async context =>
        {
            ProgressTask task = context.AddTask("simulating", maxValue: seeds.Count);
            while (await Task.WhenAny(run, Task.Delay(200)).ConfigureAwait(false) != run)
            {
                Show();
            }

            Show();

            void Show()
            {
                task.Value = seeds.Done;
                task.Description = string.Create(CultureInfo.InvariantCulture, $"{seeds.Done} of {seeds.Count} seeds, {seeds.PerSecond:F0}/s");
            }
        });

    private static async Task WriteLinesAsync(SimulatedSeeds seeds, Task run)
    {
        while (await Task.WhenAny(run, Task.Delay(TimeSpan.FromSeconds(5))).ConfigureAwait(false) != run)
        {
            await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{seeds.Done} of {seeds.Count} seeds, {seeds.PerSecond:F0} seeds/s")).ConfigureAwait(false);
        }
    }

    private sealed record Request(ulong First, int Count, int? Nodes, string Faults, string Folder, bool Actors);
}
