using System.Text;
using Akka.Configuration;
using RaftActors.Protocol;
using RaftActors.Tests.Shared;
using Xunit;

namespace RaftActors.Dcf.Tests;

/// <summary>DCF's parameters by name, shortening the log, and an application that keeps its applied index.</summary>
public sealed class DcfParamsSpec : IDisposable
{
    private static readonly StreamId One = new(1);

    private readonly string _folder = Path.Combine(Path.GetTempPath(), "raftactors-dcf-" + Guid.NewGuid().ToString("N"));

    public DcfParamsSpec() => Directory.CreateDirectory(_folder);

    public static TheoryData<string, string> Settable => new()
    {
        { "ELECTION_TIMEOUT", "3000" }, { "HEARTBEAT_INTERVAL", "200" }, { "RUN_MODE", "1" }, { "ELECTION_SWITCH_THRESHOLD", "7" }, { "LOG_LEVEL", "RUN_ERR|RUN_WAR" },
        { "DN_FLOW_CONTROL_RTO", "12" }, { "DN_FLOW_CONTROL_RPO", "0" }, { "MAJORITY_GROUPS", "1,2" }, { "MEC_BATCH_SIZE", "64" }, { "MEC_FRAGMENT_SIZE", "64" }, { "CONNECT_TIMEOUT", "500" },
        { "STG_POOL_MAX_SIZE", "100" }, { "DATA_FILE_SIZE", "64" }, { "COMPRESS_ALGORITHM", "0" },
    };

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Settable))]
    public async Task What_is_set_before_the_start_is_what_is_read(string name, string value)
    {
        await using Dcf node = new();
        Assert.NotNull(await node.GetParamAsync(name));
        await node.SetParamAsync(name, value);
        Assert.Equal(value, await node.GetParamAsync(name));
    }

    [Fact]
    public async Task An_unknown_name_is_refused_with_the_names_there_are()
    {
        await using Dcf node = new();
        DcfConfigurationException set = await Assert.ThrowsAsync<DcfConfigurationException>(() => node.SetParamAsync("ELECTION_TIMEOUTS", "3000"));
        Assert.Contains("ELECTION_TIMEOUTS", set.Message, StringComparison.Ordinal);
        Assert.All(Settable, row => Assert.Contains((string)row[0], set.Message, StringComparison.Ordinal));
        Assert.Contains("DATA_PATH", set.Message, StringComparison.Ordinal);
        Assert.Equal(set.Message, (await Assert.ThrowsAsync<DcfConfigurationException>(() => node.GetParamAsync("ELECTION_TIMEOUTS"))).Message);
    }

    [Theory]
    [InlineData("SSL_CERT", "akka.remote.dot-netty.tcp.ssl")]
    [InlineData("LOG_PATH", "akka.loggers")]
    [InlineData("MEC_AGENT_THREAD_NUM", "dispatchers")]
    [InlineData("FLOW_CONTROL_CPU_THRESHOLD", "DN_FLOW_CONTROL_RTO")]
    public async Task A_name_without_a_meaning_here_says_why_and_what_to_do(string name, string hint)
    {
        await using Dcf node = new();
        Assert.Contains(hint, (await Assert.ThrowsAsync<DcfConfigurationException>(() => node.SetParamAsync(name, "1"))).Message, StringComparison.Ordinal);
        Assert.Contains(hint, (await Assert.ThrowsAsync<DcfConfigurationException>(() => node.GetParamAsync(name))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ELECTION_TIMEOUT", "999")]
    [InlineData("ELECTION_TIMEOUT", "soon")]
    [InlineData("RUN_MODE", "2")]
    [InlineData("RUN_MODE", "-1")]
    [InlineData("LOG_LEVEL", "LOUD")]
    [InlineData("LOG_LEVEL", "")]
    [InlineData("DN_FLOW_CONTROL_RPO", "5")]
    [InlineData("MAJORITY_GROUPS", "1,1")]
    [InlineData("MAJORITY_GROUPS", "0")]
    [InlineData("COMPRESS_ALGORITHM", "1")]
    [InlineData("DATA_PATH", " ")]
    public async Task A_value_out_of_range_is_refused_with_what_is_allowed(string name, string value)
    {
        await using Dcf node = new();
        string before = await node.GetParamAsync(name);
        DcfConfigurationException refused = await Assert.ThrowsAsync<DcfConfigurationException>(() => node.SetParamAsync(name, value));
        Assert.StartsWith($"{name} is \"{value}\". Allowed: ", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, await node.GetParamAsync(name));
    }

    [Fact]
    public async Task A_node_runs_with_its_parameters_and_takes_others_while_it_runs()
    {
        await using Dcf node = new(new DcfOptions { Config = Settings("journal.db") });
        await node.SetParamAsync("DATA_PATH", _folder);
        await node.SetParamAsync("ELECTION_TIMEOUT", "1500");
        await node.SetParamAsync("DN_FLOW_CONTROL_RTO", "9");
        await node.StartAsync(1, $"1$1$127.0.0.1${FreePort.Next()}$LEADER");

        // Only a leader judges what the members are to be, and from here on it would not be elected by itself.
        await UntilLeaderAsync(node);
        Assert.True(File.Exists(Path.Combine(_folder, "1", "metadata", "cluster.json")));
        Akka.Configuration.Config inForce = node.System.Settings.Config;
        Assert.Equal(TimeSpan.FromMilliseconds(1500), inForce.GetTimeSpan("raft-actors.stream-defaults.election-timeout-min"));
        Assert.Equal(TimeSpan.FromMilliseconds(150), inForce.GetTimeSpan("raft-actors.stream-defaults.heartbeat-interval"));
        Assert.Equal(("150", "0", "9"), (await node.GetParamAsync("HEARTBEAT_INTERVAL"), await node.GetParamAsync("RUN_MODE"), await node.GetParamAsync("DN_FLOW_CONTROL_RTO")));

        await node.SetParamAsync("RUN_MODE", "1");
        await node.SetParamAsync("DN_FLOW_CONTROL_RTO", "3");
        await node.SetParamAsync("LOG_LEVEL", "RUN_ERR");
        Assert.Equal(("1", "3", "RUN_ERR"), (await node.GetParamAsync("RUN_MODE"), await node.GetParamAsync("DN_FLOW_CONTROL_RTO"), await node.GetParamAsync("LOG_LEVEL")));
        Assert.Equal(new RaftTuning { ManualElection = true, PaceApplyTime = TimeSpan.FromSeconds(3) }, node.GetStream(One).Tuning);
        await Assert.ThrowsAsync<ArgumentException>(() => node.GetStream(One).TuneAsync(new RaftTuning { PaceLagBytes = -1 }));
        Assert.Null(node.GetStream(One).Tuning.PaceLagBytes);
        DcfConfigurationException late = await Assert.ThrowsAsync<DcfConfigurationException>(() => node.SetParamAsync("ELECTION_TIMEOUT", "2000"));
        Assert.Contains("before the start", late.Message, StringComparison.Ordinal);
        DcfConfigurationException noSuchGroup = await Assert.ThrowsAsync<DcfConfigurationException>(() => node.SetParamAsync("MAJORITY_GROUPS", "7"));
        Assert.Contains("7", noSuchGroup.Message, StringComparison.Ordinal);
        Assert.Equal("", await node.GetParamAsync("MAJORITY_GROUPS"));

        // Manual elections are in force: who gives up its office stays without one until it is asked.
        await node.DemoteFollowerAsync(One);
        await Task.Delay(TimeSpan.FromSeconds(4));
        Assert.Equal(Role.Follower, (await node.GetCurrentTermAndRoleAsync(One)).Role);
        await node.SetParamAsync("RUN_MODE", "0");
        await UntilLeaderAsync(node);
    }

    [Fact]
    public async Task A_size_of_data_files_needs_the_journal_that_has_them()
    {
        await using Dcf node = new(new DcfOptions { DataPath = _folder, Config = Settings("journal.db") });
        await node.SetParamAsync("DATA_FILE_SIZE", "64");
        DcfConfigurationException refused = await Assert.ThrowsAsync<DcfConfigurationException>(() => node.StartAsync(1, $"1$1$127.0.0.1${FreePort.Next()}$LEADER"));
        Assert.Contains("raft-actors.journal.wal", refused.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public async Task The_log_is_shortened_as_far_as_a_snapshot_covers_it()
    {
        await using Dcf node = new(new DcfOptions { DataPath = _folder, Config = Settings("journal.db", snapshots: true) });
        await node.StartAsync(1, $"1$1$127.0.0.1${FreePort.Next()}$LEADER");
        await UntilLeaderAsync(node);
        LogIndex last = await WriteAsync(node, 10);

        DcfAdminResult early = await node.TruncateAsync(One, last);
        Assert.False(early.Success);
        Assert.Contains("there is no snapshot", early.Reason, StringComparison.Ordinal);
        Assert.IsType<SnapshotCompleted>(await node.GetStream(One).TakeSnapshotAsync());
        Assert.IsType<CommittedEntryFound>(await node.ReadAsync(One, last));

        Assert.True((await node.TruncateAsync(One, last)).Success);
        Assert.IsType<CommittedEntryFound>(await node.ReadAsync(One, last));
        Assert.IsNotType<CommittedEntryFound>(await node.ReadAsync(One, last.Previous));
        Assert.False((await node.TruncateAsync(One, new LogIndex(last.Value + 2))).Success);
        Assert.True((await node.TruncateAsync(One, last.Next)).Success);
        Assert.True((await node.WriteAsync(One, "more"u8.ToArray())).IsCommitted);
    }

    [Fact]
    public async Task Callbacks_begin_behind_what_the_application_has_applied()
    {
        string json = $"1$1$127.0.0.1${FreePort.Next()}$LEADER";
        LogIndex last;
        await using (TestNode first = new(_folder, 1))
        {
            await first.Dcf.StartAsync(1, json);
            await UntilLeaderAsync(first.Dcf);
            last = await WriteAsync(first.Dcf, 10);
        }

        await using TestNode second = new(_folder, 1);
        second.Dcf.SetAppliedIndex(One, new LogIndex(last.Value - 3));
        await second.Dcf.StartAsync(1, json);
        await UntilLeaderAsync(second.Dcf);
        await WriteAsync(second.Dcf, 1);
        await TestNode.UntilAsync(() => Task.FromResult(second.Written.Count + second.Committed.Count == 4), "what lay behind it and the new one are called back");
        Assert.Equal([.. Enumerable.Range(0, 3).Select(i => last.Value - 2 + i)], second.Committed.Select(c => c.Index.Value).Concat(second.Written.Select(w => w.Index.Value)).Where(i => i <= last.Value).Order());
        Assert.Throws<InvalidOperationException>(() => second.Dcf.SetAppliedIndex(One, last));
    }

    [Fact]
    public async Task An_applied_index_behind_the_end_of_the_log_is_refused()
    {
        await using TestNode node = new(_folder, 1);
        node.Dcf.SetAppliedIndex(One, new LogIndex(5));
        DcfConfigurationException refused = await Assert.ThrowsAsync<DcfConfigurationException>(() => node.Dcf.StartAsync(1, $"1$1$127.0.0.1${FreePort.Next()}$LEADER"));
        Assert.Contains("ends at", refused.Message, StringComparison.Ordinal);
        Assert.Empty(node.Written);
    }

    [Fact]
    public async Task An_applied_index_is_refused_where_the_application_may_be_ahead_of_its_log()
    {
        Config ahead = ConfigurationFactory.ParseString("raft-actors.stream-defaults.apply-before-own-disk = on");
        await using Dcf node = new(new DcfOptions { DataPath = _folder, Config = ahead.WithFallback(Settings("journal.db", snapshots: false)) });
        node.SetAppliedIndex(One, new LogIndex(1));
        DcfConfigurationException refused = await Assert.ThrowsAsync<DcfConfigurationException>(() => node.StartAsync(1, $"1$1$127.0.0.1${FreePort.Next()}$LEADER"));
        Assert.Contains("apply-before-own-disk", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_applied_index_in_front_of_the_snapshot_is_refused()
    {
        string json = $"1$1$127.0.0.1${FreePort.Next()}$LEADER";
        await using (Dcf first = new(new DcfOptions { DataPath = _folder, Config = Settings("journal.db", snapshots: true) }))
        {
            await first.StartAsync(1, json);
            await UntilLeaderAsync(first);
            await WriteAsync(first, 10);
            Assert.IsType<SnapshotCompleted>(await first.GetStream(One).TakeSnapshotAsync());
        }

        await using Dcf second = new(new DcfOptions { DataPath = _folder, Config = Settings("journal.db", snapshots: true) });
        int called = 0;
        second.RegisterAfterWriter((_, _, _, _, _) => called++);
        second.RegisterConsensusNotify((_, _, _, _) => called++);
        second.SetAppliedIndex(One, new LogIndex(4));
        DcfConfigurationException refused = await Assert.ThrowsAsync<DcfConfigurationException>(() => second.StartAsync(1, json));
        Assert.Contains("would be missing", refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, called);
    }

    private static async Task<LogIndex> WriteAsync(Dcf node, int count)
    {
        LogIndex last = LogIndex.Zero;
        for (int i = 0; i < count; i++)
        {
            DcfWriteResult written = await node.WriteAsync(One, Encoding.UTF8.GetBytes($"record {i}"));
            Assert.True(written.IsCommitted, written.Reason);
            last = written.Index;
        }

        return last;
    }

    private static Task UntilLeaderAsync(Dcf node) =>
        TestNode.UntilAsync(async () => await node.GetStream(One).GetStatusAsync() is { Role: Role.Leader, IsReady: true }, "the node leads");

    private Akka.Configuration.Config Settings(string journal, bool snapshots = false) => ConfigurationFactory.ParseString($$"""
        akka.loglevel = WARNING
        akka.persistence.journal.plugin = "akka.persistence.journal.sql"
        akka.persistence.journal.sql {
          class = "Akka.Persistence.Sql.Journal.SqlWriteJournal, Akka.Persistence.Sql"
          provider-name = "SQLite.MS"
          connection-string = "Data Source={{Path.Combine(Path.GetTempPath(), Path.GetFileName(_folder) + "-" + journal)}}"
          auto-initialize = true
          replay-filter.mode = fail
        }
        akka.persistence.snapshot-store.plugin = "{{(snapshots ? "akka.persistence.snapshot-store.local" : "akka.persistence.no-snapshot-store")}}"
        akka.persistence.snapshot-store.local.dir = "{{Path.Combine(_folder, "snapshots").Replace('\\', '/')}}"
        """);
}
