using KvServer.Client;

namespace KvServer.Tests;

/// <summary>Every command with its answers, through a socket.</summary>
public sealed class CommandsSpec : RespServerFixture
{
    [Theory]
    [InlineData("PING", "PONG")]
    [InlineData("ping hello", "hello")]
    [InlineData("PING a b", "(error) ERR wrong number of arguments for 'ping' command")]
    [InlineData("ECHO x", "x")]
    [InlineData("GET missing", "(nil)")]
    [InlineData("SET a 1; GET a; STRLEN a; EXISTS a missing a", "OK; 1; 1; 2")]
    [InlineData("SET a 1 NX; SET a 2 NX; SET a 3 XX; SET b 1 XX; GET a; GET b", "OK; (nil); OK; (nil); 3; (nil)")]
    [InlineData("SET a 1; SET a 2 GET; GETSET a 3; GETSET b 1; GET a", "OK; 1; 2; (nil); 3")]
    [InlineData("SET a 1 EX 100; TTL a; SET a 2 KEEPTTL; TTL a; SET a 3; TTL a; TTL missing", "OK; 100; OK; 100; OK; -1; -2")]
    [InlineData("SET a 1 PX 100000 NX; TTL a", "OK; 100")]
    [InlineData("SET a 1 EX 0", "(error) ERR invalid expire time in 'set' command")]
    [InlineData("SET a 1 EX -5", "(error) ERR invalid expire time in 'set' command")]
    [InlineData("SET a 1 EX 99999999999999999", "(error) ERR invalid expire time in 'set' command")]
    [InlineData("SET a 1 EX x", "(error) ERR value is not an integer or out of range")]
    [InlineData("SET a 1 EX", "(error) ERR syntax error")]
    [InlineData("SET a 1 NX XX", "(error) ERR syntax error")]
    [InlineData("SET a 1 EX 5 PX 5", "(error) ERR syntax error")]
    [InlineData("SET a 1 EX 5 KEEPTTL", "(error) ERR syntax error")]
    [InlineData("SET a 1 FOO", "(error) ERR syntax error")]
    [InlineData("SET a", "(error) ERR wrong number of arguments for 'set' command")]
    [InlineData("INCR n; INCR n; DECR n; INCRBY n 10; DECRBY n 3; GET n", "1; 2; 1; 11; 8; 8")]
    [InlineData("INCRBY n x", "(error) ERR value is not an integer or out of range")]
    [InlineData("DECRBY n -9223372036854775808", "(error) ERR value is not an integer or out of range")]
    [InlineData("SET a x; INCR a", "OK; (error) ERR value is not an integer or out of range")]
    [InlineData("APPEND a xy; APPEND a z; GET a", "2; 3; xyz")]
    [InlineData("MSET a 1 b 2; MGET a missing b; DEL a b c; DBSIZE", "OK; [1, (nil), 2]; 2; 0")]
    [InlineData("MSET a 1 b", "(error) ERR wrong number of arguments for 'mset' command")]
    [InlineData("CAS a x y; SET a x; CAS a z y; CAS a x y; GET a", "(nil); OK; 0; 1; y")]
    [InlineData("MSET k1 a k2 b x c; KEYS k?; DBSIZE; KEYS nothing*", "OK; [k1, k2]; 3; []")]
    [InlineData("SELECT 0; SELECT 1", "OK; (error) ERR DB index is out of range")]
    [InlineData("CLIENT SETNAME me; CLIENT GETNAME; CLIENT SETINFO LIB-NAME x; CLIENT FOO", "OK; me; OK; (error) ERR unknown subcommand 'FOO' of CLIENT")]
    [InlineData("CONFIG GET save; CONFIG GET append*", "[save, ]; [appendonly, yes, appendfsync, always]")]
    [InlineData("CONFIG SET save x", "(error) ERR only CONFIG GET is supported; settings come from the configuration file")]
    [InlineData("COMMAND DOCS; COMMAND INFO get nosuch", "[]; [[get, 2, [readonly], 1, 1, 1], (nil)]")]
    [InlineData("HELLO 3", "(error) NOPROTO unsupported protocol version, this server speaks RESP2")]
    [InlineData("NOSUCH a", "(error) ERR unknown command 'NOSUCH'")]
    [InlineData("RAFT LEADER; RAFT READ; RAFT READ stale; RAFT READ; RAFT READ LEASE; RAFT READ linearizable", "[1, 127.0.0.1:4001]; linearizable; OK; stale; OK; OK")]
    [InlineData("RAFT READ 1", "(error) ERR RAFT READ takes lease, linearizable or stale")]
    [InlineData("RAFT FOO", "(error) ERR RAFT takes STATUS, LEADER, MEMBERS, ADD id host:port [voter|learner|log-only], REMOVE id, TRANSFER [id], SNAPSHOT, SESSION OPEN|KEEP|CLOSE or READ [lease|linearizable|stale]")]
    [InlineData("SET a 1; RAFT STATUS", "OK; {\"applied\":1}")]
    public async Task Command_must_answer(string commands, string expected)
    {
        RespClient client = await ConnectAsync();
        List<Task<RespReply>> replies = [];
        foreach (string command in commands.Split("; "))
        {
            replies.Add(client.SendAsync(command.Split(' ')));
            await replies[^1];
        }

        string answer = string.Join("; ", (await Task.WhenAll(replies)).Select(Sorted));
        Assert.Equal(expected, answer);

        // The same as one pipeline, on a connection and keys of its own.
        RespClient other = await ConnectAsync();
        RespReply[] keys = [.. (await other.SendAsync("KEYS", "*")).Items];
        await Task.WhenAll(keys.Select(k => other.SendAsync("DEL", k.Text)));
        if (commands.Contains("STATUS", StringComparison.Ordinal))
        {
            return; // The applied index has moved on.
        }

        RespReply[] pipelined = await Task.WhenAll(commands.Split("; ").Select(c => other.SendAsync(c.Split(' '))));
        Assert.Equal(expected, string.Join("; ", pipelined.Select(Sorted)));
    }

