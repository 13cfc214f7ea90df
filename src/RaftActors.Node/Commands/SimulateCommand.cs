using System.CommandLine;
using System.Diagnostics;
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
        seeds.Validators.Add(r => Require(r, r.GetValueOrDefault<int?>() is null or > 0, "--seeds must be at least 1."));
        nodes.Validators.Add(r => Require(r, r.GetValueOrDefault<int?>() is null or (> 0 and <= 9), "--nodes must be from 1 to 9."));
        faults.Validators.Add(r => Require(r, SimulationProfile.Names.Contains(r.GetValueOrDefault<string>(), StringComparer.Ordinal), $"--faults must be one of {string.Join(", ", SimulationProfile.Names)}."));
        Command command = new("simulate", "Run simulated clusters under faults, one for each seed. Exit code 8 when one breaks a promise.")
        {
            seeds, seed, nodes, faults, folder,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetValue(seed) ?? 1,
            parsed.GetValue(seeds) ?? (parsed.GetValue(seed) is null ? 1000 : 1),
            parsed.GetValue(nodes),
            parsed.GetValue(faults)!,
            parsed.GetValue(folder)!,
            cancellationToken));
        return command;
    }

    private static void Require(System.CommandLine.Parsing.OptionResult result, bool holds, string message)
    {
        if (!holds)
        {
            result.AddError(message);
        }
    }

    private static async Task<int> RunAsync(ulong first, int count, int? nodes, string faults, string folder, CancellationToken cancellationToken)
    {
        Seeds seeds = new(first, count, nodes, faults, cancellationToken);
        Task<SimulationResult?> run = Task.Run(seeds.Run, CancellationToken.None);
        if (AnsiConsole.Profile.Capabilities.Interactive && !Console.IsOutputRedirected)
        {
            await ShowBarAsync(seeds, run).ConfigureAwait(false);
        }
        else
        {
            await WriteLinesAsync(seeds, run).ConfigureAwait(false);
        }

        SimulationResult? failed = await run.ConfigureAwait(false);
        await Console.Out.WriteLineAsync(seeds.Describe()).ConfigureAwait(false);
        if (failed is null)
        {
            return cancellationToken.IsCancellationRequested ? ExitCode.Failure : ExitCode.Ok;
        }

        await Console.Out.WriteLineAsync($"seed {failed.Schedule.Seed} FAILED: {failed.Failure!.Invariant}: {failed.Failure.Message}").ConfigureAwait(false);
        await Console.Out.WriteLineAsync("looking for the smallest run that shows it ...").ConfigureAwait(false);
        return await ExplainAsync(failed, nodes, faults, folder).ConfigureAwait(false);
    }

    private static async Task<int> ExplainAsync(SimulationResult failed, int? nodes, string faults, string folder)
    {
        FailureReport report = await Task.Run(() => FailureReport.Of(failed)).ConfigureAwait(false);
        foreach (string line in report.Describe().Skip(1))
        {
            await Console.Out.WriteLineAsync(line).ConfigureAwait(false);
        }

        IReadOnlyList<string> trace = report.MinimalTrace();
        await Console.Out.WriteLineAsync($"the last {Math.Min(TraceLines, trace.Count)} of {trace.Count} events that led there:").ConfigureAwait(false);
        foreach (string line in trace.TakeLast(TraceLines))
        {
            await Console.Out.WriteLineAsync(line).ConfigureAwait(false);
        }

        string again = string.Create(CultureInfo.InvariantCulture, $"raftactors simulate --seed {failed.Schedule.Seed} --faults {faults}{(nodes is { } n ? $" --nodes {n}" : string.Empty)}");
        try
        {
            string picture = report.WriteTo(folder);
            await Console.Out.WriteLineAsync($"picture: {picture}").ConfigureAwait(false);
            await Console.Out.WriteLineAsync($"trace:   {Path.ChangeExtension(picture, ".txt")}").ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"raftactors: cannot write to --out {folder}: {e.Message}").ConfigureAwait(false);
        }

        await Console.Out.WriteLineAsync($"again:   {again}").ConfigureAwait(false);
        return ExitCode.SimulationFailed;
    }

    private static Task ShowBarAsync(Seeds seeds, Task run) => AnsiConsole.Progress()
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

    private static async Task WriteLinesAsync(Seeds seeds, Task run)
    {
        while (await Task.WhenAny(run, Task.Delay(TimeSpan.FromSeconds(5))).ConfigureAwait(false) != run)
        {
            await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{seeds.Done} of {seeds.Count} seeds, {seeds.PerSecond:F0} seeds/s")).ConfigureAwait(false);
        }
    }

    /// <summary>Runs seeds on all cores, up to the first that fails.</summary>
    private sealed class Seeds(ulong first, int count, int? nodes, string faults, CancellationToken cancellationToken)
    {
        private readonly Stopwatch _clock = Stopwatch.StartNew();
        private readonly Lock _gate = new();
        private SimulationResult? _failed;
        private int _done;
        private long _acknowledged;
        private long _steps;

        public int Count => count;

        public int Done => Volatile.Read(ref _done);

        public double PerSecond => Done / Math.Max(0.001, _clock.Elapsed.TotalSeconds);

        public SimulationResult? Run()
        {
            Parallel.For(0, count, (offset, loop) =>
            {
                if (cancellationToken.IsCancellationRequested)
                {
                    loop.Stop();
                    return;
                }

                SimulationResult result = Simulator.Run(SimulationSchedule.Of(first + (ulong)offset, faults, nodes));
                Interlocked.Increment(ref _done);
                lock (_gate)
                {
                    _acknowledged += result.Cluster.Writes.Count(w => w.State == WriteState.Acknowledged);
                    _steps += result.Cluster.Time.Steps;
                    if (result.Failure is not null && (_failed is null || result.Schedule.Seed < _failed.Schedule.Seed))
                    {
                        _failed = result;
                        loop.Stop();
                    }
                }
            });
            _clock.Stop();
            return _failed;
        }

        public string Describe() => string.Create(
            CultureInfo.InvariantCulture,
            $"{Done} of {count} seeds from {first} on ({faults}), {PerSecond:F0} seeds/s, {_steps} steps, {_acknowledged} writes acknowledged: {(_failed is null ? "nothing broken" : "BROKEN")}");
    }
}
