using System.Text;
using KvServer.Client;
using KvServer.Server;

namespace KvServer.Tests;

/// <summary>Order, freshness, bounds and bad input, through sockets.</summary>
public sealed class RespServerSpec : RespServerFixture
{
    // Several proposals under way are the harder case.
    internal override ServerOptions Configure(ServerOptions options) => base.Configure(options) with { MaxProposals = 4, MaxBatchOperations = 100 };

    [Fact]
    public async Task Pipeline_must_mean_what_it_says()
    {
        RespClient client = await ConnectAsync();
        List<Task<RespReply>> replies = [];
        for (int i = 0; i < 500; i++)
        {
            replies.Add(client.SendAsync("SET", "k", $"{i}"));
            replies.Add(client.SendAsync("GET", "k"));
            replies.Add(client.SendAsync("APPEND", "k", "!"));
            replies.Add(client.SendAsync("STRLEN", "k"));
        }

        RespReply[] all = await Task.WhenAll(replies);
        for (int i = 0; i < 500; i++)
        {
            int length = $"{i}!".Length;
            Assert.Equal($"OK {i} {length} {length}", $"{all[4 * i]} {all[(4 * i) + 1]} {all[(4 * i) + 2]} {all[(4 * i) + 3]}");
        }
    }

    [Fact]
    public async Task Writes_of_a_pipeline_must_share_entries_and_reads_barriers()
    {
        // What comes while the log takes its time has to share, however slowly it comes.
        RespClient client = await ConnectAsync();
        TaskCompletionSource hold = new();
        Log.Hold = hold.Task;
        Task writes = Task.WhenAll(Enumerable.Range(0, 1000).Select(i => client.SendAsync("SET", $"k{i}", "v")));
        await UntilAsync(() => Server.Statistics.Commands == 1000);
        hold.SetResult();
        await writes;
        Assert.InRange(Log.Entries.Count, 1, 50);
        int before = Log.Barriers;
        TaskCompletionSource barrier = new();
        Log.HoldBarrier = barrier.Task;
        Task reads = Task.WhenAll(Enumerable.Range(0, 1000).Select(i => client.SendAsync("GET", $"k{i}")));
        await UntilAsync(() => Server.Statistics.Commands == 2000);
        barrier.SetResult();
        await reads;
        Assert.InRange(Log.Barriers - before, 1, 50);
    }

    [Fact]
    public async Task Write_behind_a_read_must_not_be_seen_by_it()
    {
        RespClient client = await ConnectAsync();
        await client.SendAsync("SET", "a", "old");
        TaskCompletionSource barrier = new();
        Log.HoldBarrier = barrier.Task;
        Task<RespReply> read = client.SendAsync("GET", "a");
        Task<RespReply> write = client.SendAsync("SET", "a", "new");
        await Task.Delay(50); // Long enough for the write to overtake, were it able to.
        Assert.Single(Log.Entries);
        barrier.SetResult();
        Assert.Equal("old", (await read).Text);
        Assert.Equal("OK", (await write).Text);
    }

    [Theory]
    [InlineData("NoLeader", "NOLEADER", OutcomeKind.Refused, true)]
    [InlineData("Overloaded", "OVERLOADED", OutcomeKind.Refused, true)]
    [InlineData("TooLarge", "TOOLARGE", OutcomeKind.Refused, false)]
    [InlineData("Stopping", "STOPPING", OutcomeKind.Refused, true)]
    [InlineData("Refused", "REFUSED", OutcomeKind.Refused, false)]
    [InlineData("Unknown", "UNKNOWN", OutcomeKind.Unknown, false)]
    [InlineData("NoSession", "NOSESSION", OutcomeKind.Refused, false)]
    public async Task Error_must_say_what_may_be_concluded(string outcome, string code, OutcomeKind kind, bool mayRetry)
    {
        RespClient client = await ConnectAsync();
        Log.OnPropose = _ => WriteOutcome.Not(Enum.Parse<WriteOutcomeKind>(outcome), "because\r\nof this");
        Outcome concluded = await client.TryAsync("SET", "a", "1");
        Assert.Equal(code, concluded.Code);
        Assert.Equal(kind, concluded.Kind);
        Assert.Equal(mayRetry, concluded.MayRetry);
        Assert.EndsWith("because of this", concluded.Reason, StringComparison.Ordinal);
        Log.OnPropose = _ => null;
        Assert.Equal("(nil)", (await client.SendAsync("GET", "a")).ToString());
    }