    [Fact]
    public async Task Info_and_command_must_describe_the_server()
    {
        RespClient client = await ConnectAsync();
        await client.SendAsync("SET", "a", "1");
        string info = (await client.SendAsync("INFO")).Text;
        Assert.Contains("db0:keys=1,expires=0", info, StringComparison.Ordinal);
        Assert.Contains("raft_leader:1", info, StringComparison.Ordinal);
        Assert.Contains("writes_committed:1", info, StringComparison.Ordinal);
        string keyspace = (await client.SendAsync("INFO", "keyspace")).Text;
        Assert.StartsWith("# Keyspace", keyspace, StringComparison.Ordinal);
        long count = (await client.SendAsync("COMMAND", "COUNT")).Integer;
        Assert.Equal(count, (await client.SendAsync("COMMAND")).Items.Count);
        Assert.Equal(count, (await client.SendAsync("COMMAND", "LIST")).Items.Count);
        Assert.Equal(14, (await client.SendAsync("HELLO")).Items.Count);
    }

    [Fact]
    public async Task Values_must_be_safe_for_any_byte()
    {
        RespClient client = await ConnectAsync();
        byte[] all = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        await client.SendAsync("SET"u8.ToArray(), all[..100], all);
        RespReply reply = await client.SendAsync("GET"u8.ToArray(), all[..100]);
        Assert.Equal(all, reply.Bytes);
        Assert.Equal(0, (await client.SendAsync("SET"u8.ToArray(), Array.Empty<byte>(), Array.Empty<byte>())).Bytes.Length - 2);
        Assert.Equal(RespReplyKind.Bulk, (await client.SendAsync("GET"u8.ToArray(), Array.Empty<byte>())).Kind);
    }

    private static string Sorted(RespReply reply) => reply.Kind == RespReplyKind.Array && reply.Items.All(i => i.Text.StartsWith('k'))
        ? $"[{string.Join(", ", reply.Items.Select(i => i.Text).Order(StringComparer.Ordinal))}]"
        : reply.ToString();
}
