using System.Collections.Concurrent;
using Akka.Configuration;
using RaftActors.Protocol;
using Xunit;

namespace RaftActors.Dcf.Tests;

/// <summary>A node with everything its callbacks reported.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    /// <param name="folder">Where its data is.</param>
    /// <param name="id">Its id.</param>
    /// <param name="join">It waits until it is added.</param>
    /// <param name="alone">It has no peers whose silence a busy machine could feign, so it need not be patient.</param>
    public TestNode(string folder, uint id, bool join = false, bool alone = true)
    {
        Id = id;
        Dcf = new Dcf(new DcfOptions
        {
            DataPath = folder,
            Join = join,
            Config = ConfigurationFactory.ParseString($$"""
                akka.loglevel = WARNING
                akka.persistence.journal.plugin = "akka.persistence.journal.sql"
                akka.persistence.journal.sql {
                  class = "Akka.Persistence.Sql.Journal.SqlWriteJournal, Akka.Persistence.Sql"
                  provider-name = "SQLite.MS"
                  connection-string = "Data Source={{Path.Combine(folder, $"journal-{id}.db")}}"
                  auto-initialize = true
                  replay-filter.mode = fail
                }
                akka.persistence.snapshot-store.plugin = "akka.persistence.no-snapshot-store"
                akka.remote.retry-gate-closed-for = 200 ms
                raft-actors.stream-defaults {
                  election-timeout-min = {{(alone ? "400 ms" : "2 s")}}
                  election-timeout-max = {{(alone ? "800 ms" : "4 s")}}
                  heartbeat-interval = 50 ms
                  client-timeout = 30 s
                }
                """),
        });
        Dcf.RegisterAfterWriter((stream, index, buffer, key, error) => Written.Enqueue((stream, index, Text(buffer), key, error)));
        Dcf.RegisterConsensusNotify((stream, index, buffer, key) => Committed.Enqueue((stream, index, Text(buffer), key)));
        Dcf.RegisterStatusNotify((stream, role) => Roles.Enqueue((stream, role)));
        Dcf.RegisterMsgProc((stream, source, buffer) => Messages.Enqueue((stream, source, Text(buffer))));
        Dcf.RegisterElectionNotify((stream, leader) => Leaders.Enqueue((stream, leader)));
    }

    public uint Id { get; }

    public Dcf Dcf { get; }

    public ConcurrentQueue<(StreamId Stream, LogIndex Index, string Text, ulong Key, int Error)> Written { get; } = new();

    public ConcurrentQueue<(StreamId Stream, LogIndex Index, string Text, ulong Key)> Committed { get; } = new();

    public ConcurrentQueue<(StreamId Stream, Role Role)> Roles { get; } = new();

    public ConcurrentQueue<(StreamId Stream, NodeId Source, string Text)> Messages { get; } = new();

    public ConcurrentQueue<(StreamId Stream, NodeId Leader)> Leaders { get; } = new();

    /// <summary>Makes it the leader of a stream that has none, as soon as it may stand for election.</summary>
    public Task ElectAsync(StreamId stream) => UntilAsync(
        async () =>
        {
            RaftStream here = Dcf.GetStream(stream);
            await here.TriggerElectionAsync();
            return !(await here.GetStatusAsync()).Leader.IsNone;
        },
        $"stream {stream} has a leader");

    /// <summary>Waits for something observable; real time, because real nodes talk here.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        using CancellationTokenSource timeout = new(TimeSpan.FromSeconds(60));
        while (!await condition())
        {
            Assert.False(timeout.IsCancellationRequested, $"Timed out waiting until {what}.");
            await Task.Delay(20);
        }
    }

    public ValueTask DisposeAsync() => Dcf.DisposeAsync();

    private static string Text(ReadOnlyMemory<byte> bytes) => System.Text.Encoding.UTF8.GetString(bytes.Span);
}
