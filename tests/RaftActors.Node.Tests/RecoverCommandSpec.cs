using System.Text.Json;
using RaftActors.Tests.Shared;
using Xunit;

namespace RaftActors.Node.Tests;

/// <summary><c>raftactors recover</c> and <c>members quorum</c>, as an operator uses them.</summary>
public sealed class RecoverCommandSpec : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_survivor_goes_on_when_the_operator_has_said_so_in_words()
    {
        int[] ports = [FreePort.Next(), FreePort.Next()];
        using Run survivor = new("node", "--config", Write(1, ports));
        string[] ask = ["recover", "--stream", "1", "--survivor", $"1=127.0.0.1:{ports[0]}", "--timeout", "20"];
        string[] quorum = ["members", "quorum", "--node", $"127.0.0.1:{ports[0]}", "--stream", "1", "--timeout", "20"];
        using (Run other = new("node", "--config", Write(2, ports)))
        {
            await UntilAsync(async () => (await Run.StatusAsync(ports[0]))?.GetProperty("ready").GetBoolean() == true, survivor);

            // With a commit quorum of one a leader goes on without the other, so the other has to lead.
            await UntilAsync(
                async () => (await Run.ToEndAsync("transfer", "--to", "2", "--node", $"127.0.0.1:{ports[0]}", "--stream", "1", "--timeout", "10")).Code == ExitCode.Ok,
                survivor);
            await UntilAsync(async () => await Run.StatusAsync(ports[1]) is { } s && s.GetProperty("role").GetString() == "leader" && s.GetProperty("ready").GetBoolean(), other);
            (int impossible, string refused, _) = await Run.ToEndAsync([.. quorum, "--commit", "1", "--election", "1"]);
            Assert.True(impossible == ExitCode.Failure && refused.Contains("must be above 2", StringComparison.Ordinal), refused);
            (int changed, string answer, string why) = await Run.ToEndAsync([.. quorum, "--commit", "1", "--election", "2"]);
            Assert.True(changed == ExitCode.Ok && answer.Contains("commit 1 election 2", StringComparison.Ordinal), answer + why);
        }

        await UntilAsync(async () => (await Run.StatusAsync(ports[0]))?.GetProperty("leader").GetInt32() == 0, survivor);
        (int asked, _, string plan) = await Run.ToEndAsync(ask);
        Assert.Equal(ExitCode.Failure, asked);
        Assert.Contains("IS LOST", plan, StringComparison.Ordinal);
        Assert.Contains("fenced for good as soon as they hear of it: members 2", plan, StringComparison.Ordinal);
        Assert.Contains("--confirm \"lose data in stream 1\"", plan, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, (await Run.ToEndAsync([.. ask, "--confirm", "yes"])).Code);
        Assert.Equal(0, (await Run.StatusAsync(ports[0]))!.Value.GetProperty("generation").GetInt32());

        (int code, string output, string errors) = await Run.ToEndAsync([.. ask, "--confirm", "lose data in stream 1"]);
        Assert.True(code == ExitCode.Ok, output + errors);
        await UntilAsync(async () => await Run.StatusAsync(ports[0]) is { } s && s.GetProperty("role").GetString() == "leader" && s.GetProperty("ready").GetBoolean() && s.GetProperty("generation").GetInt32() == 1, survivor);

        using Run back = new("node", "--config", Write(2, ports));
        await UntilAsync(() => Task.FromResult((back.Output + back.Errors).Contains("fenced", StringComparison.Ordinal)), back);
    }

    private static async Task UntilAsync(Func<Task<bool>> condition, Run node)
    {
        using CancellationTokenSource timeout = new(TimeSpan.FromSeconds(120));
        while (!await condition())
        {
            Assert.False(timeout.IsCancellationRequested, $"not in time: {node.Output} {node.Errors}");
            await Task.Delay(50);
        }
    }

    private string Write(int id, int[] ports)
    {
        string file = _folder.File($"node-{id}.conf");
        File.WriteAllText(file, $$"""
            akka.loglevel = INFO
            akka.actor.provider = remote
            akka.remote.dot-netty.tcp { hostname = "127.0.0.1", port = {{ports[id - 1]}} }
            akka.remote.retry-gate-closed-for = 200 ms
            akka.persistence.journal.plugin = "akka.persistence.journal.sql"
            akka.persistence.journal.sql {
              class = "Akka.Persistence.Sql.Journal.SqlWriteJournal, Akka.Persistence.Sql"
              provider-name = "SQLite.MS"
              connection-string = "Data Source={{_folder.File($"journal-{id}.db")}}"
              auto-initialize = true
              replay-filter.mode = fail
            }
            akka.persistence.snapshot-store.local.dir = "{{_folder.File($"snapshots-{id}")}}"
            raft-actors {
              node-id = {{id}}
              nodes { 1 = "127.0.0.1:{{ports[0]}}", 2 = "127.0.0.1:{{ports[1]}}" }
              streams = [ { id = 1, state-machine = "RaftActors.ChainedHashStateMachine, RaftActors" } ]
              # Each command is a process that has to be compiled: they must not cost node 2 its office.
              stream-defaults { election-timeout-min = 3 s, election-timeout-max = 4 s, heartbeat-interval = 50 ms }
            }
            """);
        return file;
    }
}
