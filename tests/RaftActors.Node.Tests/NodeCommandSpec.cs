using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using RaftActors.Tests.Shared;
using Xunit;

namespace RaftActors.Node.Tests;

/// <summary>The program from outside: what it prints, and what its exit code says.</summary>
public sealed class NodeCommandSpec : IDisposable
{
    private const string Wal = "akka.persistence.journal.plugin = \"raft-actors.journal.wal\"\n";

    private const string Files = "akka.persistence.snapshot-store.plugin = \"raft-actors.snapshot-store.file\"\n";

    // The folder's name stands for FOLDER when it is written.
    private const string OnFiles = Wal + Files + """
        raft-actors { journal.wal.directory = "FOLDER/wal", snapshot-store.file.directory = "FOLDER/snapshots" }
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_node_runs_answers_status_and_ends_on_SIGTERM_with_0()
    {
        int port = FreePort.Next();
        string config = Write(port);
        using Run node = new("node", "--config", config);
        await UntilAsync(() => node.Output.Contains("is up", StringComparison.Ordinal), node);

        JsonElement status = default;
        await UntilAsync(async () =>
        {
            status = await Run.StatusAsync(port) ?? default;
            return status.ValueKind == JsonValueKind.Object && status.GetProperty("role").GetString() == "leader" && status.GetProperty("ready").GetBoolean();
        }, node);
        node.Terminate();

        Assert.Equal(0, await node.WaitAsync());
        Assert.Equal(1, status.GetProperty("node_id").GetInt32());
        Assert.Equal(1, status.GetProperty("stream_id").GetInt32());
        Assert.Equal(1, status.GetProperty("leader").GetInt32());
        Assert.Equal(1, status.GetProperty("voted_for").GetInt32());
        Assert.True(status.GetProperty("term").GetInt64() >= 1);
        Assert.True(status.GetProperty("commit").GetInt64() >= 1);
        Assert.Equal([1], status.GetProperty("membership").GetProperty("voters").EnumerateArray().Select(v => v.GetInt32()));
        Assert.True(status.GetProperty("process_memory_bytes").GetInt64() > 0);
        Assert.Equal(16, status.GetProperty("state_hash").GetString()!.Length);
    }

    [Fact]
    public async Task A_database_server_that_is_not_there_is_one_line_and_exit_code_5()
    {
        string config = _folder.File("postgresql.conf");
        File.WriteAllText(config, File.ReadAllText(Path.Combine(Repository.Root, "config/postgresql/cluster.conf")) + $$"""

