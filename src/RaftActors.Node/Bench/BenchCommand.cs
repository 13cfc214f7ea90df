using System.CommandLine;
using System.Globalization;
using RaftActors.Node.Commands;

namespace RaftActors.Node.Bench;

/// <summary><c>raftactors bench</c>: starts three nodes on loopback, loads them, and writes a JSON object per measurement to standard output.</summary>
internal static class BenchCommand
{
    public static Command Create()
    {
        Option<string> clients = new("--clients") { Description = "Numbers of clients, each with one operation under way.", DefaultValueFactory = _ => "1,64,512" };
        Option<string> sizes = new("--sizes") { Description = "Sizes of an entry in bytes; 64k is 64 KiB.", DefaultValueFactory = _ => "128" };
        Option<string> mix = new("--mix") { Description = "Linearizable reads and writes in percent: 90/10.", DefaultValueFactory = _ => "0/100" };
        Option<int> streams = new("--streams") { Description = "Streams that share the nodes; each client uses one.", DefaultValueFactory = _ => 1 };
        Option<double> seconds = new("--seconds") { Description = "Length of a run.", DefaultValueFactory = _ => 5 };
        Option<double> warmUp = new("--warm-up") { Description = "Seconds of the same load before the runs: the compiler takes some ten to get to the end of its tiers.", DefaultValueFactory = _ => 10 };
        Option<int> runs = new("--runs") { Description = "Runs of each load; the median counts.", DefaultValueFactory = _ => 3 };
        Option<string> journal = new("--journal") { Description = "wal, sqlite, postgresql, memory; several with commas.", DefaultValueFactory = _ => "wal" };
        Option<string?> postgresql = new("--postgresql") { Description = "How to connect to the server for --journal postgresql: Host=...;Username=.... Each node gets a database of its own there, dropped afterwards." };
        Option<bool> inProcess = new("--in-process") { Description = "The three nodes in this process instead of their own." };
        Option<bool> failover = new("--failover") { Description = "Measure the time without a leader after kill -9 of the leader instead." };
        Option<bool> killAll = new("--kill-all") { Description = "Kill -9 of all nodes under load instead; exit code 9 when an acknowledged write is missing after the restart." };
        Option<bool> recovery = new("--recovery") { Description = "Measure instead how fast a node that starts again replays and applies its whole log." };
        Option<bool> limits = new("--limits") { Description = "Measure instead what the machine itself takes: write and sync with one and with three writers, a round trip over loopback, a write to a quorum of three processes without Raft and actors." };
        Option<int> entries = new("--entries") { Description = "Entries in that log.", DefaultValueFactory = _ => 1_000_000 };
        Option<int> batch = new("--batch-entries") { Description = "Entries in one batch, and so in one event of the journal, at most; 0: as configured by default. 1 is the log that a single client leaves." };
        Option<string> userCode = BenchOptions.UserCode();
        Option<string[]> set = BenchOptions.Set();
        Option<int> kills = new("--kills") { Description = "How often, for --failover and --kill-all.", DefaultValueFactory = _ => 5 };
        Option<int> election = new("--election-timeout") { Description = "The shortest election timeout in ms; the longest is twice that.", DefaultValueFactory = _ => 1000 };
        Option<string?> data = new("--data") { Description = "Folder for the nodes' data; removed afterwards. The system's temporary folder when not given." };
        Option<string?> plot = new("--plot") { Description = "SVG file for throughput against latency." };
        Option<string?> table = new("--table") { Description = "Do the whole programme (see docs/PERFORMANCE.md) and write its table to this Markdown file." };
        clients.Validators.Add(r => OptionRules.Require(r, BenchOptions.ParseNumbers(r.GetValueOrDefault<string>()) is { } n && n.All(c => c <= LoadSpec.MaxClients), "--clients must be positive numbers with commas."));
        sizes.Validators.Add(r => OptionRules.Require(r, BenchOptions.ParseNumbers(r.GetValueOrDefault<string>()) is not null, "--sizes must be positive numbers with commas."));
        mix.Validators.Add(r => OptionRules.Require(r, BenchOptions.ParseMix(r.GetValueOrDefault<string>()) is not null, "--mix must be reads/writes that make 100."));
        journal.Validators.Add(r => OptionRules.Require(r, r.GetValueOrDefault<string>()!.Split(',').All(j => BenchOptions.ParseJournal(j) is not null), "--journal must be wal, sqlite, postgresql or memory, with commas."));
        streams.Validators.Add(r => OptionRules.Require(r, r.GetValueOrDefault<int>() is > 0 and <= 1000, "--streams must be from 1 to 1000."));
        seconds.Validators.Add(r => OptionRules.Require(r, r.GetValueOrDefault<double>() is > 0 and <= LoadSpec.MaxSeconds, "--seconds must be above 0."));
        warmUp.Validators.Add(r => OptionRules.Require(r, r.GetValueOrDefault<double>() is >= 0 and <= LoadSpec.MaxSeconds, "--warm-up must not be negative."));
        runs.Validators.Add(r => OptionRules.Require(r, r.GetValueOrDefault<int>() is > 0 and <= 1000, "--runs must be from 1 to 1000."));
        kills.Validators.Add(r => OptionRules.Require(r, r.GetValueOrDefault<int>() is > 0 and <= 10_000, "--kills must be from 1 to 10000."));
        entries.Validators.Add(r => OptionRules.Require(r, r.GetValueOrDefault<int>() > 0, "--entries must be above 0."));
        batch.Validators.Add(r => OptionRules.Require(r, r.GetValueOrDefault<int>() >= 0, "--batch-entries must not be negative."));
        election.Validators.Add(r => OptionRules.Require(r, r.GetValueOrDefault<int>() is >= 50 and <= 60_000, "--election-timeout must be from 50 to 60000."));
        Command command = new("bench", "Measure: three nodes on loopback with fresh data, load generated inside the leader. One JSON object per line; progress goes to standard error.")
        {
            clients, sizes, mix, streams, seconds, warmUp, runs, journal, postgresql, inProcess, failover, killAll, recovery, limits, entries, batch, userCode, set, kills, election, data, plot, table,
        };
        command.Validators.Add(r =>
        {
            if (r.GetValue(recovery) && r.GetValue(journal)?.Split(',').Contains("memory") == true)
            {
                r.AddError("--recovery needs a journal that survives the end of a node: not --journal memory.");
            }

            BenchOptions.RequireServer(r, journal, postgresql);
            if (r.GetValue(inProcess) && (r.GetValue(failover) || r.GetValue(killAll) || r.GetValue(recovery) || r.GetValue(table) is not null))
            {
                r.AddError("--in-process leaves nothing to kill: not with --failover, --kill-all, --recovery, --table.");
            }
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            BenchOptions options = new()
            {
                Clients = BenchOptions.ParseNumbers(parsed.GetValue(clients))!,
                Sizes = BenchOptions.ParseNumbers(parsed.GetValue(sizes))!,
                ReadPercent = BenchOptions.ParseMix(parsed.GetValue(mix))!.Value,
                Journals = [.. parsed.GetValue(journal)!.Split(',').Select(j => BenchOptions.ParseJournal(j)!.Value)],
                PostgreSql = parsed.GetValue(postgresql),
                Streams = parsed.GetValue(streams),
                Seconds = parsed.GetValue(seconds),
                WarmUpSeconds = parsed.GetValue(warmUp),
                Runs = parsed.GetValue(runs),
                InProcess = parsed.GetValue(inProcess),
                ElectionTimeout = parsed.GetValue(election),
                Kills = parsed.GetValue(kills),
                Entries = parsed.GetValue(entries),
                BatchEntries = parsed.GetValue(batch),
                Settings = parsed.GetValue(set)!,
                UserCodeOnConsensus = BenchOptions.IsOnConsensus(parsed.GetValue(userCode)),
                Data = parsed.GetValue(data),
            };
            try
            {
                return parsed.GetValue(table) is { } file ? await BenchTable.RunAsync(options, file, parsed.GetValue(plot), cancellation).ConfigureAwait(false)
                    : parsed.GetValue(limits) ? await LimitsAsync(options, cancellation).ConfigureAwait(false)
                    : parsed.GetValue(recovery) ? await RecoverAsync(options, cancellation).ConfigureAwait(false)
                    : parsed.GetValue(failover) || parsed.GetValue(killAll) ? await KillAsync(options, parsed.GetValue(failover), parsed.GetValue(killAll), cancellation).ConfigureAwait(false)
                    : await LoadAsync(options, parsed.GetValue(plot), cancellation).ConfigureAwait(false);
            }
            catch (Exception e) when (e is RaftActorsException or IOException or UnauthorizedAccessException or System.Net.Sockets.SocketException or TimeoutException)
            {
                await Console.Error.WriteLineAsync($"raftactors: {e.Message}").ConfigureAwait(false);
                return ExitCode.Failure;
            }
        });
        return command;
    }

