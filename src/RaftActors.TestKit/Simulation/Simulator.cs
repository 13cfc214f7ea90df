using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>Runs schedules: a time of faults, in which nothing may go wrong, then a time of peace, in which everything must go right.</summary>
public static class Simulator
{
    private static readonly TimeSpan PeacefulTime = TimeSpan.FromSeconds(6);

    /// <summary>The longest for an entry of a log that a member is brought after the faults.</summary>
    private static readonly TimeSpan CatchUpPerEntry = TimeSpan.FromMilliseconds(3);

    /// <summary>Runs a schedule to its end or to the first broken invariant.</summary>
    /// <param name="schedule">What to run.</param>
    /// <param name="trace">Records what happens, when given.</param>
    /// <returns>The cluster as it was in the end, and what went wrong.</returns>
    public static SimulationResult Run(SimulationSchedule schedule, SimulationTrace? trace = null)
    {
        CoreCluster cluster = new(schedule.Profile, schedule.Seed, trace: trace);
        RandomClients clients = new(cluster, schedule);
        RandomSessions sessions = new(cluster, schedule);
        RandomFaults faults = new(cluster, schedule);
        RandomLosses losses = new(cluster, schedule);
        RandomDisasters disasters = new(cluster, schedule);
        RandomFlow flow = new(cluster, schedule);
        RandomRot rot = new(cluster, schedule);
        SimulationFailure? failure = null;
        try
        {
            cluster.StartAll();
            clients.Begin();
            sessions.Begin();
            faults.Begin();
            disasters.Begin();
            losses.Begin();
            flow.Begin();
            rot.Begin();
            cluster.RunFor(schedule.HostileTime);

            faults.Stop();
            losses.Stop();
            flow.Stop();
            cluster.HealEverything();
            cluster.RunFor(PeacefulTime / 4);
            clients.Stop();
            sessions.Stop();
            if (!cluster.RunUntil(() => rot.IsHealed, PeacefulTime))
            {
                throw NotLive(cluster, $"members whose disks rotted are not back: {Describe(cluster)}");
            }

            if (!cluster.RunUntil(losses.IsRepaired, PeacefulTime))
            {
                throw NotLive(cluster, $"a member that lost its journal cannot be removed: {Describe(cluster)}");
            }

            RestoreMembership(cluster);
            CheckLiveness(cluster);
            cluster.End();
        }
        catch (InvariantBrokenException broken)
        {
            failure = new SimulationFailure(broken.Invariant.Length > 0 ? broken.Invariant : "Simulation", broken.Message, cluster.Time.Now, broken);
        }
        catch (Exception thrown)
        {
            // The core's own assertions, or a plain defect: no member may throw, whatever its world does to it.
            failure = new SimulationFailure(thrown.GetType().Name, thrown.Message, cluster.Time.Now, thrown);
        }

        if (failure is not null)
        {
            trace?.Add(TraceKind.Violation, cluster.Acting?.Id ?? NodeId.None, NodeId.None, $"{failure.Invariant}: {failure.Message}");
        }

        return new SimulationResult(schedule, cluster, faults.Count, clients.Count, failure) { Rotten = rot.Count };
    }

    private static void CheckLiveness(CoreCluster cluster)
    {
        if (!cluster.RunUntil(() => HasSettled(cluster) || ReplacesFenced(cluster), PeacefulTime))
        {
            throw NotLive(cluster, $"the healed cluster does not settle: {Describe(cluster)}");
        }

        ClientWrite write = cluster.Write(cluster.Leader!);
        ClientRead[] reads = [.. cluster.Participants.Select(cluster.Read)];

        // A leader that waits for others to keep pace may refuse at first, while it has not heard yet that they have caught up.
        TimeSpan patience = cluster.Time.Now + PeacefulTime;
        while (cluster.RunUntil(() => write.State == WriteState.Refused, SimulationProfile.HeartbeatInterval)
            && write.Refusal == ProposalRefusal.Overloaded && cluster.Leader is { } leader && cluster.Time.Now < patience)
        {
            cluster.RunFor(SimulationProfile.HeartbeatInterval);
            write = cluster.Write(leader);
        }

        bool works = cluster.RunUntil(() => HasSettled(cluster) && write.State == WriteState.Acknowledged && reads.All(r => r.IsAnswered), PeacefulTime);
        if (!works || reads.Any(r => r.Index is null))
        {
            throw NotLive(cluster, $"the healed cluster does not serve (write {write.State}, reads {string.Join(',', reads.Select(r => r.Index))})");
        }
    }