            akka.remote.dot-netty.tcp.port = {{FreePort.Next()}}
            raft-actors.node-id = 1
            akka.persistence.journal.sql.connection-string = "Host=127.0.0.1;Port=1;Username=raft;Password=secret;Database=logs"
            """);
        (int code, _, string errors) = await Run.ToEndAsync("node", "--config", config);
        Assert.Equal(5, code);
        Assert.Contains("PostgreSQL server 127.0.0.1:1, database logs, user raft", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_node_is_added_made_leader_and_removed()
    {
        int port = FreePort.Next();
        int other = FreePort.Next();
        using Run node = new("node", "--config", Write(port));
        string second = _folder.File("second.conf");
        File.WriteAllText(second, File.ReadAllText(_folder.File("node.conf"))
            .Replace("node-id = 1", "node-id = 2", StringComparison.Ordinal)
            .Replace("port = " + port, "port = " + other, StringComparison.Ordinal)
            .Replace($"nodes {{ 1 = \"127.0.0.1:{port}\" }}", $"nodes {{ 2 = \"127.0.0.1:{other}\" }}", StringComparison.Ordinal)
            .Replace("id = 1,", "id = 1, join = on,", StringComparison.Ordinal)
            .Replace("journal.db", "journal2.db", StringComparison.Ordinal));
        using Run joining = new("node", "--config", second);
        await UntilAsync(() => node.Output.Contains("is up", StringComparison.Ordinal), node);
        await UntilAsync(() => joining.Output.Contains("is up", StringComparison.Ordinal), joining);
        string[] common = ["--node", $"127.0.0.1:{port}", "--stream", "1", "--timeout", "20"];

        string output = string.Empty;
        await UntilAsync(async () =>
        {
            (int code, output, _) = await Run.ToEndAsync(["members", "add", "--id", "2", "--address", $"127.0.0.1:{other}", .. common]);
            return code == ExitCode.Ok;
        }, node);
        Assert.Contains("voters 1,2", output, StringComparison.Ordinal);

        // Not before node 2 has all of the log.
        await UntilAsync(async () => (await Run.ToEndAsync(["transfer", "--to", "2", .. common])).Code == ExitCode.Ok, node);

        // Asked of node 1, which names the leader.
        int removed = ExitCode.Failure;
        await UntilAsync(async () =>
        {
            (removed, output, _) = await Run.ToEndAsync(["members", "remove", "--id", "1", .. common]);
            return removed == ExitCode.Ok;
        }, joining);
        Assert.Contains("voters 2", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_is_put_into_read_only_mode_and_out_of_it()
    {
        int port = FreePort.Next();
        using Run node = new("node", "--config", Write(port));
        await UntilAsync(async () => await Run.StatusAsync(port) is not null, node);

        foreach (string mode in (string[])["on", "off"])
        {
            (int code, string output, string errors) = await Run.ToEndAsync("readonly", mode, "--node", $"127.0.0.1:{port}", "--stream", "1");
            Assert.True(code == ExitCode.Ok, output + errors);
            (_, output, _) = await Run.ToEndAsync("status", "--nodes", $"127.0.0.1:{port}");
            Assert.Equal(mode == "on", JsonDocument.Parse(output.Trim()).RootElement.GetProperty("read_only").GetBoolean());
        }

        (int wrong, _, _) = await Run.ToEndAsync("readonly", "perhaps", "--node", $"127.0.0.1:{port}", "--stream", "1");
        Assert.Equal(ExitCode.Usage, wrong);
    }

    [Fact]
    public async Task A_node_that_does_not_answer_is_named_and_the_exit_code_says_so()
    {
        int port = FreePort.Next();

        (int code, _, string errors) = await Run.ToEndAsync("status", "--nodes", $"127.0.0.1:{port}", "--timeout", "1");

        Assert.Equal(ExitCode.Unreachable, code);
        Assert.Contains($"127.0.0.1:{port} did not answer", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("raft-actors.streem-defaults {}", "streem-defaults")]
    [InlineData("raft-actors.stream-defaults.heartbeat-interval = 5s", "heartbeat-interval")]
    [InlineData("raft-actors.node-id = 9", "9")]
    [InlineData("raft-actors.foo = 1", "raft-actors.foo")]
    [InlineData("raft-actors.stream-defaults.max-batch-entries = -5", "max-batch-entries' is '-5'")]
    [InlineData("raft-actors.nodes.2 = \"127.0.0.1:99999\"", "raft-actors.nodes.2")]
    [InlineData("akka.remote.dot-netty.tcp.port = 123456", "akka.remote.dot-netty.tcp.port' is '123456'")]
    [InlineData("akka.persistence.journal.plugin = \"no.such\"", "akka.persistence.journal.plugin' is 'no.such'")]
    [InlineData("akka.persistence.snapshot-store.plugin = \"no.such\"", "akka.persistence.snapshot-store.plugin' is 'no.such'")]
    [InlineData(Wal + "raft-actors.journal.wal.segment-size = 5", "segment-size is 5; allowed are")]
    [InlineData(Wal + "raft-actors.journal.wal.segment-sise = 1m", "raft-actors.journal.wal.segment-sise")]
    [InlineData(Wal + "raft-actors.journal.wal.fsync = sometimes", "fsync is [sometimes]; allowed are")]
    [InlineData(Wal + "raft-actors.journal.wal.direct-io = sometimes", "direct-io is [sometimes]")]
    [InlineData(Wal + "raft-actors.journal.wal.spare-segments = many", "spare-segments is [many]")]
    [InlineData(Wal + "raft-actors.journal.wal.lock-timeout = long", "lock-timeout is [long]")]
    [InlineData(Wal + "raft-actors.journal.wal.max-batch-bytes = lots", "max-batch-bytes is")]
    [InlineData(Files + "raft-actors.snapshot-store.file.fsnc = on", "raft-actors.snapshot-store.file.fsnc")]
    [InlineData(Files + "raft-actors.snapshot-store.file.fsync = sometimes", "fsync is [sometimes]")]
    [InlineData(Files + "raft-actors.snapshot-store.file.max-load-attempts = 0", "max-load-attempts is less than 1")]
    public async Task Wrong_settings_are_named_before_there_is_any_file(string wrong, string named)
    {
        await MustBeRefusedAsync(Write(FreePort.Next(), wrong), ExitCode.Configuration, named);
        Assert.False(File.Exists(_folder.File("journal.db")));
    }

    [Fact]
    public Task A_state_machine_that_there_is_not_is_named() => MustBeRefusedAsync(
        Write(FreePort.Next(), "raft-actors { streams = [ { id = 1, state-machine = \"No.Such, Thing\" } ] }"), ExitCode.Configuration, "No.Such");

    [Fact]
    public async Task Of_two_nodes_started_at_once_on_one_folder_one_is_refused()
    {
        // Neither sees the other's log in its first look; one of them finds it locked when its stream begins.
        string more = OnFiles + "\nraft-actors.journal.wal.lock-timeout = 1s";
        (int port, int other) = (FreePort.Next(), FreePort.Next());
        using Run first = new("node", "--config", Write(port, more, "first.conf"));
        using Run second = new("node", "--config", Write(other, more, "second.conf"));
        await UntilAsync(() => first.HasEnded || second.HasEnded, first);
        (Run refused, Run up, int upPort) = first.HasEnded ? (first, second, other) : (second, first, port);

        Assert.Equal(ExitCode.Storage, await refused.WaitAsync());
        Assert.Contains("is in use", refused.Errors, StringComparison.Ordinal);
        await UntilAsync(async () => await Run.StatusAsync(upPort) is { } s && s.GetProperty("role").GetString() == "leader", up);
    }

    [Fact]
    public async Task A_folder_for_snapshots_that_cannot_be_made_is_named_at_start()
    {
        // Not even root can make a folder there.
        string config = Write(FreePort.Next(), "akka.persistence.snapshot-store.local.dir = \"/proc/snapshots\"");
        await MustBeRefusedAsync(config, ExitCode.Storage, "/proc/snapshots (akka.persistence.snapshot-store.local.dir)");
    }

    [Theory]
    [InlineData("")]
    [InlineData(OnFiles)]
    public async Task The_journal_of_another_node_is_refused_with_both_names(string more)
    {
        int port = FreePort.Next();
        using (Run node = new("node", "--config", Write(port, more)))
        {
            await UntilAsync(() => node.Output.Contains("is up", StringComparison.Ordinal), node);
            await UntilAsync(async () => await Run.StatusAsync(port) is { } s && s.GetProperty("role").GetString() == "leader", node);
            node.Terminate();
            Assert.Equal(0, await node.WaitAsync());
        }

        string config = Write(port, more + $"\nraft-actors {{ node-id = 2, nodes {{ 2 = \"127.0.0.1:{FreePort.Next()}\" }} }}");
        await MustBeRefusedAsync(config, ExitCode.Storage, "is the journal of node 1, not of node 2 (raft-actors.node-id)");
    }

    [Fact]
    public async Task Malformed_HOCON_is_answered_with_file_and_place()
    {
        string file = _folder.File("broken.conf");
        await File.WriteAllTextAsync(file, "akka {\n  loglevel = INFO\n  actor { \n");

        (int code, _, string errors) = await Run.ToEndAsync("node", "--config", file);

        Assert.Equal(ExitCode.Configuration, code);
        Assert.Contains(file, errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_file_is_named()
    {
        (int code, _, string errors) = await Run.ToEndAsync("node", "--config", _folder.File("none.conf"));

        Assert.Equal(ExitCode.Configuration, code);
        Assert.Contains("none.conf", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_in_use_is_one_clear_line()
    {
        using TcpListener other = new(IPAddress.Loopback, 0);
        other.Start();

        (int code, _, string errors) = await Run.ToEndAsync("node", "--config", Write(((IPEndPoint)other.LocalEndpoint).Port));

        Assert.Equal(ExitCode.Address, code);
        Assert.Contains("in use", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_locked_journal_is_refused()
    {
        string config = Write(FreePort.Next());
        await using SqliteConnection other = new($"Data Source={_folder.File("journal.db")};Pooling=False");
        other.Open();
        using SqliteCommand command = other.CreateCommand();
        command.CommandText = "CREATE TABLE t(a); BEGIN EXCLUSIVE;";
        command.ExecuteNonQuery();

        (int code, _, string errors) = await Run.ToEndAsync("node", "--config", config);

        Assert.Equal(ExitCode.Storage, code);
        Assert.Contains("locked by another process", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_journal_is_refused()
    {
        string config = Write(FreePort.Next());
        await File.WriteAllTextAsync(_folder.File("journal.db"), new string('x', 8192));

        (int code, _, string errors) = await Run.ToEndAsync("node", "--config", config);

        Assert.Equal(ExitCode.Storage, code);
        Assert.Contains("damaged", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_write_ahead_log_is_refused_before_anything_starts()
    {
        string log = _folder.File("wal");
        Directory.CreateDirectory(log);
        await File.WriteAllBytesAsync(Path.Combine(log, "0000000000000001.wal"), new byte[100_000]);
        string config = Write(FreePort.Next(), $"akka.persistence.journal.plugin = \"raft-actors.journal.wal\"\nraft-actors.journal.wal.directory = \"{log}\"");

        (int code, string output, string errors) = await Run.ToEndAsync("node", "--config", config);

        Assert.Equal(ExitCode.Storage, code);
        Assert.DoesNotContain("is up", output, StringComparison.Ordinal);
        Assert.Contains("0000000000000001.wal, offset 0", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("status", "--timeout", "-1")]
    [InlineData("status", "--timeout", "NaN")]
    [InlineData("recover", "--timeout", "0")]
    [InlineData("transfer", "--timeout", "1e300")]
    [InlineData("pause", "--seconds", "-1")]
    [InlineData("pause", "--seconds", "1e300")]
    public Task A_time_that_makes_no_sense_is_a_usage_error_that_names_the_option(string command, string option, string value) => Run.MustBeUsageErrorAsync(command, option, value);

    [Fact]
    public async Task A_wrong_command_line_is_a_usage_error()
    {
        (int code, _, string errors) = await Run.ToEndAsync("node", "--confg", "x");

        Assert.Equal(ExitCode.Usage, code);
        Assert.NotEmpty(errors);
    }

    private static Task UntilAsync(Func<bool> condition, Run node) => UntilAsync(() => Task.FromResult(condition()), node);

    private static async Task UntilAsync(Func<Task<bool>> condition, Run node)
    {
        using CancellationTokenSource timeout = new(TimeSpan.FromSeconds(120));
        while (!await condition())
        {
            try
            {
                await Task.Delay(50, timeout.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"Timed out.\n{node.Output}\n{node.Errors}");
            }
        }
    }

    /// <summary>In words for people.</summary>
    private static async Task MustBeRefusedAsync(string config, int expected, string named)
    {
        (int code, _, string errors) = await Run.ToEndAsync("node", "--config", config);

        Assert.Equal(expected, code);
        Assert.Contains(named, errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
    }

    private string Write(int port, string more = "", string name = "node.conf")
    {
        string file = _folder.File(name);
        File.WriteAllText(file, $$"""
            include "{{Path.Combine(Repository.Root, "config", "common.conf")}}"
            akka.remote.dot-netty.tcp.port = {{port}}
            akka.persistence.journal.sql.connection-string = "Data Source={{_folder.File("journal.db")}}"
            raft-actors {
              node-id = 1
              nodes { 1 = "127.0.0.1:{{port}}" }
              streams = [ { id = 1, name = "events", state-machine = "RaftActors.ChainedHashStateMachine, RaftActors" } ]
            }
            {{more.Replace("FOLDER", _folder.File("data"), StringComparison.Ordinal)}}
            """);
        return file;
    }
}
