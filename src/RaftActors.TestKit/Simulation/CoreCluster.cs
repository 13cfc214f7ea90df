using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>
/// A whole stream in one thread: cores, a network, disks and clients, driven by virtual time and one seed. Faults are
/// method calls. Everything that members do is shown to the invariants.
/// </summary>
public sealed class CoreCluster
{
    private readonly IClusterInvariant[] _invariants;
    private ulong _value;
    private long _ticket;

    /// <summary>Makes a cluster whose members are still down.</summary>
    /// <param name="profile">Its size and its world.</param>
    /// <param name="seed">Decides chance.</param>
    /// <param name="invariants">What to check; null for everything there is.</param>
    /// <param name="trace">Records what happens, when given.</param>
    public CoreCluster(SimulationProfile profile, ulong seed, IEnumerable<IClusterInvariant>? invariants = null, SimulationTrace? trace = null)
        : this(profile, seed, history => invariants ?? AllInvariants.Create(history), trace)
    {
    }

    internal CoreCluster(SimulationProfile profile, ulong seed, Func<CommittedHistory, IEnumerable<IClusterInvariant>> invariants, SimulationTrace? trace = null)
    {
        Profile = profile;
        Random = new SimulationRandom(seed);
        Recorder = trace;
        trace?.Follow(Time);
        Network = new SimulatedNetwork(Time, Random.Fork(5), profile, trace);
        History = new CommittedHistory();
        _invariants = [History, .. invariants(History)];
        StreamMembership membership = profile.Membership();
        InitialMembership = membership;
        Members =
        [
            .. membership.Members.Select(m => new SimulatedMember(this, m.Id, membership)),
            .. profile.SpareMembers().Select(id => new SimulatedMember(this, id, StreamMembership.Empty)),
        ];
    }

    /// <summary>How unfriendly the world is now.</summary>
    public SimulationProfile Profile { get; private set; }

    /// <summary>Chance of the whole cluster; members and links have their own.</summary>
    public SimulationRandom Random { get; }

    /// <summary>The time.</summary>
    public VirtualTime Time { get; } = new();

    /// <summary>The network.</summary>
    public SimulatedNetwork Network { get; }

    /// <summary>Everybody there is, up or down, by id; also those that are not (yet, or any more) of the stream.</summary>
    public IReadOnlyList<SimulatedMember> Members { get; }

    /// <summary>The members that the stream begins with.</summary>
    public StreamMembership InitialMembership { get; }

    /// <summary>Those that belong to the stream as its leader has it.</summary>
    public IEnumerable<SimulatedMember> Participants => Leader is { Core: { } core } ? Members.Where(m => core.Membership.Find(m.Id) is not null) : [];

    /// <summary>What is committed, as far as any member knows.</summary>
    public CommittedHistory History { get; }

    /// <summary>Everything that clients wrote.</summary>
    public List<ClientWrite> Writes { get; } = [];

    /// <summary>Everything that clients asked to read.</summary>
    public List<ClientRead> Reads { get; } = [];

    /// <summary>The newest history of the stream; above the first when a recovery was forced.</summary>
    public Generation Generation { get; private set; }

    /// <summary>An operator replaces a member that lost its journal; the others leave the membership alone meanwhile, or they could make it one that cannot do without that member.</summary>
    public bool IsRepairing { get; set; }

    /// <summary>What operators asked for.</summary>
    public List<OperatorRequest> Requests { get; } = [];

    /// <summary>How often members have decided what about entries of sessions, by <see cref="SessionDecision"/>.</summary>
    public long[] SessionDecisions { get; } = new long[5];

    /// <summary>Where events are recorded; null when nobody wants to know.</summary>
    public SimulationTrace? Recorder { get; }

    /// <summary>Takes a line into the trace; null when nobody wants to know.</summary>
    public Action<string>? Trace => Recorder is null ? null : line => Recorder.Add(TraceKind.Note, NodeId.None, NodeId.None, line);

    /// <summary>The member that does something now; null between steps.</summary>
    public SimulatedMember? Acting { get; private set; }

    /// <summary>The leader of the newest term among those that run; null when there is none.</summary>
    public SimulatedMember? Leader
    {
        get
        {
            SimulatedMember? newest = null;
            foreach (SimulatedMember member in Members)
            {
                if (member.IsLeader && (newest is null || (member.Core!.Generation, member.Core.Term).CompareTo((newest.Core!.Generation, newest.Core.Term)) > 0))
                {
                    newest = member;
                }
            }

            return newest;
        }
    }

    /// <summary>A member by its id.</summary>
    public SimulatedMember this[uint id] => Members[(int)id - 1];

    /// <summary>Starts everybody who is down.</summary>
    public void StartAll()
    {
        foreach (SimulatedMember member in Members.Where(m => !m.IsUp))
        {
            member.Start();
        }
    }