    private static async Task<int> LimitsAsync(BenchOptions options, CancellationToken cancellation)
    {
        await BenchLimits.RunAsync(options.Data, cancellation).ConfigureAwait(false);
        return ExitCode.Ok;
    }

    private static async Task<int> LoadAsync(BenchOptions options, string? plot, CancellationToken cancellation)
    {
        List<BenchResult> results = [];
        foreach (BenchJournal journal in options.Journals)
        {
            results.AddRange(await BenchRuns.LoadsAsync(options, journal, r => Console.Out.WriteLineAsync(r.ToJson()), cancellation).ConfigureAwait(false));
        }

        if (plot is not null)
        {
            await File.WriteAllTextAsync(plot, ThroughputPlot.Draw(results), cancellation).ConfigureAwait(false);
            await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"plot: {plot}")).ConfigureAwait(false);
        }

        return ExitCode.Ok;
    }

    private static async Task<int> RecoverAsync(BenchOptions options, CancellationToken cancellation)
    {
        foreach (BenchJournal journal in options.Journals)
        {
            await RecoveryRuns.RunAsync(options, journal, r => Console.Out.WriteLineAsync(r.ToJson()), cancellation).ConfigureAwait(false);
        }

        return ExitCode.Ok;
    }

    private static async Task<int> KillAsync(BenchOptions options, bool failover, bool killAll, CancellationToken cancellation)
    {
        int code = ExitCode.Ok;
        foreach (BenchJournal journal in options.Journals)
        {
            if (failover)
            {
                await Console.Out.WriteLineAsync((await BenchRuns.FailoverAsync(options, journal, cancellation).ConfigureAwait(false)).ToJson()).ConfigureAwait(false);
            }

            if (killAll)
            {
                KillAllResult result = await BenchRuns.KillAllAsync(options, journal, cancellation).ConfigureAwait(false);
                await Console.Out.WriteLineAsync(result.ToJson()).ConfigureAwait(false);
                code = result.Missing > 0 ? ExitCode.WritesMissing : code;
            }
        }

        return code;
    }
}
