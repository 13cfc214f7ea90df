using System.Text.Json;
using RaftActors.Tests.Shared;
using Xunit;

namespace RaftActors.Node.Tests;

/// <summary><c>raftactors bench</c> in a setting that is small enough for every build: it must work and lose nothing; how fast it is says nothing here.</summary>
public sealed class BenchCommandSpec : IDisposable
{
    // Nodes that are still being compiled on a busy machine must not take each other for dead: a client would count an error.
    private static readonly string[] OneLeader = ["--election-timeout", "3000"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_folder_that_cannot_be_made_is_named_by_the_bench_node()
    {
        // Not even root can make a folder there.
        (int code, _, string errors) = await Run.ToEndAsync(
            "bench-node", "--id", "0", "--data", "/sys/bench-node", "--ports", FreePort.Next(1000).ToString(System.Globalization.CultureInfo.InvariantCulture));

        Assert.Equal(ExitCode.Storage, code);
        Assert.Contains("/sys/bench-node", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_load_is_one_line_of_JSON_without_errors()
    {
        string plot = _folder.File("plot.svg");
        JsonElement[] results = await BenchAsync(ExitCode.Ok, ["--clients", "1,8", "--seconds", "1", "--warm-up", "0", "--runs", "1", "--journal", "wal,sqlite", "--plot", plot, .. OneLeader]);

        Assert.Equal(4, results.Length);
        Assert.All(results, result =>
        {
            Assert.Equal(0, result.GetProperty("errors").GetInt64());
            Assert.True(result.GetProperty("entries_per_s").GetDouble() > 0);
            Assert.True(result.GetProperty("p50_ms").GetDouble() > 0);
            Assert.True(result.GetProperty("p99_ms").GetDouble() >= result.GetProperty("p50_ms").GetDouble());
            Assert.True(result.GetProperty("cpu_s").GetDouble() > 0);
            Assert.True(result.GetProperty("cpu_us_per_entry").GetDouble() > 0);
            Assert.True(result.GetProperty("rss_mb").GetDouble() > 0);
        });
        Assert.Equal(["raftactors/wal", "raftactors/wal", "raftactors/sqlite", "raftactors/sqlite"], results.Select(r => r.GetProperty("system").GetString()));
        Assert.Equal("1 clients, 128 B", results[0].GetProperty("load").GetString());
        Assert.Equal("svg", System.Xml.Linq.XDocument.Load(plot).Root!.Name.LocalName);
        Assert.Empty(Directory.GetDirectories(_folder.Path));
    }

    [Fact]
    public async Task Reads_and_several_streams_in_one_process()
    {
        JsonElement result = Assert.Single(await BenchAsync(ExitCode.Ok, ["--in-process", "--clients", "8", "--mix", "50/50", "--streams", "3", "--user-code", "own", "--set", "coalesce-appends-below=0", "--seconds", "1", "--warm-up", "0", "--runs", "1", .. OneLeader]));

        Assert.Equal("8 clients, 128 B, 50% reads, 3 streams, user code on its own threads, coalesce-appends-below=0", result.GetProperty("load").GetString());
        Assert.Equal(0, result.GetProperty("errors").GetInt64());
    }

    [Fact]
    public async Task Nothing_acknowledged_is_missing_when_all_nodes_were_killed()
    {
        JsonElement result = Assert.Single(await BenchAsync(ExitCode.Ok, "--kill-all", "--kills", "1", "--seconds", "1", "--clients", "8"));

        Assert.True(result.GetProperty("acknowledged").GetInt64() > 0);
        Assert.Equal(0, result.GetProperty("missing").GetInt64());
    }

    [Fact]
    public async Task What_only_lives_in_memory_is_found_missing()
    {
        JsonElement result = Assert.Single(await BenchAsync(ExitCode.WritesMissing, "--kill-all", "--kills", "1", "--seconds", "1", "--clients", "4", "--journal", "memory"));

        Assert.Equal(result.GetProperty("acknowledged").GetInt64(), result.GetProperty("missing").GetInt64());
    }

    [Fact]
    public async Task A_node_that_starts_again_replays_and_applies_all_of_its_log()
    {
        JsonElement[] results = await BenchAsync(ExitCode.Ok, "--recovery", "--entries", "2000", "--batch-entries", "1", "--runs", "1");
        Assert.Equal(
            ["recovery of 2000 entries, 128 B, at most 1 in one event, after stop", "recovery of 2000 entries, 128 B, at most 1 in one event, after kill -9"],
            results.Select(r => r.GetProperty("load").GetString()));
        Assert.All(results, result =>
        {
            Assert.Equal(2000, result.GetProperty("entries").GetInt64());
            Assert.True(result.GetProperty("replayed_ms").GetDouble() > 0);
            Assert.True(result.GetProperty("applied_ms").GetDouble() >= result.GetProperty("applied_from_ms").GetDouble());
            Assert.True(result.GetProperty("entries_per_s").GetDouble() > 0);
        });
        Assert.Empty(Directory.GetDirectories(_folder.Path));
    }

    [Fact]
    public async Task What_the_machine_itself_takes_is_measured_beside()
    {
        JsonElement[] results = await BenchAsync(ExitCode.Ok, "--limits");

        Assert.Equal(5, results.Length);
        Assert.All(results, result =>
        {
            Assert.Equal("limits", result.GetProperty("system").GetString());
            Assert.True(result.GetProperty("per_s").GetDouble() > 0);
            Assert.True(result.GetProperty("p50_ms").GetDouble() > 0);
            Assert.True(result.GetProperty("p99_ms").GetDouble() >= result.GetProperty("p50_ms").GetDouble());
        });
        Assert.StartsWith("write and fdatasync of 4096 B, 3 at once", results[1].GetProperty("load").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("bare quorum write of 1 entry, three processes", results[3].GetProperty("load").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("bare quorum write of 64 entries, three processes", results[4].GetProperty("load").GetString(), StringComparison.Ordinal);
        Assert.Equal(results[3].GetProperty("per_s").GetDouble(), results[3].GetProperty("entries_per_s").GetDouble());
        Assert.InRange(results[4].GetProperty("entries_per_s").GetDouble() / results[4].GetProperty("per_s").GetDouble(), 60, 68);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task A_follower_of_the_bare_write_that_finds_no_leader_is_one_line_and_leaves_nothing()
    {
        (int code, _, string errors) = await Run.ToEndAsync("bench-peer", "--port", "1", "--data", _folder.Path, "--wire-bytes", "256", "--disk-bytes", "4096");

        Assert.Equal(ExitCode.Failure, code);
        Assert.StartsWith("raftactors: ", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task A_log_that_only_lives_in_memory_cannot_be_recovered()
    {
        (int code, _, string errors) = await Run.ToEndAsync("bench", "--recovery", "--journal", "memory");

        Assert.Equal(ExitCode.Usage, code);
        Assert.Contains("--recovery", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_has_to_be_named_and_one_that_is_not_there_is_one_line()
    {
        (int code, _, string errors) = await Run.ToEndAsync("bench", "--journal", "postgresql");
        Assert.Equal(ExitCode.Usage, code);
        Assert.Contains("--postgresql", errors, StringComparison.Ordinal);

        (code, _, errors) = await Run.ToEndAsync("bench-node", "--id", "0", "--data", Path.Combine(_folder.Path, "0"), "--ports", "12001", "--journal", "postgresql", "--postgresql", "Host=127.0.0.1;Port=1;Username=raft");
        Assert.Equal(ExitCode.Storage, code);
        Assert.Contains("The PostgreSQL server of --postgresql cannot be used", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("max-clients", "3")]
    [InlineData("coalesce-appends-below", "lots")]
    [InlineData("pre-vote", "maybe")]
    public async Task A_setting_that_does_not_exist_or_cannot_be_is_named(string key, string value)
    {
        (int code, _, string errors) = await Run.ToEndAsync("bench-node", "--id", "0", "--data", Path.Combine(_folder.Path, "0"), "--ports", "12001", "--set", $"{key}={value}");

        Assert.Equal(ExitCode.Configuration, code);
        Assert.Contains($"raft-actors.stream-defaults.{key}", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--clients", "0")]
    [InlineData("--sizes", "big")]
    [InlineData("--mix", "50/60")]
    [InlineData("--journal", "paper")]
    [InlineData("--entries", "0")]
    [InlineData("--batch-entries", "-1")]
    [InlineData("--user-code", "mine")]
    [InlineData("--set", "pre-vote")]
    [InlineData("--set", "=on")]
    [InlineData("--set", "}=on")]
    public Task What_makes_no_sense_is_a_usage_error_that_names_the_option(string option, string value) => Run.MustBeUsageErrorAsync("bench", option, value);

    private async Task<JsonElement[]> BenchAsync(int expected, params string[] options)
    {
        (int code, string output, string errors) = await Run.ToEndAsync(["bench", .. options, "--data", _folder.Path]);

        Assert.True(code == expected, errors);
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
    }
}
