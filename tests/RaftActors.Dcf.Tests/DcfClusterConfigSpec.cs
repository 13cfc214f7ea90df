using RaftActors.Protocol;
using Xunit;

namespace RaftActors.Dcf.Tests;

public sealed class DcfClusterConfigSpec
{
    private const string ThreeNodes = """
        [{"stream_id":1,"node_id":1,"ip":"127.0.0.1","port":1711,"role":"LEADER"},
         {"stream_id":1,"node_id":2,"ip":"127.0.0.1","port":1712,"role":"FOLLOWER"},
         {"stream_id":1,"node_id":3,"ip":"127.0.0.1","port":1713,"role":"FOLLOWER"}]
        """;

    [Fact]
    public void The_JSON_of_the_DCF_documents_is_read()
    {
        DcfClusterConfig config = DcfClusterConfig.Parse(ThreeNodes);

        Assert.Equal([new StreamId(1)], config.Streams);
        Assert.Equal(
            [new Member(new NodeId(1), MemberKind.Voter, "127.0.0.1:1711"), new Member(new NodeId(2), MemberKind.Voter, "127.0.0.1:1712"), new Member(new NodeId(3), MemberKind.Voter, "127.0.0.1:1713")],
            config.MembersOf(new StreamId(1)).AsEnumerable());
    }

    [Fact]
    public void The_older_string_form_says_the_same()
    {
        DcfClusterConfig config = DcfClusterConfig.Parse("1$1$127.0.0.1$1711$LEADER, 1$2$127.0.0.1$1712$FOLLOWER,1$3$127.0.0.1$1713$FOLLOWER");

        Assert.Equal(DcfClusterConfig.Parse(ThreeNodes).Nodes.AsEnumerable(), config.Nodes);
    }

    [Fact]
    public void What_is_written_is_read_back()
    {
        DcfClusterConfig config = DcfClusterConfig.Parse("7$1$::1$1711$leader,7$2$db2.example$1712$PASSIVE,8$1$::1$1711$FOLLOWER,7$3$10.0.0.3$1$LOGGER");

        Assert.Equal(config.Nodes.AsEnumerable(), DcfClusterConfig.Parse(config.ToJson()).Nodes);
        Assert.Equal("[::1]:1711", config.Nodes[0].Address);
        Assert.Equal(MemberKind.Learner, config.Nodes[1].Kind);
        Assert.Equal(MemberKind.LogOnly, config.Nodes[3].Kind);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("[]", "names no node")]
    [InlineData("[{]", "line 1, byte 3")]
    [InlineData("[{\"stream_id\":1,\n\"node_id\":x}]", "line 2, byte 11")]
    [InlineData("{\"stream_id\":1}", "must be an array")]
    [InlineData("[1]", "Element 0 of the cluster JSON is a number")]
    [InlineData("""[{"stream_id":1,"node_id":1,"ip":"127.0.0.1","port":1}]""", "lacks \"role\"")]
    [InlineData("""[{"stream_id":1,"node_id":1,"ip":"127.0.0.1","port":1,"role":"LEADER","weight":2}]""", "unknown key \"weight\"")]
    [InlineData("""[{"stream_id":1,"node_id":1,"node_id":2,"ip":"127.0.0.1","port":1,"role":"LEADER"}]""", "\"node_id\" twice")]
    [InlineData("""[{"stream_id":1,"node_id":0,"ip":"127.0.0.1","port":1,"role":"LEADER"}]""", "node_id is 0. Allowed: 1 to 4294967295")]
    [InlineData("""[{"stream_id":-1,"node_id":1,"ip":"127.0.0.1","port":1,"role":"LEADER"}]""", "stream_id is -1. Allowed: 0 to 4294967295")]
    [InlineData("""[{"stream_id":1,"node_id":1,"ip":"127.0.0.1","port":65536,"role":"LEADER"}]""", "port is 65536. Allowed: 1 to 65535")]
    [InlineData("""[{"stream_id":1,"node_id":1.5,"ip":"127.0.0.1","port":1,"role":"LEADER"}]""", "node_id is 1.5. Allowed: whole numbers")]
    [InlineData("""[{"stream_id":1,"node_id":"1","ip":"127.0.0.1","port":1,"role":"LEADER"}]""", "node_id is a string; it must be a number")]
    [InlineData("""[{"stream_id":1,"node_id":1,"ip":"not a host","port":1,"role":"LEADER"}]""", "ip is \"not a host\"")]
    [InlineData("""[{"stream_id":1,"node_id":1,"ip":"127.0.0.1","port":1,"role":"BOSS"}]""", "role is \"BOSS\". Allowed: LEADER, FOLLOWER, LOGGER, PASSIVE")]
    [InlineData("1$1$127.0.0.1$1711", "has 4 parts")]
    [InlineData("1$one$127.0.0.1$1711$LEADER", "node is \"one\"")]
    [InlineData("1$1$h$1$LEADER,1$1$h$1$FOLLOWER", "appears twice in stream 1")]
    [InlineData("1$1$h$1$LEADER,2$1$h$2$LEADER", "A node has one address for all its streams")]
    [InlineData("1$1$h$1$LEADER,1$2$H$1$FOLLOWER", "needs an address of its own")]
    [InlineData("1$1$h$1$LEADER,1$2$h$2$LEADER", "second LEADER")]
    [InlineData("1$1$h$1$LOGGER,1$2$h$2$PASSIVE", "nobody who may lead")]
    public void Bad_configuration_is_refused_with_what_is_wrong_and_what_is_allowed(string text, string says)
    {
        DcfConfigurationException e = Assert.Throws<DcfConfigurationException>(() => DcfClusterConfig.Parse(text));

        Assert.Contains(says, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_node_that_is_not_in_the_configuration_is_told_who_is()
    {
        DcfConfigurationException e = Assert.Throws<DcfConfigurationException>(() => DcfClusterConfig.Parse(ThreeNodes).Of(new NodeId(9)));

        Assert.Equal("node_id 9 is not in the cluster configuration. Nodes in it: 1, 2, 3.", e.Message);
    }
}
