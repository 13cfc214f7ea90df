using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>Loses, repeats, delays and so reorders messages; cuts are one-way, a partition is made of them.</summary>
internal sealed class SimulatedNetwork
{
    private readonly VirtualTime _time;
    private readonly SimulationRandom _random;
    private readonly HashSet<(NodeId From, NodeId To)> _cuts = [];

    public SimulatedNetwork(VirtualTime time, SimulationRandom random, SimulationProfile profile)
    {
        _time = time;
        _random = random;
        Profile = profile;
    }

    public SimulationProfile Profile { get; set; }

    public long Sent { get; private set; }

    public void Cut(NodeId from, NodeId to) => _cuts.Add((from, to));

    public void Heal() => _cuts.Clear();

    public bool IsCut(NodeId from, NodeId to) => _cuts.Contains((from, to));

    public void Send(NodeId from, NodeId to, Action deliver)
    {
        Sent++;
        if (IsCut(from, to) || _random.Chance(Profile.Loss))
        {
            return;
        }

        int copies = _random.Chance(Profile.Duplication) ? 2 : 1;
        for (int i = 0; i < copies; i++)
        {
            _time.In(_random.Between(Profile.MinDelay, Profile.MaxDelay), () =>
            {
                // What is under way when a link is cut is lost too.
                if (!IsCut(from, to))
                {
                    deliver();
                }
            });
        }
    }
}
