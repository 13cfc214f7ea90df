using System.Text;
using KvServer.Resp;

namespace KvServer.Tests;

public sealed class RespRequestParserSpec
{
    private static readonly RespLimits Small = new() { MaxArgument = 100, MaxRequest = 150, MaxArguments = 8, MaxInline = 64 };

    [Theory]
    [InlineData("*1\r\n$4\r\nPING\r\n", "PING")]
    [InlineData("*2\r\n$3\r\nGET\r\n$1\r\na\r\n", "GET|a")]
    [InlineData("*2\r\n$3\r\nGET\r\n$0\r\n\r\n", "GET|")]
    [InlineData("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$4\r\n\r\n\0\n\r\n", "SET|a|\r\n\0\n")]
    [InlineData("PING\r\n", "PING")]
    [InlineData("PING\n", "PING")]
    [InlineData("  SET  a\t'b c'  \r\n", "SET|a|b c")]
    [InlineData("SET a \"x\\x41\\n\\\"\"\r\n", "SET|a|xA\n\"")]
    [InlineData("SET a 'it\\'s'\r\n", "SET|a|it's")]
    [InlineData("\r\n", "")]
    [InlineData("*0\r\n", "")]
    [InlineData("*-1\r\n", "")]
    public void Parser_must_take_a_request_apart_however_its_bytes_arrive(string input, string expected)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(input);
        for (int chunk = 1; chunk <= bytes.Length; chunk++)
        {
            Assert.Equal([expected], ParseAll(new RespRequestParser(Small), bytes, _ => chunk));
        }
    }

    [Theory]
    [InlineData("*1\r\n+4\r\n", "expected '$', got '+'")]
    [InlineData("*1\r\n\0", "expected '$', got 0x00")]
    [InlineData("*x\r\n", "invalid multibulk length")]
    [InlineData("*9\r\n", "invalid multibulk length: 9, at most 8")]
    [InlineData("*\r\n", "invalid multibulk length")]
    [InlineData("*9999999999999\r\n", "invalid multibulk length")]
    [InlineData("*1\rX", "invalid multibulk length")]
    [InlineData("*1\r\n$-1\r\n", "invalid bulk length")]
    [InlineData("*1\r\n$600000000\r\n", "invalid bulk length")]
    [InlineData("*1\r\n$1\r\nabc", "not followed by CRLF")]
    [InlineData("\u0016\u0003\u0001", "unexpected byte 0x16")]
    [InlineData("GET \u0001\r\n", "unexpected byte 0x01")]
    [InlineData("GET 'a\r\n", "unbalanced quotes")]
    [InlineData("GET \"a\"b\r\n", "unbalanced quotes")]
    public void Parser_must_say_what_is_wrong(string input, string problem)
    {
        RespRequestParser parser = new(Small);
        byte[] bytes = Encoding.Latin1.GetBytes(input);
        RespParse result = RespParse.NeedMore;
        for (int at = 0; at < bytes.Length && result == RespParse.NeedMore; at++)
        {
            result = parser.Parse(bytes.AsSpan(at, 1), out _);
        }

        Assert.Equal(RespParse.Error, result);
        Assert.StartsWith("Protocol error: ", parser.ErrorText, StringComparison.Ordinal);
        Assert.Contains(problem, parser.ErrorText, StringComparison.Ordinal);
    }

    [Fact]
    public void Parser_must_refuse_a_line_that_does_not_end()
    {
        RespRequestParser parser = new(Small);
        Assert.Equal(RespParse.NeedMore, parser.Parse(Encoding.ASCII.GetBytes(new string('a', 64)), out _));
        Assert.Equal(RespParse.Error, parser.Parse("a"u8, out _));
        Assert.Contains("too big inline request", parser.ErrorText, StringComparison.Ordinal);
    }

    [Fact]
    public void Parser_must_read_past_an_argument_that_is_too_large_and_go_on()
    {
        RespRequestParser parser = new(Small);
        byte[] bytes = Encoding.ASCII.GetBytes($"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$101\r\n{new string('x', 101)}\r\nPING\r\n");
        Assert.Equal(RespParse.Request, parser.Parse(bytes, out int consumed));
        Assert.Equal(101, parser.Oversize);
        Assert.Equal(100, parser.OversizeLimit);
        Assert.False(parser.OversizeIsTotal);
        Assert.Equal(RespParse.Request, parser.Parse(bytes.AsSpan(consumed), out _));
        Assert.Equal(0, parser.Oversize);
        Assert.Equal("PING", Encoding.ASCII.GetString(parser[0]));
    }

    [Fact]
    public void Parser_must_read_past_a_request_whose_arguments_are_too_much_together()
    {
        RespRequestParser parser = new(Small);
        string ninety = new('x', 90);
        byte[] bytes = Encoding.ASCII.GetBytes($"*3\r\n$4\r\nMSET\r\n$90\r\n{ninety}\r\n$90\r\n{ninety}\r\n");
        Assert.Equal(RespParse.Request, parser.Parse(bytes, out _));
        Assert.True(parser.OversizeIsTotal);
        Assert.Equal(184, parser.Oversize);
        Assert.Equal(150, parser.OversizeLimit);
    }

    [Fact]
    public void Parser_must_give_the_same_requests_for_random_requests_in_random_pieces()
    {
        int seed = Environment.TickCount;
        Random random = new(seed);
        for (int round = 0; round < 300; round++)
        {
            List<string> expected = [];
            MemoryStream stream = new();
            for (int request = random.Next(1, 8); request > 0; request--)
            {
                string[] words = [.. Enumerable.Range(0, random.Next(1, 8)).Select(_ => RandomText(random, random.Next(0, 18)))];
                expected.Add(string.Join('|', words));
                stream.Write(Encoding.Latin1.GetBytes($"*{words.Length}\r\n" + string.Concat(words.Select(w => $"${w.Length}\r\n{w}\r\n"))));
            }

            Assert.True(expected.SequenceEqual(ParseAll(new RespRequestParser(Small), stream.ToArray(), most => random.Next(1, most + 1))), $"seed {seed}, round {round}");
        }
    }

    [Fact]
    public void Parser_must_survive_noise_without_holding_more_than_arrived()
    {
        int seed = Environment.TickCount;
        Random random = new(seed);
        string[] fragments = ["*1\r\n", "*3\r\n", "$5\r\n", "$0\r\n", "\r\n", "*", "$", "PING", "-1", "99999999", "'", "\"", "\\x", " "];
        for (int round = 0; round < 2000; round++)
        {
            RespRequestParser parser = new(Small);
            int rest = 200;
            while (rest-- > 0)
            {
                byte[] bytes = random.Next(3) > 0
                    ? Encoding.Latin1.GetBytes(fragments[random.Next(fragments.Length)])
                    : Encoding.Latin1.GetBytes(RandomText(random, random.Next(1, 20)));
                int at = 0;
                RespParse result = RespParse.NeedMore;
                while (at < bytes.Length && result != RespParse.Error)
                {
                    result = parser.Parse(bytes.AsSpan(at), out int consumed);
                    Assert.True(consumed > 0 || result == RespParse.Error, $"no progress, seed {seed}, round {round}");
                    at += consumed;
                    for (int i = 0; result == RespParse.Request && i < parser.Count; i++)
                    {
                        Assert.True(parser[i].Length <= Small.MaxArgument, $"seed {seed}, round {round}");
                    }
                }

                if (result == RespParse.Error)
                {
                    break;
                }
            }
        }
    }

    private static List<string> ParseAll(RespRequestParser parser, byte[] bytes, Func<int, int> pieceOf)
    {
        List<string> requests = [];
        int at = 0;
        while (at < bytes.Length)
        {
            int piece = Math.Min(pieceOf(bytes.Length - at), bytes.Length - at);
            int end = at + piece;
            while (at < end)
            {
                RespParse result = parser.Parse(bytes.AsSpan(at, end - at), out int consumed);
                at += consumed;
                Assert.True(result != RespParse.Error, parser.ErrorText);
                if (result == RespParse.Request)
                {
                    string[] words = new string[parser.Count];
                    for (int i = 0; i < words.Length; i++)
                    {
                        words[i] = Encoding.Latin1.GetString(parser[i]);
                    }

                    requests.Add(string.Join('|', words));
                }
            }
        }

        return requests;
    }

    private static string RandomText(Random random, int length) => new([.. Enumerable.Range(0, length).Select(_ => (char)random.Next(256))]);
}
