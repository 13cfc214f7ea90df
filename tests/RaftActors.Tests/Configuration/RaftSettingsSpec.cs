using Akka.Configuration;
using RaftActors.Configuration;

namespace RaftActors.Tests.Configuration;

/// <summary>Settings: their defaults, and that nothing unknown or impossible is ever accepted.</summary>
public sealed class RaftSettingsSpec
{
    [Fact]
    public void Defaults_must_be_what_reference_conf_documents()
    {
        RaftSettings settings = new(RaftSettings.Reference());
        StreamSettings stream = settings.StreamDefaults;

        Assert.Equal(NodeId.None, settings.NodeId);
        Assert.Empty(settings.Nodes);
        Assert.Empty(settings.Streams);
        Assert.False(settings.PublishCommits);
        Assert.Equal(string.Empty, settings.JournalPlugin);
        Assert.False(settings.AllowRepairingReplayFilter);
        Assert.Equal(TimeSpan.FromSeconds(1), stream.ElectionTimeoutMin);
        Assert.Equal(TimeSpan.FromSeconds(2), stream.ElectionTimeoutMax);
        Assert.Equal(TimeSpan.FromMilliseconds(100), stream.HeartbeatInterval);
        Assert.Equal(TimeSpan.FromSeconds(5), stream.ClientTimeout);
        Assert.True(stream.PreVote);
        Assert.True(stream.CheckQuorum);
        Assert.Equal(4 << 20, stream.MaxEntrySize);
        Assert.Equal(1 << 20, stream.MaxBatchBytes);
        Assert.Equal(64, stream.MaxInFlightAppends);
        Assert.Equal(100_000, stream.MaxUncommittedEntries);
        Assert.Equal(32 << 20, settings.Remoting.MaxMessageBytes);
        Assert.Equal(0, settings.Remoting.MaxFrameBytes);
    }

