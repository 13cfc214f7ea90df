using KvServer.Client;
using KvServer.Server;

namespace KvServer.Tests;

/// <summary>RAFT MEMBERS, ADD, REMOVE and TRANSFER through sockets.</summary>
public sealed class MemberCommandsSpec : RespServerFixture
{
    [Fact]
    public async Task Members_must_be_added_listed_led_by_and_removed()
    {
        RespClient client = await ConnectAsync();
        Assert.Equal("OK", (await client.SendAsync("RAFT", "ADD", "2", "127.0.0.1:4002")).Text);
        Assert.Equal("OK", (await client.SendAsync("raft", "add", "3", "host-3:4003", "Learner")).Text);
        Assert.Equal("OK", (await client.SendAsync("RAFT", "ADD", "4", "127.0.0.1:4004", "log-only")).Text);
        Assert.Equal(2, (await client.SendAsync("RAFT", "TRANSFER", "2")).Integer);
        Assert.Equal(4, (await client.SendAsync("RAFT", "TRANSFER")).Integer);
        Assert.Equal("OK", (await client.SendAsync("RAFT", "REMOVE", "1")).Text);
        Assert.Equal(
            """[{"node_id":2,"kind":"voter","address":"127.0.0.1:4002","leader":false},{"node_id":3,"kind":"learner","address":"host-3:4003","leader":false},{"node_id":4,"kind":"log-only","address":"127.0.0.1:4004","leader":true}]""",
            (await client.SendAsync("RAFT", "MEMBERS")).Text);
    }

    [Fact]
    public async Task Added_again_at_its_address_a_member_must_change_its_kind()
    {
        RespClient client = await ConnectAsync();
        await client.SendAsync("RAFT", "ADD", "2", "127.0.0.1:4002", "learner");
        Assert.Equal("OK", (await client.SendAsync("RAFT", "ADD", "2", "127.0.0.1:4002", "voter")).Text);
        Assert.Equal(ClusterMemberKind.Voter, Log.Members[^1].Kind);
    }

    [Theory]
    [InlineData("RAFT ADD 1 127.0.0.1:4009", "REFUSED not done: node 1 is a member already, at 127.0.0.1:4001; remove it first")]
    [InlineData("RAFT ADD 9 127.0.0.1:4001", "REFUSED not done: 127.0.0.1:4001 is the address of node 1")]
    public async Task Mistyped_member_must_not_take_the_place_of_another(string line, string answer)
    {
        RespClient client = await ConnectAsync();
        Assert.Equal(answer, (await client.SendAsync(line.Split(' '))).Text);
        Assert.Single(Log.Members);
    }

    [Theory]
    [InlineData("RAFT ADD")]
    [InlineData("RAFT ADD 2")]
    [InlineData("RAFT ADD x 127.0.0.1:4002")]
    [InlineData("RAFT ADD 0 127.0.0.1:4002")]
    [InlineData("RAFT ADD -1 127.0.0.1:4002")]
    [InlineData("RAFT ADD 4294967296 127.0.0.1:4002")]
    [InlineData("RAFT ADD 2 127.0.0.1")]
    [InlineData("RAFT ADD 2 :4002")]
    [InlineData("RAFT ADD 2 127.0.0.1:0")]
    [InlineData("RAFT ADD 2 127.0.0.1:65536")]
    [InlineData("RAFT ADD 2 a/b:4002")]
    [InlineData("RAFT ADD 2 127.0.0.1:4002 leader")]
    [InlineData("RAFT ADD 2 127.0.0.1:4002 voter more")]
    [InlineData("RAFT REMOVE")]
    [InlineData("RAFT REMOVE x")]
    [InlineData("RAFT REMOVE 1 2")]
    [InlineData("RAFT TRANSFER 0")]
    [InlineData("RAFT TRANSFER 1 2")]
    [InlineData("RAFT MEMBERS 1")]
    public async Task Malformed_requests_must_be_refused_and_change_nothing(string line)
    {
        RespClient client = await ConnectAsync();
        Assert.Equal("ERR", (await client.TryAsync(line.Split(' '))).Code);
        Assert.Equal("PONG", (await client.SendAsync("PING")).Text);
        Assert.Single(Log.Members);
    }

    [Theory]
    [InlineData("NoLeader", "NOLEADER not done: because", OutcomeKind.Refused, true)]
    [InlineData("Refused", "REFUSED not done: because", OutcomeKind.Refused, false)]
    [InlineData("Unknown", "UNKNOWN outcome unknown: because", OutcomeKind.Unknown, false)]
    public async Task Error_must_say_what_may_be_concluded(string kind, string text, OutcomeKind concluded, bool mayRetry)
    {
        RespClient client = await ConnectAsync();
        Log.OnChange = () => ChangeOutcome.Not(Enum.Parse<ChangeOutcomeKind>(kind), "because");
        foreach (string line in (string[])["RAFT ADD 2 127.0.0.1:4002", "RAFT REMOVE 1", "RAFT TRANSFER 1"])
        {
            Outcome outcome = await client.TryAsync(line.Split(' '));
            Assert.Equal((concluded, text, mayRetry), (outcome.Kind, outcome.Reason, outcome.MayRetry));
        }
    }
}
