using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>Loses, repeats, delays and so reorders messages. Cuts are one-way; a partition is made of them.</summary>
public sealed class SimulatedNetwork
{
    private readonly VirtualTime _time;
    private readonly SimulationRandom _random;
    private readonly SimulationTrace? _trace;
    private readonly Dictionary<(NodeId From, NodeId To), Link> _links = [];

    internal SimulatedNetwork(VirtualTime time, SimulationRandom random, SimulationProfile profile, SimulationTrace? trace)
    {
        _time = time;
        _random = random;
        _trace = trace;
        Profile = profile;
    }

    /// <summary>How bad the network is.</summary>
    public SimulationProfile Profile { get; set; }

    /// <summary>How many messages were sent.</summary>
    public long Sent { get; private set; }

    /// <summary>Nothing gets through from one to the other any more; what is under way is lost. The other direction works on.</summary>
    public void Cut(NodeId from, NodeId to) => LinkOf(from, to).IsCut = true;

    /// <summary>Messages from one to the other take this much longer.</summary>
    public void Slow(NodeId from, NodeId to, TimeSpan by) => LinkOf(from, to).Extra = by;

    /// <summary>No link is cut or slow.</summary>
    public void Heal()
    {
        foreach (Link link in _links.Values)
        {
            link.IsCut = false;
            link.Extra = TimeSpan.Zero;
        }
    }

    /// <summary>Whether nothing gets through in this direction.</summary>
    public bool IsCut(NodeId from, NodeId to) => LinkOf(from, to).IsCut;

    /// <summary>Sends a message.</summary>
    /// <param name="from">The sender.</param>
    /// <param name="to">The receiver.</param>
    /// <param name="message">What it says.</param>
    /// <param name="deliver">Called for every copy that arrives, with the number of the trace event that sent it.</param>
    public void Send(NodeId from, NodeId to, PeerMessage message, Action<int> deliver)
    {
        Sent++;
        Link link = LinkOf(from, to);
        int sent = _trace?.Add(TraceKind.Sent, from, to, message) ?? -1;
        if (link.IsCut || link.Random.Chance(Profile.Loss))
        {
            _trace?.Add(TraceKind.Lost, to, from, message, sent);
            return;
        }

        int copies = link.Random.Chance(Profile.Duplication) ? 2 : 1;
        for (int i = 0; i < copies; i++)
        {
            TimeSpan longest = link.Random.Chance(Profile.Stragglers) ? Profile.StragglerDelay : Profile.MaxDelay;
            _time.In(link.Random.Between(Profile.MinDelay, longest) + link.Extra, () =>
            {
                // What is under way when a link is cut is lost too.
                if (link.IsCut)
                {
                    _trace?.Add(TraceKind.Lost, to, from, message, sent);
                }
                else
                {
                    deliver(sent);
                }
            });
        }
    }

    private Link LinkOf(NodeId from, NodeId to)
    {
        if (!_links.TryGetValue((from, to), out Link? link))
        {
            link = new Link(_random.Fork(((ulong)from.Value << 32) | to.Value));
            _links.Add((from, to), link);
        }

        return link;
    }

    private sealed class Link(SimulationRandom random)
    {
        public SimulationRandom Random { get; } = random;

        public bool IsCut { get; set; }

        public TimeSpan Extra { get; set; }
    }
}
