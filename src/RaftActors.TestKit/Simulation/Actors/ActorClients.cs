using System.Globalization;
using System.Text;
using RaftActors.TestKit.Linearizability;

namespace RaftActors.TestKit.Simulation;

/// <summary>A few clients, each with one request at a time, and what they were told. Each must be told something within the time that the settings promise.</summary>
internal sealed partial class ActorClients
{
    private static readonly string[] Keys = ["x", "y", "z"];

    // The runtime looks for what has waited too long now and then, and a sweep may have to wait for an election.
    private static readonly TimeSpan Patience = ActorSchedule.ClientTimeout + (2 * SimulationProfile.ElectionTimeoutMax);
    private readonly LocalCluster _cluster;
    private readonly ActorFaults _faults;
    private readonly HistoryRecorder _recorder;
    private readonly Client[] _clients;
    private readonly TimeSpan _thinkTime;
    private int _value;

    public ActorClients(LocalCluster cluster, ActorSchedule schedule, ActorFaults faults)
    {
        _cluster = cluster;
        _faults = faults;
        _recorder = new HistoryRecorder(() => (long)(cluster.Now.TotalMicroseconds * 1000));
        _thinkTime = 4 * schedule.Profile.SubmitEvery;
        SimulationRandom random = new SimulationRandom(schedule.Seed).Fork(21);
        _clients = [.. Enumerable.Range(0, 4).Select(i => new Client(i, random.Fork((ulong)i)) { HasSession = i < schedule.Profile.Sessions })];
    }

    /// <summary>When the next request is due.</summary>
    public TimeSpan Next => _clients.Where(c => c.Open is null && (!Stopped || c.Again is not null)).Select(c => c.Due).DefaultIfEmpty(TimeSpan.MaxValue).Min();

    /// <summary>Whether somebody waits.</summary>
    public bool AnyWaits => Array.Exists(_clients, c => c.Open is not null || c.Again is not null);

    /// <summary>Whether somebody has an answer and does not know yet.</summary>
    public bool AnyAnswered => Array.Exists(_clients, c => c.Open is { IsCompleted: true });

    public bool Stopped { get; set; }

    public History History => _recorder.ToHistory();

    /// <summary>Takes answers, and asks what is due.</summary>
    public void Poll()
    {
        foreach (Client client in _clients)
        {
            if (client.Open is { IsCompleted: true } open)
            {
                client.Open = null;
                client.Due = _cluster.Now + client.Random.Between(TimeSpan.Zero, 2 * _thinkTime);
                open.Close();
            }
            else if (client.Open is { } waiting && !_faults.HasStoodStill(waiting.Member, waiting.Since) && _cluster.Now - waiting.Since > Patience)
            {
                throw new InvariantBrokenException($"client {client.Name} has waited for an answer of member {waiting.Member} since {waiting.Since.TotalMilliseconds} ms") { Invariant = nameof(EveryClientIsAnswered) };
            }

            if (client.Open is null && client.Due <= _cluster.Now && (!Stopped || client.Again is not null))
            {
                Ask(client);
            }
        }
    }

    private void Ask(Client client)
    {
        SimulationRandom random = client.Random;
        NodeId[] running = [.. _cluster.Running.Where(m => !_faults.StandsStill(m))];
        if (running.Length == 0)
        {
            client.Due = _cluster.Now + _thinkTime;
            return;
        }

        NodeId member = random.Chance(0.6) && _cluster.Leader is { } leader && running.Contains(leader) ? leader : random.Pick(running);
        if (client.Again is { } again)
        {
            client.Again = null;
            again(member);
            return;
        }

        if (client.HasSession && client.Session == 0)
        {
            OpenSession(client, member);
            return;
        }

        string key = random.Pick(Keys);
        int what = random.Below(10);
        if (what < 4)
        {
            Get(client, member, key);
        }
        else
        {
            string value = string.Create(CultureInfo.InvariantCulture, $"v{++_value}");
            Write(client, member, key, value, what < 6);
        }
    }

    private void Get(Client client, NodeId member, string key)
    {
        PendingOperation operation = _recorder.Begin(client.Name, "get", key);
        ClusterCall<ReadAnswer> call = _cluster.BeginQuery(member, SimulatedStore.Get(key));
        client.Open = new Request(member, _cluster.Now, () => call.IsCompleted, () =>
        {
            if (call.Answer is not ReadCompleted read)
            {
                operation.Fail(call.Answer!.ToString());
                return;
            }

            string text = Encoding.UTF8.GetString(read.Result.Span);
            HistoryValue value = text.Length == 0 ? HistoryValue.Null : text;
            client.Seen[key] = value.Text;
            operation.Complete(value);
        });
    }

    private void Write(Client client, NodeId member, string key, string value, bool compares)
    {
        string? expected = client.Seen.GetValueOrDefault(key);
        PendingOperation operation = compares
            ? _recorder.Begin(client.Name, "cas", key, value, expected)
            : _recorder.Begin(client.Name, "set", key, value);
        byte[] command = compares ? SimulatedStore.CompareAndSet(key, expected, value) : SimulatedStore.Set(key, value);
        if (client.HasSession)
        {
            WriteOnce(client, member, operation, command, key, value, new SessionSerial(client.Session, ++client.Serial), mayBeApplied: false);
            return;
        }

        ClusterCall<ProposalAnswer> call = _cluster.BeginPropose(member, command);
        client.Open = new Request(member, _cluster.Now, () => call.IsCompleted, () =>
        {
            switch (call.Answer)
            {
                case ProposalCommitted committed:
                    Complete(client, operation, committed, key, value);
                    break;
                case OutcomeUnknown unknown:
                    // Whoever does not know goes on as somebody else.
                    operation.LeaveUnknown(unknown.Reason);
                    client.Generation++;
                    break;
                default:
                    operation.Fail(call.Answer!.ToString());
                    break;
            }
        });
    }

    private static void Complete(Client client, PendingOperation operation, ProposalCommitted committed, string key, string value)
    {
        string result = Encoding.UTF8.GetString(committed.Result.Span);
        operation.Complete(result);
        client.Seen[key] = result == "1" ? value : null;
    }

    private sealed class Client(int number, SimulationRandom random)
    {
        public SimulationRandom Random { get; } = random;

        public int Generation { get; set; }

        public string Name => string.Create(CultureInfo.InvariantCulture, $"c{number}.{Generation}");

        public Dictionary<string, string?> Seen { get; } = [];

        public TimeSpan Due { get; set; }

        public Request? Open { get; set; }

        public bool HasSession { get; init; }

        public ulong Session { get; set; }

        public ulong Serial { get; set; }

        /// <summary>What has to be asked again, at the member given.</summary>
        public Action<NodeId>? Again { get; set; }
    }

    private sealed class Request(NodeId member, TimeSpan since, Func<bool> isCompleted, Action close)
    {
        public NodeId Member { get; } = member;

        public TimeSpan Since { get; } = since;

        public bool IsCompleted => isCompleted();

        public void Close() => close();
    }
}
