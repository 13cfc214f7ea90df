namespace RaftActors.TestKit.Simulation;

/// <summary>What has to come about when all faults are over: damaged members are replaced, the members of the beginning are restored, everybody serves and has the same state.</summary>
internal static class ActorRecovery
{
    private static readonly TimeSpan Pause = SimulationProfile.HeartbeatInterval;

    public static void Run(LocalCluster cluster, ActorSchedule schedule, ActorClients clients, ActorFaults faults, TimeSpan limit)
    {
        foreach (NodeId rotten in faults.Rotten)
        {
            Replace(cluster, rotten, schedule.Profile, limit);
        }

        RestoreMembership(cluster, schedule, limit);
        WaitUntil(cluster, clients, faults, () => !clients.AnyWaits && !faults.AnyWaits, limit, "an answer for every client");
        foreach (Member member in schedule.Profile.Membership().Members.Where(m => m.Kind != MemberKind.LogOnly))
        {
            Serve(cluster, member.Id, limit);
        }

        cluster.AssertAllAppliedEqual(limit);
        cluster.AssertNoAcknowledgedWriteLost(limit);
        if (cluster.ForeignWork > 0)
        {
            throw NotLive($"{cluster.ForeignWork} turns were asked for by threads outside the loop: the run cannot be repeated");
        }
    }

    /// <summary>A member whose journal is damaged does not start. The operator removes it, gives it an empty disk and adds it again.</summary>
    private static void Replace(LocalCluster cluster, NodeId rotten, SimulationProfile profile, TimeSpan limit)
    {
        cluster.TryRunUntil(() => cluster.HasFailed(rotten), limit);
        if (cluster.WhyFailed(rotten) is not { } reason)
        {
            throw NotLive($"member {rotten} has started, although its journal is damaged");
        }

        if (!reason.Contains("damaged", StringComparison.Ordinal) && !reason.Contains("contradicts itself", StringComparison.Ordinal))
        {
            throw NotLive($"member {rotten} does not say that its journal is damaged: {reason}");
        }

        Member wanted = profile.Membership().Find(rotten)!;
        Change(cluster, new MembershipChange.Remove(rotten), m => m.Find(rotten) is null, limit);
        cluster.Wipe(rotten);
        cluster.Restart(rotten);
        Change(cluster, new MembershipChange.Add(cluster.AsMember(rotten, wanted.Kind)), m => m.Find(rotten)?.Kind == wanted.Kind, limit);
    }

    private static void RestoreMembership(LocalCluster cluster, ActorSchedule schedule, TimeSpan limit)
    {
        StreamMembership wanted = schedule.Profile.Membership();
        Change(
            cluster,
            new MembershipChange.Replace([.. wanted.Members.Select(m => cluster.AsMember(m.Id, m.Kind) with { Priority = m.Priority })]),
            m => m.Members.Select(x => (x.Id, x.Kind)).Order().SequenceEqual(wanted.Members.Select(x => (x.Id, x.Kind)).Order()),
            limit);
    }

    private static void Change(LocalCluster cluster, MembershipChange change, Func<StreamMembership, bool> isDone, TimeSpan limit)
    {
        TimeSpan end = cluster.Now + limit;
        string last = "nobody leads";
        while (cluster.Now < end)
        {
            if (cluster.Leader is { } leader)
            {
                MembershipAnswer answer = cluster.Wait(cluster.BeginChangeMembership(leader, change));
                last = answer.ToString();
                if (answer is MembershipCommitted || (cluster.Leader is { } now && cluster.Status(now) is { Membership: { IsJoint: false } membership } && isDone(membership)))
                {
                    return;
                }
            }

            cluster.Advance(Pause);
        }

        throw NotLive($"{change} did not come about: {last}");
    }

    /// <summary>Every member takes writes and reads again.</summary>
    private static void Serve(LocalCluster cluster, NodeId member, TimeSpan limit)
    {
        TimeSpan end = cluster.Now + limit;
        ProposalAnswer write = cluster.Propose(member, SimulatedStore.Set("end", $"m{member}"));
        ReadAnswer read = cluster.Query(member, SimulatedStore.Get("end"));
        while (write is not ProposalCommitted || read is not ReadCompleted)
        {
            if (cluster.Now > end)
            {
                throw NotLive($"member {member} does not serve: {write}, {read}");
            }

            cluster.Advance(Pause);
            write = cluster.Propose(member, SimulatedStore.Set("end", $"m{member}"));
            read = cluster.Query(member, SimulatedStore.Get("end"));
        }
    }

    private static void WaitUntil(LocalCluster cluster, ActorClients clients, ActorFaults faults, Func<bool> condition, TimeSpan limit, string what)
    {
        TimeSpan end = cluster.Now + limit;
        while (!condition())
        {
            if (cluster.Now >= end)
            {
                throw NotLive($"{what} did not come");
            }

            ActorSimulator.RunUntil(cluster.Now + Pause, cluster, clients, faults);
        }
    }

    private static InvariantBrokenException NotLive(string what) => new(what) { Invariant = "Liveness" };
}