    [Theory]
    [InlineData("raft-actors.stream-defaults.election-timout-min = 1s", "raft-actors.stream-defaults.election-timout-min", "raft-actors.stream-defaults.election-timeout-min")]
    [InlineData("raft-actors.node-idd = 1", "raft-actors.node-idd", "raft-actors.node-id")]
    [InlineData("raft-actors.remoting.max-frame = 1000", "raft-actors.remoting.max-frame", "raft-actors.remoting.max-frame-bytes")]
    [InlineData("raft-actors.journals.plugin = x", "raft-actors.journals", "raft-actors.journal")]
    [InlineData("raft-actors.streams = [ { id = 1, state-machin = x } ]", "raft-actors.streams[0].state-machin", "raft-actors.streams[0].state-machine")]
    [InlineData("raft-actors.streams = [ { id = 1, state-machine = x, settings { heartbeat = 1s } } ]", "raft-actors.streams[0].settings.heartbeat", "raft-actors.streams[0].settings.heartbeat-interval")]
    public void Unknown_key_must_be_named_with_the_nearest_known_one(string hocon, string key, string nearest)
    {
        RaftConfigurationException e = Refused(hocon);

        Assert.Equal(key, e.Key);
        Assert.Contains($"'{nearest}'", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("raft-actors = 5", "raft-actors")]
    [InlineData("raft-actors.node-id = -1", "raft-actors.node-id")]
    [InlineData("raft-actors.dispatchers.consensus.max-threads = 65", "raft-actors.dispatchers.consensus.max-threads")]
    [InlineData("raft-actors.dispatchers.consensus.max-threads = -1", "raft-actors.dispatchers.consensus.max-threads")]
    [InlineData("raft-actors.dispatchers.consensus.max-threads = many", "raft-actors.dispatchers.consensus.max-threads")]
    [InlineData("raft-actors.node-id = one", "raft-actors.node-id")]
    [InlineData("raft-actors.node-id = 4294967296", "raft-actors.node-id")]
    [InlineData("raft-actors.nodes { 0 = \"a:1\" }", "raft-actors.nodes.0")]
    [InlineData("raft-actors.nodes { 1 = \"nowhere\" }", "raft-actors.nodes.1")]
    [InlineData("raft-actors.nodes { 1 = \"a:0\" }", "raft-actors.nodes.1")]
    [InlineData("raft-actors.nodes { 1 = \"a:99999\" }", "raft-actors.nodes.1")]
    [InlineData("raft-actors.nodes { 1 = \"a:1\", 2 = \"a:1\" }", "raft-actors.nodes.2")]
    [InlineData("raft-actors.streams = 1", "raft-actors.streams")]
    [InlineData("raft-actors.streams = [ 1 ]", "raft-actors.streams[0]")]
    [InlineData("raft-actors.streams = [ { id = x, state-machine = y } ]", "raft-actors.streams[0].id")]
    [InlineData("raft-actors.streams = [ { id = 1 } ]", "raft-actors.streams[0].state-machine")]
    [InlineData("raft-actors.streams = [ { id = 1, state-machine = x }, { id = 1, state-machine = x } ]", "raft-actors.streams[1].id")]
    [InlineData("raft-actors.streams = [ { id = 1, state-machine = x } ]", "raft-actors.node-id")]
    [InlineData("raft-actors { node-id = 3, nodes = { 1 = \"a:1\" }, streams = [ { id = 1, state-machine = x } ] }", "raft-actors.node-id")]
    [InlineData("raft-actors.clock = sundial", "raft-actors.clock")]
    [InlineData("raft-actors.publish-commits = perhaps", "raft-actors.publish-commits")]
    [InlineData("raft-actors.stream-defaults = 1", "raft-actors.stream-defaults")]
    [InlineData("raft-actors.stream-defaults.election-timeout-min = 0s", "raft-actors.stream-defaults.election-timeout-min")]
    [InlineData("raft-actors.stream-defaults.election-timeout-min = -1s", "raft-actors.stream-defaults.election-timeout-min")]
    [InlineData("raft-actors.stream-defaults.election-timeout-min = soon", "raft-actors.stream-defaults.election-timeout-min")]
    [InlineData("raft-actors.stream-defaults.election-timeout-min = infinite", "raft-actors.stream-defaults.election-timeout-min")]
    [InlineData("raft-actors.stream-defaults.election-timeout-max = 500ms", "raft-actors.stream-defaults.election-timeout-max")]
    [InlineData("raft-actors.stream-defaults.heartbeat-interval = 1s", "raft-actors.stream-defaults.heartbeat-interval")]
    [InlineData("raft-actors.stream-defaults.heartbeat-interval = 400ms", "raft-actors.stream-defaults.heartbeat-interval")]
    [InlineData("raft-actors.stream-defaults.vote-retry-interval = 3s", "raft-actors.stream-defaults.vote-retry-interval")]
    [InlineData("raft-actors.stream-defaults.client-timeout = 30d", "raft-actors.stream-defaults.client-timeout")]
    [InlineData("raft-actors.stream-defaults.max-entry-size = 0", "raft-actors.stream-defaults.max-entry-size")]
    [InlineData("raft-actors.stream-defaults.max-entry-size = 2GiB", "raft-actors.stream-defaults.max-entry-size")]
    [InlineData("raft-actors.stream-defaults.max-entry-size = big", "raft-actors.stream-defaults.max-entry-size")]
    [InlineData("raft-actors.stream-defaults { max-entry-size = 31MiB, max-uncommitted-bytes = 30MiB }", "raft-actors.stream-defaults.max-uncommitted-bytes")]
    [InlineData("raft-actors.stream-defaults { max-entry-size = 33MiB, max-append-bytes = 1MiB }", "raft-actors.remoting.max-message-bytes")]
    [InlineData("raft-actors.stream-defaults.max-batch-entries = 0", "raft-actors.stream-defaults.max-batch-entries")]
    [InlineData("raft-actors.stream-defaults.max-batch-entries = 1.5", "raft-actors.stream-defaults.max-batch-entries")]
    [InlineData("raft-actors.stream-defaults.max-in-flight-bytes = 1000", "raft-actors.stream-defaults.max-in-flight-bytes")]
    [InlineData("raft-actors.stream-defaults.max-uncommitted-bytes = 1MiB", "raft-actors.stream-defaults.max-uncommitted-bytes")]
    [InlineData("raft-actors.stream-defaults.restart-backoff-max = 1ms", "raft-actors.stream-defaults.restart-backoff-max")]
    [InlineData("raft-actors.remoting.max-frame-bytes = 100", "raft-actors.remoting.max-frame-bytes")]
    [InlineData("raft-actors.remoting.max-message-bytes = 1MiB", "raft-actors.remoting.max-message-bytes")]
    [InlineData("raft-actors.remoting.max-unfinished-messages = 0", "raft-actors.remoting.max-unfinished-messages")]
    public void Impossible_value_must_be_named(string hocon, string key)
    {
        RaftConfigurationException e = Refused(hocon);

        Assert.Equal(key, e.Key);
        Assert.Contains(key, e.Message, StringComparison.Ordinal);
        Assert.NotEmpty(e.Allowed);
    }

    [Fact]
    public void Stream_settings_must_override_the_defaults()
    {
        RaftSettings settings = new(ConfigurationFactory.ParseString("raft-actors.stream-defaults.client-timeout = 9s").WithFallback(RaftSettings.Reference()));
        StreamSettings stream = settings.ForStream(ConfigurationFactory.ParseString("max-batch-entries = 7"), "stream 1.settings");

        Assert.Equal(7, stream.MaxBatchEntries);
        Assert.Equal(TimeSpan.FromSeconds(9), stream.ClientTimeout);
    }

    [Fact]
    public void Addresses_may_have_both_forms()
    {
        RaftSettings settings = new(ConfigurationFactory.ParseString("raft-actors.nodes { 1 = \"10.0.0.1:4000\", 2 = \"akka.tcp://other@host:4000\" }"));

        Assert.Equal(["10.0.0.1:4000", "akka.tcp://other@host:4000"], settings.Nodes.Values);
    }

    [Fact]
    public void Every_setting_must_be_explained()
    {
        using Stream resource = typeof(RaftSettings).Assembly.GetManifestResourceStream("RaftActors.reference.conf")!;
        using StreamReader reader = new(resource);
        string[] lines = reader.ReadToEnd().Split('\n');
        bool explained = false;
        foreach (string line in lines.Select(l => l.Trim()))
        {
            // A comment explains the settings under it until a blank line.
            explained = line.StartsWith('#') || (explained && line.Length > 0);
            if (line.Contains(" = ", StringComparison.Ordinal) && !line.StartsWith('#'))
            {
                Assert.True(explained, line);
            }
        }
    }

    private static RaftConfigurationException Refused(string hocon) =>
        Assert.Throws<RaftConfigurationException>(() => new RaftSettings(ConfigurationFactory.ParseString(hocon).WithFallback(RaftSettings.Reference())));
}
