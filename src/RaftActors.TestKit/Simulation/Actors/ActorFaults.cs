using System.Collections.Immutable;

namespace RaftActors.TestKit.Simulation;

/// <summary>
/// Picks on a cluster of real actors with the kinds of faults that the profile allows. Every fault has its own randomness, so that a schedule can leave some out without
/// changing the others.
/// </summary>
internal sealed class ActorFaults
{
    private readonly LocalCluster _cluster;
    private readonly ActorSchedule _schedule;
    private readonly SimulationProfile _profile;
    private readonly SimulationRandom _times;
    private readonly SimulationRandom _faults;
    private readonly FaultKinds[] _kinds;
    private readonly SortedDictionary<NodeId, TimeSpan> _standing = [];
    private readonly Dictionary<NodeId, TimeSpan> _wentOn = [];
    private readonly List<(TimeSpan At, Action End)> _ends = [];
    private readonly List<Func<bool>> _requests = [];
    private (NodeId Member, long Turn, bool Lose)? _crash;
    private TimeSpan _next;
    private bool _stopped;

    public ActorFaults(LocalCluster cluster, ActorSchedule schedule)
    {
        _cluster = cluster;
        _schedule = schedule;
        _profile = schedule.Profile;
        SimulationRandom random = new(schedule.Seed);
        _times = random.Fork(22);
        _faults = random.Fork(23);
        _kinds = [.. Enum.GetValues<FaultKinds>().Where(k => k is not (FaultKinds.None or FaultKinds.All) && _profile.Faults.HasFlag(k))];
        _next = NextAfter(TimeSpan.Zero);
        MayRot = random.Fork(24).Chance(0.3) && _profile.Operators == 0 ? (_profile.Voters - 1) / 2 : 0;
    }

    /// <summary>How many faults came up so far, those that the schedule leaves out included.</summary>
    public int Count { get; private set; }

    /// <summary>Members whose disk has rotted; a minority.</summary>
    public SortedSet<NodeId> Rotten { get; } = [];

    /// <summary>When something is due.</summary>
    public TimeSpan Next => _ends.Select(e => e.At).Append(_next).Min();

    /// <summary>Operators who wait for an answer.</summary>
    public bool AnyWaits => _requests.Exists(isAnswered => !isAnswered());

    private int MayRot { get; }

    public bool StandsStill(NodeId member) => _standing.ContainsKey(member);

    /// <summary>Whether a member has been standing still at any time since then; its clients have to be patient.</summary>
    public bool HasStoodStill(NodeId member, TimeSpan since) => StandsStill(member) || (_wentOn.TryGetValue(member, out TimeSpan at) && at >= since);

    /// <summary>Whether something is due after so many turns.</summary>
    public bool IsDue(long turns) => _crash is { } crash && turns >= crash.Turn;

    public void Stop()
    {
        _stopped = true;
        _crash = null;
        _next = TimeSpan.MaxValue;
        foreach ((TimeSpan _, Action end) in _ends.ToArray())
        {
            end();
        }

        _ends.Clear();
    }

    public void Poll()
    {
        if (_crash is { } crash && _cluster.Steps >= crash.Turn)
        {
            _crash = null;
            Crash(crash.Member, crash.Lose);
        }

        foreach ((TimeSpan At, Action End) end in _ends.Where(e => e.At <= _cluster.Now).ToArray())
        {
            _ends.Remove(end);
            end.End();
        }

        if (_stopped || _next > _cluster.Now)
        {
            return;
        }

        _next = NextAfter(_cluster.Now);
        Count++;
        if (!_schedule.WithoutFaults.Contains(Count))
        {
            Strike(_faults.Fork((ulong)Count));
        }
    }

    private TimeSpan NextAfter(TimeSpan now) =>
        _profile.FaultEvery > TimeSpan.Zero ? now + _times.Between(TimeSpan.FromTicks(1), 2 * _profile.FaultEvery) : TimeSpan.MaxValue;

    private void Strike(SimulationRandom random)
    {
        IReadOnlyList<NodeId> all = _cluster.Members;
        NodeId victim = random.Chance(0.5) && _cluster.Leader is { } leader ? leader : random.Pick(all);
        NodeId other = random.Pick(all);
        if (_profile.ApplyBeforeOwnDisk && _kinds.Length > 0 && random.Fork(5) is var ahead && ahead.Chance(0.4) && _cluster.Leader is { } leading)
        {
            FallBehind(leading, ahead);
            return;
        }

        if (random.Chance(_profile.Operators))
        {
            Operate(victim, other, random);
            return;
        }

        int what = random.Below(10);
        if (what < 2)
        {
            foreach (NodeId member in all.Where(m => (!_cluster.Running.Contains(m) || _cluster.HasFailed(m)) && random.Chance(0.7)).ToArray())
            {
                _cluster.Restart(member);
            }
        }
        else if (what < 3)
        {
            _cluster.HealNetwork();
        }
        else if (_kinds.Length > 0)
        {
            Strike(random.Pick(_kinds), victim, other, random);
        }
    }

    /// <summary>A leader's disk falls behind those of the others; while the leader is ahead of it, something happens to the leader.</summary>
    private void FallBehind(NodeId leader, SimulationRandom random)
    {
        _cluster.DelayJournal(leader, TimeSpan.FromMilliseconds(random.Pick([30, 100, 400])));
        FaultKinds[] ends = [.. _kinds.Where(k => SimulationProfile.EndsOfLeaders.HasFlag(k))];
        Later(random.Between(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(200)), () =>
        {
            _cluster.DelayJournal(leader, TimeSpan.Zero);
            if (!_stopped && ends.Length > 0 && random.Chance(0.8))
            {
                Strike(random.Pick(ends), leader, leader, random);
            }
        });
    }

