using System.Globalization;
using KvServer.Client;
using KvServer.Client.Processes;
using RaftActors.TestKit.Linearizability;

namespace RaftActors.FaultInjection.Tests.Chaos;

/// <summary>
/// Clients that read and write the same few keys through all nodes and record what they did and were told. Some have several commands
/// under way on one connection, some lose patience early, some wait for the answer of a node that stands still.
/// </summary>
internal sealed class RecordedClients(KvCluster cluster, HistoryRecorder recorder, int seed, int clients) : ClientTasks(cluster, clients)
{
    private static readonly string[] Registers = ["r0", "r1", "r2"];
    private static readonly string[] Counters = ["n0", "n1"];

    // APPEND and STRLEN answer with a length only. Any appends with an unknown outcome may explain one, and the search for an order tries them all, so few of them may share a key.
    private const int CommandsPerText = 200;

    // What anybody saw last in a register: what a cas may expect with some hope.
    private readonly Dictionary<string, string?> _seen = Registers.ToDictionary(r => r, _ => (string?)null);
    private long _completed;
    private long _failed;
    private long _unknown;
    private int _textCommands;

    public long Completed => Interlocked.Read(ref _completed);

    public string Summary => string.Create(CultureInfo.InvariantCulture, $"{Completed} completed, {_failed} failed, {_unknown} unknown");

    /// <summary>Waits until so many more commands are answered.</summary>
    public Task ProgressAsync(long more, TimeSpan patience, string when) => ProgressAsync(() => Completed, more, patience, "commands were answered", " " + when);

    /// <summary>Reads every key through a node, as part of the history.</summary>
    public async Task ReadAllAsync(int node)
    {
        await using RespClient client = await RespClient.ConnectAsync(Cluster.EndpointOf(node));
        IEnumerable<string> texts = Enumerable.Range(0, (Volatile.Read(ref _textCommands) / CommandsPerText) + 1).Select(Text);
        foreach (string key in (string[])[.. Registers, .. Counters, .. texts])
        {
            await ExecuteAsync(client, $"last{node}", node, new Command("get", ["GET", key], key), TestCluster.Patience);
        }
    }

    protected override async Task RunAsync(int index)
    {
        Random random = new(HashCode.Combine(seed, index));
        int underWay = index % 3 == 2 ? 4 : 1;
        int number = 0;
        while (!IsStopping)
        {
            int node = Cluster.NodeIds[random.Next(Cluster.NodeIds.Count)];
            RespClient? client = await TryConnectAsync(node);
            if (client is null)
            {
                continue;
            }

            await using (client)
            {
                // Reads by lease must be as good as the others.
                if (random.Next(4) == 0 && !(await client.TryAsync("RAFT", "READ", "lease").WaitAsync(TestCluster.Patience)).IsAcknowledged)
                {
                    continue;
                }

                // A connection is used for a while only: nobody stays with a good node for ever.
                for (int rounds = random.Next(1, 400); rounds > 0 && !client.IsBroken && !IsStopping; rounds--)
                {
                    TimeSpan patience = TimeSpan.FromMilliseconds(random.Next(4) == 0 ? random.Next(5, 500) : random.Next(1000, 6000));
                    bool[] good = await Task.WhenAll(Enumerable.Range(0, underWay).Select(_ => ExecuteAsync(client, $"c{index}", node, Next(random, $"{index}.{number++}"), patience)));
                    if (good.Contains(false))
                    {
                        break;
                    }

                    await Task.Delay(random.Next(0, 6));
                }
            }
        }
    }

    /// <summary>False when the client should go elsewhere.</summary>
    private async Task<bool> ExecuteAsync(RespClient client, string name, int node, Command command, TimeSpan patience)
    {
        PendingOperation pending = recorder.Begin(name, command.Name, command.Key, command.Value, command.Expected);
        Outcome outcome;
        try
        {
            outcome = await client.TryAsync(command.Words).WaitAsync(patience);
        }
        catch (TimeoutException)
        {
            Interlocked.Increment(ref _unknown);
            pending.LeaveUnknown($"node {node}: no answer");
            return false;
        }

        switch (outcome.Kind)
        {
            case OutcomeKind.Acknowledged:
                Interlocked.Increment(ref _completed);
                HistoryValue result = ResultOf(outcome.Reply!);
                pending.Complete(result, $"node {node}");
                Remember(command, result);
                return true;
            case OutcomeKind.Unknown:
                Interlocked.Increment(ref _unknown);
                pending.LeaveUnknown($"node {node}: {outcome.Reason}");
                return false;
            default:
                Assert.True(outcome.MayRetry, $"A proper command was refused for good: {string.Join(' ', command.Words)}: {outcome.Reason}");
                Interlocked.Increment(ref _failed);
                pending.Fail($"node {node}: {outcome.Reason}");
                return false;
        }
    }

    private Command Next(Random random, string unique)
    {
        string register = Registers[random.Next(Registers.Length)];
        string counter = Counters[random.Next(Counters.Length)];
        string value = "v" + unique;
        switch (random.Next(20))
        {
            case < 5:
                return new Command("get", ["GET", register], register);
            case < 8:
                return new Command("set", ["SET", register, value], register, value);
            case < 11:
                return Seen(register) is { } expected ? new Command("cas", ["CAS", register, expected, value], register, value, expected) : new Command("get", ["GET", register], register);
            case 11:
                return new Command("getset", ["GETSET", register, value], register, value);
            case 12:
                return new Command("setnx", ["SET", register, value, "NX"], register, value);
            case 13:
                return random.Next(4) == 0 ? new Command("del", ["DEL", register], register) : new Command("exists", ["EXISTS", register], register);
            case < 16:
                return new Command("incr", ["INCR", counter], counter);
            case 16:
                return new Command("get", ["GET", counter], counter);
            case 17:
                // Were all pieces equally long, their lengths would say even less.
                string piece = value + new string('.', random.Next(64));
                string text = NextText();
                return new Command("append", ["APPEND", text, piece], text, piece);
            case 18:
                text = NextText();
                return new Command("get", ["GET", text], text);
            default:
                text = NextText();
                return random.Next(4) == 0 ? new Command("set", ["SET", text, ""], text, "") : new Command("strlen", ["STRLEN", text], text);
        }
    }

    private string NextText() => Text((Interlocked.Increment(ref _textCommands) - 1) / CommandsPerText);

    private static string Text(int number) => string.Create(CultureInfo.InvariantCulture, $"t{number}");

    private string? Seen(string register)
    {
        lock (_seen)
        {
            return _seen[register];
        }
    }

    private void Remember(Command command, HistoryValue result)
    {
        string? now = command.Name switch
        {
            "get" => result.Text,
            "set" or "getset" => command.Value.Text,
            "cas" when result == 1 => command.Value.Text,
            _ => null,
        };
        lock (_seen)
        {
            if (now is not null && _seen.ContainsKey(command.Key.Text!))
            {
                _seen[command.Key.Text!] = now;
            }
        }
    }

    private static HistoryValue ResultOf(RespReply reply) => reply.Kind switch
    {
        RespReplyKind.Nil => HistoryValue.Null,
        RespReplyKind.Integer => reply.Integer,
        _ => reply.Text,
    };

    /// <summary>A command, as words for the server and as an operation of the model.</summary>
    private sealed record Command(string Name, string[] Words, HistoryValue Key, HistoryValue Value = default, HistoryValue Expected = default);
}
