using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>
/// A whole stream in one thread: cores, a network, disks and clients, driven by virtual time and one seed. Faults are
/// method calls. Everything that members do is shown to the invariants.
/// </summary>
internal sealed class CoreCluster
{
    private readonly List<IClusterInvariant> _invariants;
    private ulong _value;
    private long _ticket;

    public CoreCluster(SimulationProfile profile, ulong seed, IEnumerable<IClusterInvariant>? invariants = null, Action<string>? trace = null)
    {
        Profile = profile;
        Random = new SimulationRandom(seed);
        Network = new SimulatedNetwork(Time, Random, profile);
        History = new CommittedHistory();
        _invariants = [History, .. invariants ?? AllInvariants.Create(History)];
        Trace = trace is null ? null : line => trace($"{Time.Now.TotalMilliseconds,9:F2} {line}");
        StreamMembership membership = profile.Membership();
        InitialMembership = membership;
        Members =
        [
            .. membership.Members.Select(m => new SimulatedMember(this, m.Id, membership)),
            .. profile.SpareMembers().Select(id => new SimulatedMember(this, id, StreamMembership.Empty)),
        ];
    }

    public SimulationProfile Profile { get; private set; }

    public SimulationRandom Random { get; }

    public VirtualTime Time { get; } = new();

    public SimulatedNetwork Network { get; }

    /// <summary>Everybody there is, also those that are not (yet, or any more) of the stream.</summary>
    public IReadOnlyList<SimulatedMember> Members { get; }

    public StreamMembership InitialMembership { get; }

    /// <summary>Those that belong to the stream as its leader has it.</summary>
    public IEnumerable<SimulatedMember> Participants => Leader is { Core: { } core } ? Members.Where(m => core.Membership.Find(m.Id) is not null) : [];

    /// <summary>What is committed, as far as any member knows.</summary>
    public CommittedHistory History { get; }

    public List<ClientWrite> Writes { get; } = [];

    public List<ClientRead> Reads { get; } = [];

    /// <summary>What operators asked for.</summary>
    public List<OperatorRequest> Requests { get; } = [];

    public Action<string>? Trace { get; }

    /// <summary>The leader of the newest term among those that run; null when there is none.</summary>
    public SimulatedMember? Leader => Members.Where(m => m.IsLeader).MaxBy(m => m.Core!.Term.Value);

    public SimulatedMember this[uint id] => Members[(int)id - 1];

    public void StartAll()
    {
        foreach (SimulatedMember member in Members.Where(m => !m.IsUp))
        {
            member.Start();
        }
    }

    public void RunFor(TimeSpan duration) => Time.RunUntil(Time.Now + duration, static () => false);

    public bool RunUntil(Func<bool> enough, TimeSpan limit) => Time.RunUntil(Time.Now + limit, enough);

    public void Crash(SimulatedMember member)
    {
        Trace?.Invoke($"{member.Id} CRASHES");
        member.Crash();
    }

    public void Restart(SimulatedMember member)
    {
        Trace?.Invoke($"{member.Id} RESTARTS");
        member.Start();
    }

    /// <summary>Nobody in <paramref name="side"/> and nobody outside hear each other.</summary>
    public void Partition(IReadOnlyCollection<SimulatedMember> side)
    {
        Trace?.Invoke($"PARTITION {string.Join(',', side.Select(m => m.Id))} | the others");
        foreach (SimulatedMember a in side)
        {
            foreach (SimulatedMember b in Members.Except(side))
            {
                Network.Cut(a.Id, b.Id);
                Network.Cut(b.Id, a.Id);
            }
        }
    }

    /// <summary>All links work, all disks are as fast as usual, everybody runs; nothing is lost from now on.</summary>
    public void HealEverything()
    {
        Trace?.Invoke("HEALED");
        Network.Heal();
        Profile = Profile with { Loss = 0, Duplication = 0, FaultEvery = TimeSpan.Zero, MaxDelay = TimeSpan.FromMilliseconds(5), MaxDisk = TimeSpan.FromMilliseconds(5) };
        Network.Profile = Profile;
        foreach (SimulatedMember member in Members)
        {
            member.DiskDelay = TimeSpan.Zero;
        }

        StartAll();
    }

    public ClientWrite Write(SimulatedMember at, int entries = 1)
    {
        ClientWrite write = new(++_ticket, _value + 1, entries);
        _value += (ulong)entries;
        Writes.Add(write);
        at.Submit(write);
        return write;
    }

    public ClientRead Read(SimulatedMember at)
    {
        ClientRead read = new(++_ticket, Time.Now, History.HighestIndex);
        Reads.Add(read);
        at.Submit(read);
        return read;
    }

    public OperatorRequest Change(SimulatedMember at, MembershipChange change)
    {
        OperatorRequest request = new(++_ticket);
        Requests.Add(request);
        at.Submit(request, new RaftInput.ChangeMembership(request.Ticket, change));
        return request;
    }

    public OperatorRequest Transfer(SimulatedMember at, NodeId target)
    {
        OperatorRequest request = new(++_ticket);
        Requests.Add(request);
        at.Submit(request, new RaftInput.TransferLeadership(request.Ticket, target, SimulationProfile.ElectionTimeoutMax));
        return request;
    }

    public void Deliver(NodeId from, NodeId to, PeerMessage message) =>
        Network.Send(from, to, () => this[to.Value].Take(new RaftInput.Received(from, message)));

    public void Tell(Action<IClusterInvariant> what)
    {
        foreach (IClusterInvariant invariant in _invariants)
        {
            what(invariant);
        }
    }

    /// <summary>Tells the invariants that the run has come to rest.</summary>
    public void End() => Tell(invariant => invariant.OnEnd(this));
}