    [Fact]
    public async Task Write_whose_proposal_throws_must_be_of_unknown_outcome()
    {
        RespClient client = await ConnectAsync();
        Log.OnPropose = _ => throw new InvalidOperationException("broken");
        Assert.Equal("UNKNOWN", (await client.TryAsync("SET", "a", "1")).Code);
    }

    [Fact]
    public async Task Refused_proposals_must_be_tried_again_in_their_order()
    {
        RespClient client = await ConnectAsync();
        Log.OnPropose = number => number <= 12 ? WriteOutcome.Not(WriteOutcomeKind.NoLeader, "election") : null;
        List<Task<RespReply>> replies = [];
        for (int i = 0; i < 2000; i++)
        {
            replies.Add(client.SendAsync("APPEND", "a", $"{i},"));
        }

        Assert.All(await Task.WhenAll(replies), r => Assert.Equal(RespReplyKind.Integer, r.Kind));
        string[] parts = (await client.SendAsync("GET", "a")).Text.Split(',', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Enumerable.Range(0, 2000).Select(i => $"{i}"), parts);
    }

    [Fact]
    public async Task Refused_proposal_must_not_be_tried_again_when_a_later_one_got_through()
    {
        RespClient client = await ConnectAsync();
        TaskCompletionSource hold = new();
        Log.Hold = hold.Task;
        Log.OnPropose = number => number == 1 ? WriteOutcome.Not(WriteOutcomeKind.NoLeader, "election") : null;
        Task<Outcome> first = client.TryAsync("SET", "a", "1");
        await UntilAsync(() => Log.Entries.Count == 1);
        Task<Outcome> second = client.TryAsync("SET", "a", "2");
        await UntilAsync(() => Log.Entries.Count == 2);
        hold.SetResult();
        Assert.Equal("NOLEADER", (await first).Code);
        Assert.True((await second).IsAcknowledged);
        Assert.Equal(2, Log.Entries.Count);
    }

    [Fact]
    public async Task Read_without_a_leader_must_be_refused_and_a_stale_one_served()
    {
        RespClient client = await ConnectAsync();
        await client.SendAsync("SET", "a", "1");
        Log.OnBarrier = () => new ReadOutcome(false, true, "no leader is known");
        Assert.Equal("(error) NOLEADER not read: no leader is known", (await client.SendAsync("GET", "a")).ToString());
        await client.SendAsync("RAFT", "READ", "stale");
        Assert.Equal("1", (await client.SendAsync("GET", "a")).Text);
    }

    [Fact]
    public async Task Expired_key_must_be_gone_for_readers_at_once_and_through_the_log()
    {
        Clock = 1_000_000;
        RespClient client = await ConnectAsync();
        await client.SendAsync("SET", "a", "1", "EX", "10");
        await client.SendAsync("SET", "b", "1");
        Clock = 1_009_999;
        Assert.Equal("1", (await client.SendAsync("GET", "a")).Text);
        Assert.Equal(2, Log.Entries.Count);
        Clock = 1_010_000;
        Assert.Equal("(nil)", (await client.SendAsync("GET", "a")).ToString());
        Assert.Equal("1", (await client.SendAsync("DBSIZE")).ToString());
        Assert.Equal(3, Log.Entries.Count);
        Assert.Equal(0, Server.Database.Read(0, (store, _) => store.Expiring));
    }

    [Fact]
    public async Task Value_beyond_the_limit_must_be_refused_with_the_limit_and_the_connection_stay()
    {
        RespClient client = await ConnectAsync();
        Assert.Equal("TOOLARGE value of 1001 bytes exceeds limit 1000", (await client.SendAsync("SET", "a", new string('x', 1001))).Text);
        Assert.Equal("TOOLARGE key of 101 bytes exceeds limit 100", (await client.SendAsync("SET", new string('k', 101), "v")).Text);
        Assert.Equal("TOOLARGE key of 101 bytes exceeds limit 100", (await client.SendAsync("GET", new string('k', 101))).Text);
        string value = new('x', 999);
        Assert.Equal("TOOLARGE command of 4006 bytes exceeds limit 3000", (await client.SendAsync("MSET", "a", value, "b", value, "c", value, "ddd", value)).Text);
        Assert.Equal("OK", (await client.SendAsync("SET", "a", new string('x', 1000))).Text);
    }

