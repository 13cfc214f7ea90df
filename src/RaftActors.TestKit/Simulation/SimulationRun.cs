using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>One seed: a time of faults, in which nothing may go wrong, then a time of peace, in which everything must go right.</summary>
internal sealed class SimulationRun
{
    private static readonly TimeSpan HostileTime = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan PeacefulTime = TimeSpan.FromSeconds(6);

    private SimulationRun(CoreCluster cluster) => Cluster = cluster;

    public CoreCluster Cluster { get; }

    public static SimulationRun Execute(ulong seed, Action<string>? trace = null)
    {
        SimulationProfile profile = SimulationProfile.Hostile(new SimulationRandom(~seed));
        trace?.Invoke($"seed {seed}: {profile}");
        CoreCluster cluster = new(profile, seed, trace: trace);
        RandomClients clients = new(cluster);
        RandomFaults faults = new(cluster);
        cluster.StartAll();
        clients.Begin();
        faults.Begin();
        cluster.RunFor(HostileTime);

        faults.Stop();
        cluster.HealEverything();
        cluster.RunFor(PeacefulTime / 4);
        clients.Stop();
        RestoreMembership(cluster);
        if (!cluster.RunUntil(() => HasSettled(cluster), PeacefulTime))
        {
            throw new InvariantBrokenException($"liveness: the healed cluster does not settle: {Describe(cluster)}");
        }

        ProveThatItWorks(cluster);
        cluster.End();
        return new SimulationRun(cluster);
    }

    /// <summary>Whatever the operators have done, the stream can be brought back to the members that it began with.</summary>
    private static void RestoreMembership(CoreCluster cluster)
    {
        MembershipChange all = new MembershipChange.Replace(cluster.InitialMembership.Members);
        TimeSpan end = cluster.Time.Now + PeacefulTime;
        while (cluster.Time.Now < end)
        {
            if (!cluster.RunUntil(() => cluster.Leader is { Core: { IsReady: true, IsChangingMembership: false } }, end - cluster.Time.Now))
            {
                break;
            }

            OperatorRequest request = cluster.Change(cluster.Leader!, all);
            cluster.RunUntil(() => request.IsAnswered, end - cluster.Time.Now);
            if (request.Answer is Effect.ChangeAccepted)
            {
                return;
            }

            cluster.RunFor(SimulationProfile.HeartbeatInterval);
        }

        throw new InvariantBrokenException($"liveness: the members of the beginning cannot be restored: {Describe(cluster)}");
    }

    private static string Describe(CoreCluster cluster) =>
        string.Join("; ", cluster.Members.Select(m => $"{m.Id} {m.Core!.Role} term {m.Core.Term} commit {m.Core.CommitIndex} last {m.Core.LastEntry} applied {m.Applied.Count} members {string.Join(',', m.Core.Membership.Members.Select(x => x.Id))}/{string.Join(',', m.Core.Membership.Outgoing.Select(x => x.Id))}@{m.Core.MembershipIndex}"));

    private static void ProveThatItWorks(CoreCluster cluster)
    {
        ClientWrite write = cluster.Write(cluster.Leader!);
        ClientRead[] reads = [.. cluster.Participants.Select(cluster.Read)];
        bool works = cluster.RunUntil(() => HasSettled(cluster) && write.State == WriteState.Acknowledged && reads.All(r => r.IsAnswered), PeacefulTime);
        if (!works || reads.Any(r => r.Index is null))
        {
            throw new InvariantBrokenException($"liveness: the healed cluster does not serve (write {write.State}, reads {string.Join(',', reads.Select(r => r.Index))})");
        }
    }

    private static bool IsMostWanted(RaftCore leader) =>
        leader.Membership.Find(leader.Options.Self)?.Priority == leader.Membership.Members.Where(m => m.Kind == MemberKind.Voter).Max(m => m.Priority);

    private static bool HasSettled(CoreCluster cluster) =>
        cluster.Leader is { Core: { IsReady: true } leader }
        && leader.CommitIndex == leader.LastEntry.Index
        && !leader.IsChangingMembership
        && leader.TransferTarget.IsNone
        && IsMostWanted(leader)
        && cluster.Members.All(m => m.Waiting == 0 && m.Journal.IsIdle)
        && cluster.Participants.All(m => m.Core!.Term == leader.Term && m.Applied.Count == leader.CommitIndex.Value);
}