    /// <summary>Whatever the operators have done, the stream can be brought back to the members that it began with.</summary>
    private static void RestoreMembership(CoreCluster cluster)
    {
        MembershipChange all = new MembershipChange.Replace(cluster.InitialMembership.Members) { Quorum = cluster.InitialMembership.Quorum };

        // A member that begins with nothing is brought the whole log, piece by piece: some worlds allow small pieces only.
        TimeSpan end = cluster.Time.Now + PeacefulTime + (CatchUpPerEntry * (int)cluster.Participants.Select(m => m.Core?.LastEntry.Index.Value ?? 0).DefaultIfEmpty().Max());
        while (cluster.Time.Now < end)
        {
            cluster.ReplaceFenced();
            if (!cluster.RunUntil(() => cluster.Leader is { Core: { IsReady: true, IsChangingMembership: false } }, end - cluster.Time.Now))
            {
                break;
            }

            // A newcomer's disk may have been replaced because it did not seem to belong to the stream yet: then it has to be taken out and in again, as its status says.
            NodeId lost = cluster.Leader!.Core!.Peers.FirstOrDefault(p => p.State == PeerState.AnotherIncarnation).Id;
            OperatorRequest request = cluster.Change(cluster.Leader!, lost.IsNone ? all : new MembershipChange.Remove(lost));
            cluster.RunUntil(() => request.IsAnswered, end - cluster.Time.Now);
            if (lost.IsNone && request.Answer is Effect.ChangeAccepted)
            {
                return;
            }

            cluster.RunFor(SimulationProfile.HeartbeatInterval);
        }

        throw NotLive(cluster, $"the members of the beginning cannot be restored: {Describe(cluster)}");
    }

    /// <summary>Who was left out and has heard of it only now comes back like the others.</summary>
    private static bool ReplacesFenced(CoreCluster cluster)
    {
        cluster.ReplaceFenced();
        return false;
    }

    private static string Describe(CoreCluster cluster) => string.Join("; ", cluster.Members.Select(m => m.Core is { } core
        ? $"{m.Id} {core.Role} term {core.Term} commit {core.CommitIndex} last {core.LastEntry} applied {m.Applied.Count} members {Ids(core.Membership.Members)}/{Ids(core.Membership.Outgoing)}@{core.MembershipIndex}"
        : $"{m.Id} is down"));

    private static string Ids(IEnumerable<Member> members) => string.Join(',', members.Select(m => m.Id));

    private static bool IsMostWanted(RaftCore leader) =>
        leader.Membership.Find(leader.Options.Self)?.Priority == leader.Membership.Members.Where(m => m.Kind == MemberKind.Voter).Max(m => m.Priority);

    private static InvariantBrokenException NotLive(CoreCluster cluster, string what)
    {
        cluster.NobodyActs();
        return new InvariantBrokenException(what) { Invariant = "Liveness" };
    }

    private static bool HasSettled(CoreCluster cluster) =>
        cluster.Leader is { Core: { IsReady: true } leader }
        && leader.CommitIndex == leader.LastEntry.Index
        && !leader.IsChangingMembership
        && leader.TransferTarget.IsNone
        && IsMostWanted(leader)
        && cluster.Members.All(m => m.IsUp && m.Waiting == 0 && m.Journal.IsIdle)
        && cluster.Participants.All(m => m.Core!.Term == leader.Term && m.Applied.Count == leader.CommitIndex.Value);
}
