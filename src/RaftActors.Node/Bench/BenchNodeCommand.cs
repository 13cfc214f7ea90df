using System.CommandLine;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Akka.Configuration;
using RaftActors.Node.Commands;

namespace RaftActors.Node.Bench;

/// <summary><c>raftactors bench-node</c>: one of the nodes of a benchmark, for <c>raftactors bench</c> and for harnesses from outside.</summary>
internal static class BenchNodeCommand
{
    public static Command Create()
    {
        Option<int> id = new("--id") { Description = "Which of the ports is this node's, from 0.", Required = true };
        Option<string> data = new("--data") { Description = "Folder of the node's log and snapshots.", Required = true };
        Option<string> ports = new("--ports") { Description = "The remoting ports of all nodes, P0,P1,P2; commands are taken on the port + 1000.", Required = true };
        Option<string> journal = new("--journal") { Description = "wal, sqlite, postgresql or memory.", DefaultValueFactory = _ => "wal" };
        Option<string?> postgresql = new("--postgresql") { Description = "How to connect to the server for --journal postgresql; the node makes a database of its own there." };
        Option<int> streams = new("--streams") { Description = "How many streams the nodes share.", DefaultValueFactory = _ => 1 };
        Option<int> election = new("--election-timeout") { Description = "The shortest election timeout in ms; the longest is twice that.", DefaultValueFactory = _ => 1000 };
        Option<bool> noSnapshots = new("--no-snapshots") { Description = "Keep the whole log." };
        Option<int> batch = new("--batch-entries") { Description = "Entries in one batch at most; 0: as configured by default." };
        Option<string> userCode = BenchOptions.UserCode();
        Option<string[]> set = BenchOptions.Set();
        Option<bool> attached = new("--attached") { Description = "End when standard input does." };
        ports.Validators.Add(r => OptionRules.Require(r, ParsePorts(r.GetValueOrDefault<string>()) is not null, "--ports must be one to nine different ports from 1 to 64535, with commas."));
        journal.Validators.Add(r => OptionRules.Require(r, BenchOptions.ParseJournal(r.GetValueOrDefault<string>()) is not null, "--journal must be wal, sqlite, postgresql or memory."));
        streams.Validators.Add(r => OptionRules.Require(r, r.GetValueOrDefault<int>() is > 0 and <= 1000, "--streams must be from 1 to 1000."));
        election.Validators.Add(r => OptionRules.Require(r, r.GetValueOrDefault<int>() is >= 50 and <= 60_000, "--election-timeout must be from 50 to 60000."));
        batch.Validators.Add(r => OptionRules.Require(r, r.GetValueOrDefault<int>() >= 0, "--batch-entries must not be negative."));
        Command command = new("bench-node", "Run one of the nodes of a benchmark, with a line protocol on its port + 1000: state, load CLIENTS SECONDS BYTES MAXOPS, waitlead.")
        {
            id, data, ports, journal, postgresql, streams, election, noSnapshots, batch, userCode, set, attached,
        };
        command.Validators.Add(r =>
        {
            BenchOptions.RequireServer(r, journal, postgresql);
            if (ParsePorts(r.GetValue(ports)) is { } all && r.GetValue(id) is var i && (i < 0 || i >= all.Length))
            {
                r.AddError(string.Create(CultureInfo.InvariantCulture, $"--id must be from 0 to {all.Length - 1}."));
            }
        });
        command.SetAction((parsed, cancellation) => RunAsync(
            new BenchNodeOptions
            {
                Id = parsed.GetValue(id),
                Data = parsed.GetValue(data)!,
                Ports = ParsePorts(parsed.GetValue(ports))!,
                Journal = BenchOptions.ParseJournal(parsed.GetValue(journal))!.Value,
                PostgreSql = parsed.GetValue(postgresql),
                Streams = parsed.GetValue(streams),
                ElectionTimeout = parsed.GetValue(election),
                Snapshots = !parsed.GetValue(noSnapshots),
                BatchEntries = parsed.GetValue(batch),
                Settings = parsed.GetValue(set)!,
                UserCodeOnConsensus = BenchOptions.IsOnConsensus(parsed.GetValue(userCode)),
            },
            parsed.GetValue(attached),
            cancellation));
        return command;
    }

    private static int[]? ParsePorts(string? text)
    {
        string[] words = (text ?? "").Split(',');
        int[] ports = [.. words.Select(w => int.TryParse(w, CultureInfo.InvariantCulture, out int port) ? port : 0)];
        return ports.Length <= 9 && ports.All(p => p is > 0 and <= 65535 - BenchNodeOptions.CommandPortOffset) && ports.Distinct().Count() == ports.Length ? ports : null;
    }

    private static async Task<int> RunAsync(BenchNodeOptions options, bool attached, CancellationToken cancellation)
    {
        TaskCompletionSource end = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using PosixSignalRegistration term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        try
        {
            BenchNode node = await BenchNode.StartAsync(options, cancellation).ConfigureAwait(false);
            await using (node.ConfigureAwait(false))
            {
                LineServer server = LineServer.Start(options.Port + BenchNodeOptions.CommandPortOffset, node);
                await using (server.ConfigureAwait(false))
                {
                    await Console.Out.WriteLineAsync($"bench node {options.Id} is up on port {options.Port}, commands on {options.Port + BenchNodeOptions.CommandPortOffset}").ConfigureAwait(false);
                    if (attached)
                    {
                        _ = Task.Run(() => EndWithInput(end), CancellationToken.None);
                    }

                    await Task.WhenAny(end.Task, node.Ended).ConfigureAwait(false);
                    return end.Task.IsCompleted ? ExitCode.Ok : ExitCode.StreamFailed;
                }
            }
        }
        catch (Exception e) when (e is RaftActorsException or ConfigurationException or SocketException or IOException or UnauthorizedAccessException or AggregateException)
        {
            Exception cause = MostTelling(e);
            await Console.Error.WriteLineAsync($"raftactors: {cause.Message}").ConfigureAwait(false);
            return cause switch
            {
                SocketException => ExitCode.Address,
                RaftConfigurationException or ConfigurationException => ExitCode.Configuration,
                _ => ExitCode.Storage,
            };
        }

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            end.TrySetResult();
        }
    }

    /// <summary>What the benchmark says itself, which setting is wrong, or which path is denied, says more than what led to it; of everything else the innermost.</summary>
    private static Exception MostTelling(Exception e)
    {
        for (Exception? next = e; next is not null; next = next.InnerException)
        {
            if (next is BenchException or RaftConfigurationException or ConfigurationException or UnauthorizedAccessException)
            {
                return next;
            }
        }

        return e.GetBaseException();
    }

    private static void EndWithInput(TaskCompletionSource end)
    {
        while (Console.In.Read() >= 0)
        {
            // Whatever it says: only its end means something.
        }

        end.TrySetResult();
    }
}