    private void Strike(FaultKinds kind, NodeId victim, NodeId other, SimulationRandom random)
    {
        switch (kind)
        {
            case FaultKinds.Crash when Rotten.Count < MayRot && random.Chance(0.3) && _cluster.Running.Contains(victim) && _profile.Membership().Find(victim) is not null:
                if (!Rotten.Contains(victim) && _cluster.RotJournal(victim, random.Chance(0.3)))
                {
                    Rotten.Add(victim);
                    GoOn(victim);
                    _cluster.Restart(victim);
                }

                break;
            case FaultKinds.Crash:
                Crash(victim, random.Chance(0.5));
                break;
            case FaultKinds.CrashBetweenEffects:
                _crash = (victim, _cluster.Steps + random.Below(60), random.Chance(0.5));
                break;
            case FaultKinds.Partition:
                NodeId[] side = random.Chance(0.5) ? [victim] : [.. _cluster.Members.Where(_ => random.Chance(0.5))];
                _cluster.Partition(side);
                break;
            case FaultKinds.OneWayCut when random.Chance(0.4):
                foreach (NodeId from in _cluster.Members.Where(m => m != victim))
                {
                    _cluster.CutOneWay(from, victim);
                }

                break;
            case FaultKinds.OneWayCut when victim != other:
                _cluster.CutOneWay(victim, other);
                break;
            case FaultKinds.SlowLink:
                _cluster.SetNetwork(_schedule.ToOptions(_ => null!, null).Network with { MaxDelay = TimeSpan.FromMilliseconds(random.Pick([20, 100, 400])) });
                break;
            case FaultKinds.SlowDisk:
                _cluster.DelayJournal(victim, TimeSpan.FromMilliseconds(random.Pick([0, 0, 30, 200])));
                break;
            case FaultKinds.FailedWrite:
                JournalFault fault = random.Pick([JournalFault.Fail, JournalFault.Reject, JournalFault.Stall]);
                _cluster.FailJournal(victim, fault);
                Later(random.Between(TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(300)), () => _cluster.HealJournal(victim));
                break;
            case FaultKinds.FullDisk:
                _cluster.FailJournal(victim, JournalFault.Reject);
                Later(random.Between(TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(1500)), () => _cluster.HealJournal(victim));
                break;
            case FaultKinds.Pause when _cluster.Running.Contains(victim) && !StandsStill(victim):
                _standing[victim] = _cluster.Now;
                _cluster.Pause(victim);
                Later(random.Between(TimeSpan.FromMilliseconds(10), _profile.MaxPause), () => GoOn(victim));
                break;
            case FaultKinds.LostConnection:
                Later(random.Between(TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(300)), Drop(random.Below(6), victim).Dispose);
                break;
            case FaultKinds.StepDown when _cluster.Running.Contains(victim):
                Ask(_cluster.BeginStepDown(victim));
                break;
        }
    }

    private MessageDrop Drop(int what, NodeId from) => what switch
    {
        0 => _cluster.Drop<AppendEntries>(from),
        1 => _cluster.Drop<AppendEntriesReply>(from),
        2 => _cluster.Drop<RequestVote>(from),
        3 => _cluster.Drop<RequestVoteReply>(to: from),
        4 => _cluster.Drop<InstallSnapshot>(from),
        _ => _cluster.Drop<PeerMessage>(from),
    };

    private void Operate(NodeId victim, NodeId other, SimulationRandom random)
    {
        NodeId at = _cluster.Leader ?? victim;
        if (!_cluster.Running.Contains(at) || StandsStill(at))
        {
            return;
        }

        MemberKind kind = random.Pick([MemberKind.Voter, MemberKind.Voter, MemberKind.Voter, MemberKind.Learner]);
        switch (random.Below(8))
        {
            case 0 or 1:
                Ask(_cluster.BeginChangeMembership(at, new MembershipChange.Add(_cluster.AsMember(other, kind))));
                break;
            case 2:
                Ask(_cluster.BeginChangeMembership(at, new MembershipChange.Remove(other)));
                break;
            case 3:
                Ask(_cluster.BeginChangeMembership(at, new MembershipChange.ChangeKind(other, kind)));
                break;
            case 4:
                ImmutableArray<Member> some = [.. _cluster.Members.Where(_ => random.Chance(0.7)).Select(m => _cluster.AsMember(m, kind == MemberKind.Learner && m == other ? kind : MemberKind.Voter))];
                Ask(_cluster.BeginChangeMembership(at, new MembershipChange.Replace(some)));
                break;
            case 5:
                Ask(_cluster.BeginTransferLeadership(at, random.Chance(0.3) ? NodeId.None : other));
                break;
            case 6:
                Ask(_cluster.BeginTakeSnapshot(at));
                break;
            default:
                if (random.Chance(0.5))
                {
                    Ask(_cluster.BeginStop(at));
                }
                else
                {
                    Ask(_cluster.BeginTriggerElection(at));
                }

                break;
        }
    }

    private void Crash(NodeId member, bool lose)
    {
        if (_cluster.Running.Contains(member))
        {
            GoOn(member);
            _cluster.Crash(member, lose);
        }
    }

    private void GoOn(NodeId member)
    {
        if (_standing.Remove(member))
        {
            _wentOn[member] = _cluster.Now;
            _cluster.Resume(member);
        }
    }

    private void Later(TimeSpan after, Action end) => _ends.Add((_cluster.Now + after, end));

    private void Ask<T>(ClusterCall<T> call)
        where T : class => _requests.Add(() => call.IsCompleted);
}
