using System.Diagnostics;
using System.Globalization;
using Akka.Actor;
using Akka.Persistence;
using RaftActors.Journal.Wal;
using Xunit.Abstractions;

namespace RaftActors.Journal.Tests;

/// <summary>Prints what the log and the journal do in a second. RAFT_MEASURE=1 takes more events, for docs/JOURNAL.md.</summary>
public sealed class MeasureSpec(ITestOutputHelper output) : IDisposable
{
    private static readonly bool Long = Environment.GetEnvironmentVariable("RAFT_MEASURE") == "1";
    private readonly TestFolder _folder = new();

    private WalSettings Settings => new() { Directory = _folder.Log };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Log_alone()
    {
        int scale = Long ? 20 : 1;
        long[] next = new long[65];
        await using (WriteAheadLog log = await TestFolder.OpenAsync(Settings))
        {
            await TimeAsync("1 writer, single events of 128 B", 1000 * scale, async count =>
            {
                for (int i = 0; i < count; i++)
                {
                    await TestFolder.WriteAsync(log, "id-0", ++next[0], 128);
                }
            });
            long syncs = log.Syncs;
            await TimeAsync("64 writers, single events of 128 B", 64 * 200 * scale, count => Task.WhenAll(Enumerable.Range(1, 64).Select(async w =>
            {
                for (int i = 0; i < count / 64; i++)
                {
                    await TestFolder.WriteAsync(log, $"id-{w}", ++next[w], 128);
                }
            })));
            Print((FormattableString)$"  of these {64.0 * 200 * scale / (log.Syncs - syncs):0.0} events per fdatasync");
            await TimeAsync("1 writer, atomic writes of 1000 events of 128 B", 50_000 * scale, async count =>
            {
                for (int i = 0; i < count / 1000; i++)
                {
                    await TestFolder.WriteAllAsync(log, "id-0", next[0] + 1, next[0] + 1000, 128);
                    next[0] += 1000;
                }
            });
        }

        long total = next.Sum();
        long begin = Stopwatch.GetTimestamp();
        await using (WriteAheadLog log = await TestFolder.OpenAsync(Settings))
        {
            double open = Stopwatch.GetElapsedTime(begin).TotalSeconds;
            Print((FormattableString)$"opening, index rebuilt: {total / open:N0} events/s ({total:N0} in {open:0.000} s)");
            long count = 0;
            begin = Stopwatch.GetTimestamp();
            await log.ReadAsync("id-0", 0, long.MaxValue, long.MaxValue, _ => count++);
            Assert.Equal(next[0], count);
            Print((FormattableString)$"reading one persistence id: {count / Stopwatch.GetElapsedTime(begin).TotalSeconds:N0} events/s");
        }
    }

    [Fact]
    public async Task Through_Akka()
    {
        int scale = Long ? 10 : 1;
        using ActorSystem system = ActorSystem.Create("measure", Akka.Configuration.ConfigurationFactory.ParseString("raft-actors.journal.wal.segment-size = 32m")
            .WithFallback(Plugins.Config(_folder.Path)));
        await TimeAsync("1 persistent actor, Persist one after the other", 1000 * scale, count => RunAsync(system, "one", count, 1));
        await TimeAsync("64 persistent actors, Persist one after the other", 64 * 100 * scale, count =>
            Task.WhenAll(Enumerable.Range(0, 64).Select(i => RunAsync(system, $"many-{i}", count / 64, 1))));
        await TimeAsync("1 persistent actor, PersistAll of 1000", 20_000 * scale, count => RunAsync(system, "batch", count, 1000));
        long begin = Stopwatch.GetTimestamp();
        IActorRef again = system.ActorOf(Props.Create(() => new Writer("batch")));
        long recovered = await again.Ask<long>("count");
        Assert.Equal(20_000 * scale, recovered);
        Print((FormattableString)$"recovery of a persistent actor: {recovered / Stopwatch.GetElapsedTime(begin).TotalSeconds:N0} events/s");
        await system.Terminate();
    }

    private static async Task RunAsync(ActorSystem system, string id, int count, int batch)
    {
        IActorRef actor = system.ActorOf(Props.Create(() => new Writer(id)));
        await actor.Ask<string>(new Run(count, batch));
        await actor.GracefulStop(TimeSpan.FromSeconds(60));
    }

    private async Task TimeAsync(string what, int count, Func<int, Task> run)
    {
        long begin = Stopwatch.GetTimestamp();
        await run(count);
        double seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        Print(string.Create(CultureInfo.InvariantCulture, $"{what}: {count / seconds:N0} events/s"));
    }

    private void Print(FormattableString text) => Print(FormattableString.Invariant(text));

    private void Print(string text)
    {
        output.WriteLine(text);
        Console.WriteLine(text);
    }

    private sealed record Run(int Count, int Batch);

    private sealed class Writer : ReceivePersistentActor
    {
        private static readonly byte[] Payload = new byte[128];
        private long _events;
        private int _left;

        public Writer(string id)
        {
            PersistenceId = id;
            Recover<byte[]>(_ => _events++);
            Command<Run>(run =>
            {
                IActorRef asker = Sender;
                _left = run.Count;
                Next(run, asker);
            });
            Command<string>(_ => Sender.Tell(_events));
        }

        public override string PersistenceId { get; }

        private void Next(Run run, IActorRef asker)
        {
            if (_left == 0)
            {
                asker.Tell("done");
                return;
            }

            int inBatch = run.Batch;
            PersistAll(Enumerable.Repeat(Payload, run.Batch), _ =>
            {
                _events++;
                _left--;
                if (--inBatch == 0)
                {
                    Next(run, asker);
                }
            });
        }
    }
}