    [Fact]
    public async Task Noise_must_be_answered_logged_counted_and_cut_off_without_harm_to_others()
    {
        RespClient good = await ConnectAsync();
        await good.SendAsync("SET", "a", "1");
        int seed = Environment.TickCount;
        Random random = new(seed);
        for (int i = 0; i < 20; i++)
        {
            byte[] noise = new byte[random.Next(1, 4000)];
            random.NextBytes(noise);
            noise[0] = 0x16;
            string answer = await TalkAsync(noise);
            Assert.True(answer.StartsWith("-ERR Protocol error: ", StringComparison.Ordinal), $"seed {seed}: {answer}");
        }

        Assert.StartsWith("-ERR Protocol error: invalid bulk length", await TalkAsync("*1\r\n$999999999999\r\n"u8.ToArray(), closeAfter: false), StringComparison.Ordinal);
        Assert.Contains("unknown command 'POST'", await TalkAsync("POST / HTTP/1.1\r\nHost: x\r\nSET a 2\r\n"u8.ToArray(), closeAfter: false), StringComparison.Ordinal);
        Assert.Equal(22, Server.Statistics.ProtocolErrors);
        Assert.InRange(Warnings.Count(w => w.Contains("does not speak the protocol", StringComparison.Ordinal)), 1, 21);
        Assert.Equal("1", (await good.SendAsync("GET", "a")).Text);
        await UntilAsync(() => Server.Statistics.Connections == 1);
    }

    [Fact]
    public async Task Half_closed_client_must_still_get_its_answers()
    {
        string answer = await TalkAsync(Encoding.ASCII.GetBytes("SET a 1\r\nGET a\r\nQUIT\r\n"));
        Assert.Equal("+OK\r\n$1\r\n1\r\n+OK\r\n", answer);
    }

    [Fact]
    public async Task Quit_must_close_after_its_answer()
    {
        Assert.Equal("+OK\r\n", await TalkAsync("QUIT\r\nPING\r\n"u8.ToArray(), closeAfter: false));
    }

    [Fact]
    public async Task Stop_must_answer_what_is_open_and_refuse_what_is_new()
    {
        RespClient client = await ConnectAsync();
        TaskCompletionSource hold = new();
        Log.Hold = hold.Task;
        Task<Outcome> open = client.TryAsync("SET", "a", "1");
        await UntilAsync(() => Log.Entries.Count == 1);
        Task stopping = Server.StopAsync("going down");
        Task<Outcome> late = client.TryAsync("SET", "b", "1");
        await UntilAsync(() => Server.Statistics.Commands == 2);
        hold.SetResult();
        await stopping;
        Assert.True((await open).IsAcknowledged);
        Assert.Equal("STOPPING", (await late).Code);
        await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsync());
    }

    [Fact]
    public async Task Abort_must_leave_open_commands_unanswered()
    {
        RespClient client = await ConnectAsync();
        TaskCompletionSource hold = new();
        Log.Hold = hold.Task;
        Task<Outcome> open = client.TryAsync("SET", "a", "1");
        await UntilAsync(() => Log.Entries.Count == 1);
        Server.Abort();
        hold.SetResult();
        Assert.Equal(OutcomeKind.Unknown, (await open).Kind);
    }

    [Fact]
    public async Task Many_connections_must_be_served_side_by_side()
    {
        RespClient[] clients = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => ConnectAsync()));
        await Task.WhenAll(clients.SelectMany(c => Enumerable.Range(0, 50).Select(_ => c.SendAsync("INCR", "n"))));
        Assert.Equal("10000", (await clients[0].SendAsync("GET", "n")).Text);
    }

    [Fact]
    public async Task Client_must_tell_a_command_that_was_not_sent_from_one_that_may_have_been()
    {
        RespClient client = await ConnectAsync();
        Server.Abort();
        await UntilAsync(() => client.IsBroken);
        Outcome outcome = await client.TryAsync("PING");
        Assert.Equal("NOTSENT", outcome.Code);
        Assert.True(outcome.MayRetry);
    }
}
