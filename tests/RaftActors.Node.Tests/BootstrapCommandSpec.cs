using System.Globalization;
using System.Text.Json;
using RaftActors.Tests.Shared;
using Xunit;

namespace RaftActors.Node.Tests;

/// <summary><c>raftactors bootstrap</c> from outside: what it prepares, what it prints, and its exit codes.</summary>
public sealed class BootstrapCommandSpec : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("sqlite")]
    [InlineData("wal")]
    public async Task A_node_begins_with_the_state_of_the_file_and_is_prepared_only_once(string kind)
    {
        int port = FreePort.Next();
        string config = Write(kind, port);
        string state = State(applied: 41, hash: 0x1234_5678_9abc_def0);
        (int code, string output, string errors) = await Run.ToEndAsync("bootstrap", "--config", config, "--stream", "1", "--state", state, "--last-index", "100");
        Assert.True(code == ExitCode.Ok, output + errors);
        Assert.Contains("stream 1 is prepared on node 1: the log begins behind entry 100", output, StringComparison.Ordinal);

        (code, _, errors) = await Run.ToEndAsync("bootstrap", "--config", config, "--stream", "1", "--state", state, "--last-index", "100");
        Assert.Equal(ExitCode.Storage, code);
        Assert.Contains("its journal is not empty", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);

        using Run node = new("node", "--config", config);
        JsonElement status = default;
        for (DateTime end = DateTime.UtcNow + TimeSpan.FromSeconds(120); ;)
        {
            if (await Run.StatusAsync(port) is { } answer && answer.GetProperty("ready").GetBoolean())
            {
                status = answer;
                break;
            }

            Assert.True(DateTime.UtcNow < end && !node.HasEnded, node.Output + node.Errors);
        }

        Assert.True(status.GetProperty("commit").GetInt64() > 100);
        Assert.Equal("123456789abcdef0", status.GetProperty("state_hash").GetString());
        node.Terminate();
        Assert.Equal(ExitCode.Ok, await node.WaitAsync());
    }

    [Fact]
    public async Task Without_a_state_the_membership_is_prepared()
    {
        (int code, string output, string errors) = await Run.ToEndAsync("bootstrap", "--config", Write("sqlite", FreePort.Next()), "--stream", "1");
        Assert.True(code == ExitCode.Ok, output + errors);
        Assert.Contains("the log begins with its membership", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("not-there", "cannot be read")]
    [InlineData("short", "must be what RaftActors.ChainedHashStateMachine")]
    [InlineData("long", "goes on behind what that reads")]
    [InlineData("folder", "cannot be read")]
    public async Task A_bad_file_is_one_line_and_nothing_is_written(string kind, string message)
    {
        string file = _folder.File(kind);
        switch (kind)
        {
            case "short":
                await File.WriteAllBytesAsync(file, new byte[7]);
                break;
            case "long":
                await File.WriteAllBytesAsync(file, new byte[17]);
                break;
            case "folder":
                Directory.CreateDirectory(file);
                break;
        }

        string config = Write("sqlite", FreePort.Next());
        (int code, _, string errors) = await Run.ToEndAsync("bootstrap", "--config", config, "--stream", "1", "--state", file, "--last-index", "5");
        Assert.True(code == ExitCode.Configuration, errors);
        Assert.Contains(message, errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
        (code, string output, errors) = await Run.ToEndAsync("bootstrap", "--config", config, "--stream", "1");
        Assert.True(code == ExitCode.Ok, output + errors);
    }

    [Theory]
    [InlineData(ExitCode.Usage, "belong together", "--stream", "1", "--last-index", "5")]
    [InlineData(ExitCode.Usage, "belong together", "--stream", "1", "--state", "x")]
    [InlineData(ExitCode.Usage, "--stream")]
    [InlineData(ExitCode.Configuration, "there are 1", "--stream", "2")]
    [InlineData(ExitCode.Configuration, "raft-actors.nodes", "--stream", "1", "--node-id", "9")]
    public async Task What_cannot_be_meant_is_told(int expected, string message, params string[] arguments)
    {
        (int code, _, string errors) = await Run.ToEndAsync(["bootstrap", "--config", Write("sqlite", FreePort.Next()), .. arguments]);
        Assert.True(code == expected, errors);
        Assert.Contains(message, errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("wal")]
    public async Task A_folder_that_cannot_be_written_is_told(string kind)
    {
        // A file where the folder should be: refused for every user, root too.
        await File.WriteAllTextAsync(_folder.File("data"), "in the way");
        (int code, _, string errors) = await Run.ToEndAsync("bootstrap", "--config", Write(kind, FreePort.Next()), "--stream", "1", "--state", State(1, 2), "--last-index", "5");
        Assert.True(code == ExitCode.Storage, errors);
        Assert.Contains(_folder.File("data"), errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_journal_in_memory_is_refused()
    {
        string config = _folder.File("memory.conf");
        await File.WriteAllTextAsync(config, $$"""include "{{Path.Combine(Repository.Root, "config", "in-memory.conf")}}" """);
        (int code, _, string errors) = await Run.ToEndAsync("bootstrap", "--config", config, "--stream", "1");
        Assert.Equal(ExitCode.Configuration, code);
        Assert.Contains("in memory", errors, StringComparison.Ordinal);
    }

    private string State(long applied, ulong hash)
    {
        string file = _folder.File("state.bin");
        File.WriteAllBytes(file, [.. BitConverter.GetBytes(hash), .. BitConverter.GetBytes(applied)]);
        return file;
    }

    private string Write(string kind, int port)
    {
        string journal = kind == "wal"
            ? string.Create(CultureInfo.InvariantCulture, $$"""
                akka.persistence.journal.plugin = "raft-actors.journal.wal"
                akka.persistence.snapshot-store.plugin = "raft-actors.snapshot-store.file"
                raft-actors.journal.wal.directory = "{{_folder.File("data/journal")}}"
                raft-actors.snapshot-store.file.directory = "{{_folder.File("data/snapshots")}}"
                """)
            : $$"""
                akka.persistence.journal.sql.connection-string = "Data Source={{_folder.File("data/journal.db")}}"
                akka.persistence.snapshot-store.local.dir = "{{_folder.File("data/snapshots")}}"
                """;
        string file = _folder.File($"node-{port}.conf");
        File.WriteAllText(file, $$"""
            include "{{Path.Combine(Repository.Root, "config", "common.conf")}}"
            akka.remote.dot-netty.tcp.port = {{port}}
            raft-actors {
              node-id = 1
              nodes { 1 = "127.0.0.1:{{port}}" }
              streams = [ { id = 1, name = "events", state-machine = "RaftActors.ChainedHashStateMachine, RaftActors" } ]
            }
            {{journal}}
            """);
        return file;
    }
}