    /// <summary>Lets time pass.</summary>
    public void RunFor(TimeSpan duration) => Time.RunUntil(Time.Now + duration, static () => false);

    /// <summary>Lets time pass until something is so.</summary>
    /// <returns>False when it was not so within the limit.</returns>
    public bool RunUntil(Func<bool> enough, TimeSpan limit) => Time.RunUntil(Time.Now + limit, enough);

    /// <summary>A member loses power.</summary>
    public void Crash(SimulatedMember member) => member.Crash();

    /// <summary>A member starts again from its disk.</summary>
    public void Restart(SimulatedMember member) => member.Start();

    /// <summary>Nobody in <paramref name="side"/> and nobody outside hear each other.</summary>
    public void Partition(IReadOnlyCollection<SimulatedMember> side)
    {
        Record($"partition {string.Join(',', side.Select(m => m.Id))} | the others");
        foreach (SimulatedMember a in side)
        {
            foreach (SimulatedMember b in Members.Except(side))
            {
                Network.Cut(a.Id, b.Id);
                Network.Cut(b.Id, a.Id);
            }
        }
    }

    /// <summary>Nothing gets through from one to the other; the other direction works on.</summary>
    public void Cut(SimulatedMember from, SimulatedMember to)
    {
        Record($"link {from.Id} > {to.Id} is cut");
        Network.Cut(from.Id, to.Id);
    }

    /// <summary>A member hears nobody, but is heard.</summary>
    public void Deafen(SimulatedMember member)
    {
        Record($"{member.Id} hears nobody");
        foreach (SimulatedMember other in Members.Where(m => m != member))
        {
            Network.Cut(other.Id, member.Id);
        }
    }

    /// <summary>A member is heard by nobody, but hears.</summary>
    public void Mute(SimulatedMember member)
    {
        Record($"{member.Id} is heard by nobody");
        foreach (SimulatedMember other in Members.Where(m => m != member))
        {
            Network.Cut(member.Id, other.Id);
        }
    }

    /// <summary>Messages from one to the other take longer.</summary>
    public void Slow(SimulatedMember from, SimulatedMember to, TimeSpan by)
    {
        Record($"link {from.Id} > {to.Id} takes {by.TotalMilliseconds:F0} ms longer");
        Network.Slow(from.Id, to.Id, by);
    }

    /// <summary>All links work again.</summary>
    public void HealLinks()
    {
        Record("links heal");
        Network.Heal();
    }

    /// <summary>All links work, all disks are as fast as usual, everybody runs; nothing is lost from now on. Clocks stay as they are.</summary>
    public void HealEverything()
    {
        Record("everything heals");
        Network.Heal();
        Profile = Profile with
        {
            Loss = 0,
            Duplication = 0,
            Stragglers = 0,
            ReadFailures = 0,
            FaultEvery = TimeSpan.Zero,
            FlowFaultEvery = TimeSpan.Zero,
            Faults = FaultKinds.None,
            MaxDelay = TimeSpan.FromMilliseconds(5),
            MaxDisk = TimeSpan.FromMilliseconds(5),
        };
        Network.Profile = Profile;
        foreach (SimulatedMember member in Members)
        {
            member.Heal();
        }

        StartAll();
    }

    /// <summary>A client writes.</summary>
    public ClientWrite Write(SimulatedMember at, int entries = 1)
    {
        ClientWrite write = new(++_ticket, _value + 1, entries);
        _value += (ulong)entries;
        Writes.Add(write);
        at.Submit(write);
        return write;
    }

    /// <summary>A value that nobody else writes.</summary>
    public ulong NextValue() => ++_value;

    /// <summary>A client proposes a command of its session.</summary>
    public ClientWrite WriteInSession(SimulatedMember at, ulong session, ulong serial, ulong value)
    {
        ClientWrite write = new(++_ticket, value, 1) { Session = session, Serial = serial };
        at.SubmitOfSession(write);
        return write;
    }

    /// <summary>A client opens, keeps or closes a session.</summary>
    public ClientWrite ControlSession(SimulatedMember at, SessionControl control)
    {
        ClientWrite write = new(++_ticket, 0, 1) { Control = control };
        at.SubmitOfSession(write);
        return write;
    }

    /// <summary>A leader writes down the time.</summary>
    internal void TellTime(SimulatedMember leader) => ControlSession(leader, SessionControl.Clock(TimeSpan.Zero));

    /// <summary>A client reads.</summary>
    public ClientRead Read(SimulatedMember at)
    {
        ClientRead read = new(++_ticket, at, History.HighestIndex);
        Reads.Add(read);
        at.Submit(read);
        return read;
    }

    /// <summary>An operator asks for a change of the membership.</summary>
    public OperatorRequest Change(SimulatedMember at, MembershipChange change)
    {
        OperatorRequest request = new(++_ticket);
        Requests.Add(request);
        at.Submit(request, new RaftInput.ChangeMembership(request.Ticket, change));
        return request;
    }

