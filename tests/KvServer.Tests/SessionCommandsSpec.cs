using KvServer.Client;
using KvServer.Server;

namespace KvServer.Tests;

/// <summary>RAFT SESSION and ONCE through sockets, and the client that repeats with them.</summary>
public sealed class SessionCommandsSpec : RespServerFixture
{
    [Fact]
    public async Task Repeated_writes_must_be_executed_once_and_answered_alike()
    {
        RespClient client = await ConnectAsync();
        long session = (await client.SendAsync("RAFT", "SESSION", "OPEN")).Integer;
        Assert.Equal(1, (await client.SendAsync("ONCE", $"{session}", "1", "INCR", "n")).Integer);
        Assert.Equal(2, (await client.SendAsync("once", $"{session}", "2", "incr", "n")).Integer);
        Assert.Equal(1, (await client.SendAsync("ONCE", $"{session}", "1", "INCR", "n")).Integer);
        Assert.Equal("OK", (await client.SendAsync("ONCE", $"{session}", "3", "SET", "a", "x", "EX", "100")).Text);
        Assert.Equal("ERR", (await client.TryAsync("ONCE", $"{session}", "4", "INCR", "a")).Code);
        Assert.Equal("2", (await client.SendAsync("GET", "n")).Text);
        Assert.Equal("OK", (await client.SendAsync("RAFT", "SESSION", "KEEP", $"{session}")).Text);
        Assert.Equal("OK", (await client.SendAsync("RAFT", "SESSION", "CLOSE", $"{session}")).Text);
        Assert.True((await client.TryAsync("RAFT", "SESSION", "KEEP", $"{session}")).IsSessionOver);
        Assert.True((await client.TryAsync("ONCE", $"{session}", "5", "INCR", "n")).IsSessionOver);
        Assert.Equal("2", (await client.SendAsync("GET", "n")).Text);
    }

    [Fact]
    public async Task Result_that_is_not_kept_must_still_be_known_as_executed()
    {
        RespClient client = await ConnectAsync();
        string session = $"{(await client.SendAsync("RAFT", "SESSION", "OPEN", "60000")).Integer}";
        await client.SendAsync("SET", "long", new string('x', 200));
        Assert.Equal(200, (await client.SendAsync("ONCE", session, "1", "GETSET", "long", "y")).Text.Length);
        Outcome again = await client.TryAsync("ONCE", session, "1", "GETSET", "long", "y");
        Assert.Equal((OutcomeKind.Acknowledged, "FORGOTTEN"), (again.Kind, again.Code));
    }

    [Theory]
    [InlineData("ONCE 1 1")]
    [InlineData("ONCE 1 1 INCR")]
    [InlineData("ONCE 0 1 INCR n")]
    [InlineData("ONCE 1 0 INCR n")]
    [InlineData("ONCE -1 1 INCR n")]
    [InlineData("ONCE x 1 INCR n")]
    [InlineData("ONCE 1 99999999999999999999 INCR n")]
    [InlineData("ONCE 1 1 GET n")]
    [InlineData("ONCE 1 1 NOSUCH n")]
    [InlineData("ONCE 1 1 ONCE 1 1 INCR n")]
    [InlineData("ONCE 1 1 INCRBY n x")]
    [InlineData("RAFT SESSION")]
    [InlineData("RAFT SESSION OPEN 0")]
    [InlineData("RAFT SESSION OPEN 1 2")]
    [InlineData("RAFT SESSION KEEP")]
    [InlineData("RAFT SESSION CLOSE x")]
    [InlineData("RAFT SESSION NOSUCH 1")]
    public async Task Malformed_requests_must_be_refused_and_the_connection_stay_usable(string line)
    {
        RespClient client = await ConnectAsync();
        Assert.Equal("ERR", (await client.TryAsync(line.Split(' '))).Code);
        Assert.Equal("PONG", (await client.SendAsync("PING")).Text);
        Assert.Empty(Log.Entries);
    }

    [Fact]
    public async Task Client_must_repeat_what_is_not_certain_and_nothing_else()
    {
        await using RespSession session = await RespSession.OpenAsync([Server.Endpoint]);
        Log.OnPropose = n => n <= 2 ? WriteOutcome.Not(WriteOutcomeKind.Refused, "bad") : null;
        Assert.Equal("REFUSED", (await session.ExecuteAsync(default, "INCR", "n")).Code);
        Assert.Equal(0, session.Repeated);
        Assert.Equal("REFUSED", (await session.ExecuteAsync(default, "INCR", "n")).Code);
        for (int i = 1; i <= 20; i++)
        {
            Assert.Equal(i, (await session.ExecuteAsync(default, "INCR", "n")).Reply!.Integer);
        }
    }
}
