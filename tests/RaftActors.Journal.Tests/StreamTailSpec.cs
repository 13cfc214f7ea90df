using System.Collections.Immutable;
using System.Text;
using Akka.Actor;
using Akka.Configuration;
using RaftActors.Protocol;
using RaftActors.Tests.Shared;
using Xunit;

namespace RaftActors.Journal.Tests;

/// <summary>A stream that keeps next to nothing of its log in memory reads it back from whichever journal it has, while that is being written.</summary>
public sealed class StreamTailSpec : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("wal", true, 3)]
    [InlineData("sqlite", true, 3)]
    [InlineData("memory", false, 3)]
    // So much that small batches become larger ones at the start, in memory and where they are read back.
    [InlineData("wal", true, 96)]
    public async Task Entries_must_come_back_from_the_journal_during_writes_and_at_the_next_start(string journal, bool survives, int tail)
    {
        ulong hash;
        ActorSystem system = ActorSystem.Create("tail", Config(journal));
        try
        {
            RaftStream stream = await StartAsync(system, tail);
            List<Task<CommittedEntryAnswer>> reads = [];
            for (int i = 0; i < 40; i++)
            {
                ProposalAnswer[] written = await Task.WhenAll(Enumerable.Range(i * 10, 10).Select(n => stream.ProposeAsync(Encoding.UTF8.GetBytes($"w{n}"))));
                Assert.All(written, a => Assert.IsType<ProposalCommitted>(a));
                reads.Add(stream.ReadCommittedAsync(((ProposalCommitted)written[0]).Index));
                reads.Add(stream.ReadCommittedAsync(new LogIndex(2)));
            }

            foreach (CommittedEntryAnswer answer in await Task.WhenAll(reads))
            {
                CommittedEntryFound found = Assert.IsType<CommittedEntryFound>(answer);
                Assert.StartsWith("w", Encoding.UTF8.GetString(found.Data.Span), StringComparison.Ordinal);
            }

            hash = (await stream.GetStatusAsync()).StateHash;
        }
        finally
        {
            await system.Terminate();
        }

        if (!survives)
        {
            return;
        }

        ActorSystem again = ActorSystem.Create("tail", Config(journal));
        try
        {
            RaftStream stream = await StartAsync(again, tail);
            StreamStatus status = await stream.GetStatusAsync();
            Assert.Equal((status.LastEntry.Index, hash), (status.AppliedIndex, status.StateHash));
        }
        finally
        {
            await again.Terminate();
        }
    }

    private static async Task<RaftStream> StartAsync(ActorSystem system, int tail)
    {
        RaftStream stream = await RaftStreams.Get(system).StartStreamAsync(new StreamDefinition
        {
            Id = new StreamId(1),
            NodeId = new NodeId(1),
            Members = [new Member(new NodeId(1), MemberKind.Voter, "127.0.0.1:1")],
            StateMachine = () => new ChainedHashStateMachine(),
            Settings = ConfigurationFactory.ParseString($$"""
                election-timeout-min = 300ms
                election-timeout-max = 600ms
                heartbeat-interval = 50ms
                client-timeout = 60s
                in-memory-tail-entries = {{tail}}
                max-append-bytes = 300
                max-unapplied-bytes = 500
                """),
        });
        DateTime end = DateTime.UtcNow + TimeSpan.FromSeconds(60);
        for (StreamStatus status = await stream.GetStatusAsync(); !status.IsReady || status.AppliedIndex != status.LastEntry.Index; status = await stream.GetStatusAsync())
        {
            Assert.True(DateTime.UtcNow < end, $"not ready in time: {status}");
            await Task.Delay(10);
        }

        return stream;
    }

    private Config Config(string journal)
    {
        string path = _folder.Path.Replace('\\', '/');
        string plugin = journal switch
        {
            "memory" => "akka.persistence.journal.plugin = akka.persistence.journal.inmem",
            "sqlite" => $$"""
                akka.persistence.journal {
                  plugin = akka.persistence.journal.sql
                  sql {
                    class = "Akka.Persistence.Sql.Journal.SqlWriteJournal, Akka.Persistence.Sql"
                    provider-name = "SQLite.MS"
                    connection-string = "Data Source={{path}}/journal.db;Pooling=false"
                    auto-initialize = true
                    replay-filter.mode = fail
                  }
                }
                """,
            _ => string.Empty,
        };
        Config own = ConfigurationFactory.ParseString("akka.loglevel = WARNING\nakka.coordinated-shutdown.exit-clr = off\n" + plugin);
        return journal == "wal" ? own.WithFallback(Plugins.Config(_folder.Path)) : own;
    }
}