    /// <summary>An operator asks for another leader.</summary>
    public OperatorRequest Transfer(SimulatedMember at, NodeId target)
    {
        OperatorRequest request = new(++_ticket);
        Requests.Add(request);
        at.Submit(request, new RaftInput.TransferLeadership(request.Ticket, target, SimulationProfile.ElectionTimeoutMax));
        return request;
    }

    /// <summary>An operator forces a recovery on a survivor, and has asked all of them how far they are.</summary>
    public OperatorRequest ForceRecovery(SimulatedMember at, IReadOnlyCollection<SimulatedMember> survivors)
    {
        OperatorRequest request = new(++_ticket);
        Requests.Add(request);
        at.Submit(request, new RaftInput.ForceRecovery(request.Ticket, [.. survivors.Select(m => m.Id)], [.. survivors.Where(m => m != at && m.IsUp).Select(m => m.Report())]));
        return request;
    }

    /// <summary>How often a member that was fenced had to be replaced.</summary>
    public int Replaced { get; private set; }

    /// <summary>Those that were fenced get empty disks and come back to join anew.</summary>
    public void ReplaceFenced()
    {
        foreach (SimulatedMember member in Members.Where(m => m.IsFenced))
        {
            Replaced++;
            member.Wipe();
            member.Start();
        }
    }

    /// <summary>An operator wants a peer of the leader to get no entries for a while.</summary>
    public OperatorRequest PauseReplication(SimulatedMember at, NodeId peer, TimeSpan duration)
    {
        OperatorRequest request = new(++_ticket);
        Requests.Add(request);
        at.Submit(request, new RaftInput.PauseReplication(request.Ticket, peer, duration));
        return request;
    }

    /// <summary>Tells the invariants that the run has come to rest.</summary>
    public void End()
    {
        NobodyActs();
        Tell(this, static (invariant, cluster) => invariant.OnEnd(cluster));
    }

    internal void Deliver(NodeId from, NodeId to, PeerMessage message) =>
        Deliver(from, to, message, this[from.Value].Core?.Generation ?? default, this[from.Value].Core?.Incarnation ?? 0);

    internal void TellEffect(SimulatedMember member, Effect effect)
    {
        FollowGeneration(member);
        if (Counts(member))
        {
            Tell((member, effect), static (invariant, what) => invariant.OnEffect(what.member, what.effect));
        }
    }

    internal void TellStepped(SimulatedMember member)
    {
        FollowGeneration(member);
        if (Counts(member))
        {
            Tell(member, static (invariant, who) => invariant.OnStepped(who));
        }
    }

    internal void TellSession(SimulatedMember member, LogEntry entry, SessionVerdict verdict)
    {
        SessionDecisions[(int)verdict.Decision]++;
        if (Counts(member))
        {
            Tell((member, entry, verdict), static (invariant, what) => invariant.OnSession(what.member, what.entry, what.verdict));
        }
    }

    internal void TellAcknowledged(SimulatedMember member, ClientWrite write)
    {
        if (Counts(member))
        {
            Tell((member, write), static (invariant, what) => invariant.OnAcknowledged(what.member, what.write));
        }
    }

    /// <summary>What members of an older generation do is no longer part of the stream's history.</summary>
    private bool Counts(SimulatedMember member) => member.Core is not { } core || core.Generation >= Generation;

    private void Deliver(NodeId from, NodeId to, PeerMessage message, Generation generation, ulong incarnation) =>
        Network.Send(from, to, message, sent => this[to.Value].Take(new RaftInput.Received(from, message) { Generation = generation, Incarnation = incarnation }, sent));

    /// <summary>A recovery counts when it is on the disk of the survivor: before, a crash undoes it.</summary>
    private void FollowGeneration(SimulatedMember member)
    {
        Generation now = member.Core?.Generation ?? default;
        if (now > Generation && member.Journal.DurableTerm.Generation == now)
        {
            Generation = now;
            Tell(member, static (invariant, survivor) => invariant.OnRecovery(survivor));
        }

        if (member.Core is not null && now != member.ToldOf && now == Generation)
        {
            bool hasFollowed = now > member.ToldOf;
            member.ToldOf = now;
            if (hasFollowed)
            {
                Tell(member, static (invariant, follower) => invariant.OnFollowed(follower));
            }
        }
    }

    internal void BeginToAct(SimulatedMember member) => Acting = member;

    internal void NobodyActs() => Acting = null;

    private void Record(string what) => Recorder?.Add(TraceKind.Fault, NodeId.None, NodeId.None, what);

    private void Tell<T>(T what, Action<IClusterInvariant, T> tell)
    {
        int told = 0;
        try
        {
            for (; told < _invariants.Length; told++)
            {
                tell(_invariants[told], what);
            }
        }
        catch (InvariantBrokenException broken) when (broken.Invariant.Length == 0)
        {
            broken.Invariant = _invariants[told].GetType().Name;
            throw;
        }
    }
}
