using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Akka.Actor;
using Akka.Configuration;
using RaftActors.Configuration;
using RaftActors.Protocol;

namespace RaftActors.Node.Bench;

/// <summary>One node of a benchmark: an actor system with its streams, and the commands that it answers.</summary>
internal sealed class BenchNode : IAsyncDisposable
{
    private static readonly TimeSpan StatusPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    private readonly ActorSystem _system;
    private readonly RaftStream[] _streams;
    private readonly BenchStateMachine[] _machines;
    private readonly (long Begin, long End) _start;
    private readonly bool _continueInline;

    private BenchNode(ActorSystem system, RaftStream[] streams, BenchStateMachine[] machines, (long Begin, long End) start, bool continueInline)
    {
        _continueInline = continueInline;
        _start = start;
        _system = system;
        _streams = streams;
        _machines = machines;
    }

    /// <summary>Ends when the actor system does.</summary>
    public Task Ended => _system.WhenTerminated;

    public static async Task<BenchNode> StartAsync(BenchNodeOptions options, CancellationToken cancellation)
    {
        string? database = options is { Journal: BenchJournal.PostgreSql, PostgreSql: { } server } ? await BenchDatabase.MakeAsync(server, options.Data, cancellation).ConfigureAwait(false) : null;
        Config config = ConfigurationFactory.ParseString(ConfigOf(options, database)).WithFallback(RaftActors.Journal.RaftJournal.DefaultConfig()).WithFallback(RaftSettings.Serializers());
        Directory.CreateDirectory(options.Data);
        await SqliteJournal.PrepareAsync(config, options.NodeId, cancellation).ConfigureAwait(false);
        ActorSystem system = await Task.Run(() => ActorSystem.Create("bench", config), cancellation).ConfigureAwait(false);
        try
        {
            ImmutableArray<Member> members = [.. options.Ports.Select((port, i) => new Member(new NodeId((uint)i + 1), MemberKind.Voter, $"127.0.0.1:{port}"))];
            RaftStreams raft = RaftStreams.Get(system);
            BenchStateMachine[] machines = new BenchStateMachine[options.Streams];
            long begin = Stopwatch.GetTimestamp();
            RaftStream[] streams = await Task.WhenAll(Enumerable.Range(0, options.Streams).Select(i => raft.StartStreamAsync(
                new StreamDefinition
                {
                    Id = new StreamId((uint)i + 1),
                    NodeId = options.NodeId,
                    Members = members,
                    StateMachine = () => machines[i] = new BenchStateMachine(),
                },
                cancellation))).ConfigureAwait(false);
            return new BenchNode(system, streams, machines, (begin, Stopwatch.GetTimestamp()), options.UserCodeOnConsensus);
        }
        catch
        {
            await system.Terminate().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Carries out one line and answers with one; never throws for what the line says.</summary>
    /// <param name="line">A command with its arguments.</param>
    /// <param name="progress">Takes further lines before the answer.</param>
    /// <param name="cancellation">Nobody waits for the answer any more.</param>
    public async Task<string> ExecuteAsync(string line, Func<string, ValueTask> progress, CancellationToken cancellation)
    {
        string[] words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return words switch
        {
            ["state"] => await StateAsync(cancellation).ConfigureAwait(false),
            ["load", .. var arguments] => await LoadAsync(arguments, mixed: false, cancellation).ConfigureAwait(false),
            ["mixed", .. var arguments] => await LoadAsync(arguments, mixed: true, cancellation).ConfigureAwait(false),
            ["record", var clients, var bytes] when int.TryParse(clients, CultureInfo.InvariantCulture, out int c) && int.TryParse(bytes, CultureInfo.InvariantCulture, out int b)
                && c is > 0 and <= LoadSpec.MaxClients && b is >= 0 and <= 1024 * 1024 => await RecordAsync(c, b, progress, cancellation).ConfigureAwait(false),
            ["waitlead"] => await WaitLeadAsync(cancellation).ConfigureAwait(false),
            ["leads"] => Leading().Length.ToString(CultureInfo.InvariantCulture),
            ["usage"] => await UsageAsync(cancellation).ConfigureAwait(false),
            ["recorded"] => await RecordedAsync(cancellation).ConfigureAwait(false),
            ["applied", var entries] when long.TryParse(entries, CultureInfo.InvariantCulture, out long n) => await AppliedAsync(n, cancellation).ConfigureAwait(false),
            [] => "error: an empty line",
            _ => $"error: unknown command or arguments: {Printable(words[0])}",
        };
    }

    public async ValueTask DisposeAsync()
    {
        await CoordinatedShutdown.Get(_system).Run(CoordinatedShutdown.ClrExitReason.Instance).ConfigureAwait(false);
        await _system.WhenTerminated.ConfigureAwait(false);
    }

    private static string Printable(string word) => new([.. word.Take(40).Select(c => char.IsControl(c) ? '?' : c)]);

    private async Task<string> StateAsync(CancellationToken cancellation)
    {
        try
        {
            StreamStatus status = await _streams[0].GetStatusAsync(cancellation).WaitAsync(StatusPatience, cancellation).ConfigureAwait(false);
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{(status.Role == Role.Leader ? 1 : 0)} {status.Term.Value} {status.CommitIndex.Value} {status.AppliedIndex.Value}");
        }
        catch (TimeoutException)
        {
            return "0 0 0 0";
        }
    }

    private async Task<string> LoadAsync(string[] arguments, bool mixed, CancellationToken cancellation)
    {
        if (arguments.Length != (mixed ? 5 : 4)
            || !int.TryParse(arguments[0], CultureInfo.InvariantCulture, out int clients)
            || !double.TryParse(arguments[1], CultureInfo.InvariantCulture, out double seconds)
            || !int.TryParse(arguments[2], CultureInfo.InvariantCulture, out int bytes)
            || !long.TryParse(arguments[3], CultureInfo.InvariantCulture, out long maxOps))
        {
            return mixed ? "error: mixed CLIENTS SECONDS BYTES MAXOPS READPERCENT" : "error: load CLIENTS SECONDS BYTES MAXOPS";
        }

        int reads = 0;
        if (mixed && !int.TryParse(arguments[4], CultureInfo.InvariantCulture, out reads))
        {
            return "error: READPERCENT must be a number";
        }

        LoadSpec spec = new(clients, seconds, bytes, maxOps, reads, _continueInline);
        if (spec.WhyImpossible() is { } wrong)
        {
            return "error: " + wrong;
        }

        // Streams that others lead would only measure the way there; without any, the load shows by its errors that this is no leader.
        RaftStream[] streams = Leading();
        LoadResult result = await LoadGenerator.RunAsync(spec, streams.Length > 0 ? streams : _streams, cancellation).ConfigureAwait(false);
        return result.ToJson();
    }

    private async Task<string> RecordAsync(int clients, int bytes, Func<string, ValueTask> progress, CancellationToken cancellation)
    {
        long written = await RecordedWrites.RunAsync(_streams[0], clients, bytes, progress, cancellation).ConfigureAwait(false);
        return $"end {written}";
    }

    private async Task<string> WaitLeadAsync(CancellationToken cancellation)
    {
        await _machines[0].Leads.WaitAsync(cancellation).ConfigureAwait(false);
        return "ok";
    }

    /// <summary>Waits until so many entries are applied since the start, and tells how long what took.</summary>
    private async Task<string> AppliedAsync(long entries, CancellationToken cancellation)
    {
        BenchStateMachine machine = _machines[0];
        while (machine.Entries < entries)
        {
            // When exactly it was, the state machine knows.
            await Task.Delay(PollInterval, cancellation).ConfigureAwait(false);
        }

        return new RecoverySample(
            Stopwatch.GetElapsedTime(_start.Begin, _start.End).TotalMilliseconds,
            Stopwatch.GetElapsedTime(_start.Begin, machine.FirstApplied).TotalMilliseconds,
            Stopwatch.GetElapsedTime(_start.Begin, machine.LastApplied).TotalMilliseconds,
            machine.Entries,
            RecoverySample.PeakMemory()).ToLine();
    }

    private RaftStream[] Leading() => [.. _streams.Where((_, i) => _machines[i].Leads.IsCompletedSuccessfully)];

    private async Task<string> UsageAsync(CancellationToken cancellation)
    {
        using Process self = Process.GetCurrentProcess();
        double lag = 0;
        foreach (StreamStatus status in await RaftStreams.Get(_system).GetStatusAsync(cancellation).ConfigureAwait(false))
        {
            lag = Math.Max(lag, status.TimerLag.TotalMilliseconds);
        }

        return new UsageSample(
            self.TotalProcessorTime.TotalSeconds,
            self.WorkingSet64,
            GC.GetTotalAllocatedBytes(),
            GC.CollectionCount(0),
            GC.CollectionCount(2),
            GC.GetTotalPauseDuration().TotalMilliseconds,
            lag).ToLine();
    }

    private async Task<string> RecordedAsync(CancellationToken cancellation)
    {
        ReadAnswer answer = await _streams[0].QueryAsync(Encoding.UTF8.GetBytes("recorded"), ReadConsistency.Linearizable, cancellation).ConfigureAwait(false);
        return answer is ReadCompleted read ? Encoding.UTF8.GetString(read.Result.Span) : $"error: {answer}";
    }

    private static string ConfigOf(BenchNodeOptions options, string? database)
    {
        string folder = Path.GetFullPath(options.Data);
        string journal = options.Journal switch
        {
            BenchJournal.Wal => $$"""
                akka.persistence.journal.plugin = "raft-actors.journal.wal"
                raft-actors.journal.wal.directory = {{Quoted(Path.Combine(folder, "journal"))}}
                {{(options.UserCodeOnConsensus ? "raft-actors.journal.wal.inline-writes-below = 24KiB" : "")}}
                """,
            BenchJournal.Sqlite => SqlJournal("SQLite.MS", $"Data Source={Path.Combine(folder, "journal.db")}"),
            BenchJournal.PostgreSql => SqlJournal("PostgreSQL.15", database!),
            _ => "akka.persistence.journal.plugin = \"akka.persistence.journal.inmem\"",
        };
        return $$"""
            akka {
              loglevel = {{(options.Quiet ? "OFF" : "WARNING")}}
              stdout-loglevel = {{(options.Quiet ? "OFF" : "WARNING")}}
              actor.provider = remote
              remote.retry-gate-closed-for = 200 ms
              remote.dot-netty.tcp { hostname = "127.0.0.1", port = {{options.Port}}, maximum-frame-size = 4 MiB, send-buffer-size = 0b, receive-buffer-size = 0b }
              persistence.snapshot-store.plugin = "raft-actors.snapshot-store.file"
            }
            raft-actors {
              snapshot-store.file.directory = {{Quoted(Path.Combine(folder, "snapshots"))}}
              stream-defaults {
                election-timeout-min = {{options.ElectionTimeout}} ms
                election-timeout-max = {{2 * options.ElectionTimeout}} ms
                vote-retry-interval = {{Math.Min(250, options.ElectionTimeout / 2)}} ms
                heartbeat-interval = {{Math.Min(100, options.ElectionTimeout / 4)}} ms
                {{(options.UserCodeOnConsensus ? "state-machine-dispatcher = \"raft-actors.dispatchers.consensus\", spare-appends-below = 96KiB" : "")}}
                {{(options.Snapshots ? "" : "snapshot-every-entries = 0, snapshot-every-bytes = 0")}}
                {{(options.BatchEntries == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"max-batch-entries = {options.BatchEntries}"))}}
                {{string.Join('\n', options.Settings)}}
              }
            }
            {{journal}}
            """;
    }

    private static string SqlJournal(string provider, string connection) =>
        $$"""
        akka.persistence.journal.plugin = "akka.persistence.journal.sql"
        akka.persistence.journal.sql {
          class = "Akka.Persistence.Sql.Journal.SqlWriteJournal, Akka.Persistence.Sql"
          provider-name = {{Quoted(provider)}}
          auto-initialize = true
          connection-string = {{Quoted(connection)}}
        }
        """;

    private static string Quoted(string text) => "\"" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\"";
}
