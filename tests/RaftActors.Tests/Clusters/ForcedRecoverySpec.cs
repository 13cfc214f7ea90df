using Akka.Actor;
using Akka.Configuration;
using RaftActors.Tests.Support;

namespace RaftActors.Tests.Clusters;

/// <summary>A majority is gone, over real loopback remoting: the survivor goes on, and those left out are fenced; and quorums that are no majorities.</summary>
public sealed class ForcedRecoverySpec
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Survivor_must_go_on_alone_and_the_old_members_be_fenced_for_good()
    {
        await using TestCluster cluster = await TestCluster.StartRemotingAsync(brief: true);
        TestNode survivor = await cluster.Follower();
        NodeId id = survivor.Stream.NodeId;
        await survivor.Write("acknowledged");
        await cluster.Converged();
        NodeId[] gone = [.. cluster.Members.Select(m => m.Id).Where(m => m != id)];
        foreach (NodeId member in gone)
        {
            await cluster.Stop(member);
        }

        await survivor.Until(s => s.Leader.IsNone);
        using ActorSystem outside = ActorSystem.Create($"admin-{cluster.Stream}", TestConfig.Remoting(0));
        RaftAdmin admin = new(outside);
        Dictionary<NodeId, string> survivors = new() { [id] = cluster.Members.Single(m => m.Id == id).Address };
        RecoveryPlan plan = await admin.PlanRecoveryAsync(survivors, survivor.System.Name, cluster.Stream, Patience);
        Assert.Equal(id, plan.Furthest);
        Assert.Equal(gone.Order(), plan.Excluded);

        using ForcedEvents events = new(survivor.System);
        string answer = await admin.ForceRecoveryAsync(survivors, survivor.System.Name, cluster.Stream, Patience);
        Assert.Contains("\"outcome\":\"done\"", answer, StringComparison.Ordinal);
        Assert.Contains("\"generation\":1", answer, StringComparison.Ordinal);
        StreamStatus status = await survivor.Until(s => s.Role == Role.Leader && s.IsReady);
        Assert.Equal((1u, id), (status.Generation.Number, status.Generation.Origin));
        await survivor.Write("alone");
        Assert.Equal(["acknowledged", "alone"], survivor.Machine.Applied);
        Assert.Equal(status.Generation, (await events.First).Generation);

        // The old members come back with their old disks, and are a majority of the old membership.
        foreach (NodeId member in gone)
        {
            TestNode back = await cluster.Start(member);
            StreamStatus fenced = await back.Until(s => s.Health == StreamHealth.Failed);
            Assert.Contains("fenced", fenced.FailureReason, StringComparison.Ordinal);
            await cluster.Stop(member);
        }

        // A restart does not help: it is in the journal.
        await Assert.ThrowsAnyAsync<Exception>(() => cluster.Start(gone[0]));
        await survivor.Write("still");
        Assert.Equal(1u, (await survivor.Stream.GetStatusAsync()).Generation.Number);
    }

    [Fact]
    public async Task Nothing_must_be_forced_on_a_stream_that_works()
    {
        await using TestCluster cluster = await TestCluster.StartRemotingAsync();
        TestNode follower = await cluster.Follower();
        RecoveryNotForced refused = Assert.IsType<RecoveryNotForced>(await follower.Stream.ForceRecoveryAsync([follower.Stream.NodeId]));
        Assert.Contains("nothing has to be forced", refused.Reason, StringComparison.Ordinal);
        Assert.Equal(0u, (await follower.Stream.GetStatusAsync()).Generation.Number);
    }

    [Fact]
    public async Task Two_survivors_must_both_vote_again_and_a_restart_must_keep_the_generation()
    {
        await using TestCluster cluster = await TestCluster.StartRemotingAsync(brief: true);
        TestNode leader = await cluster.Leader();
        await leader.Write("one");
        await cluster.Converged();
        NodeId dead = leader.Stream.NodeId;
        TestNode[] rest = [.. cluster.Nodes.Where(n => n != leader)];
        await cluster.Stop(dead);

        // Two of three still have a majority: take it from them by asking for three.
        TestNode next = await cluster.Leader();
        Assert.IsType<MembershipCommitted>(await next.Stream.ChangeQuorumAsync(new QuorumRule { Election = 3 }));
        await next.Stream.StepDownAsync();
        foreach (TestNode node in rest)
        {
            await node.Until(s => s.Leader.IsNone);
        }

        StreamStatus[] all = await Task.WhenAll(rest.Select(n => n.Stream.GetStatusAsync()));
        int furthest = all[0].LastEntry.IsAtLeastAsUpToDateAs(all[1].LastEntry) ? 0 : 1;
        SurvivorReport other = new(all[1 - furthest].Node, all[1 - furthest].LastEntry, new EntryId(all[1 - furthest].CommitTerm, all[1 - furthest].CommitIndex));
        Assert.IsType<RecoveryForcedHere>(await rest[furthest].Stream.ForceRecoveryAsync(rest.Select(n => n.Stream.NodeId), [other]));
        StreamStatus whole = await rest[furthest].Until(s => s.Role == Role.Leader && s.IsReady && s.Membership.Voters.Length == 2 && !s.Membership.IsJoint);
        Assert.Equal([dead], whole.Membership.Recovery!.Excluded.Select(m => m.Id));
        await rest[0].Write("two");
        await cluster.Converged();

        NodeId restarted = rest[1 - furthest].Stream.NodeId;
        await cluster.Stop(restarted);
        TestNode back = await cluster.Start(restarted);
        StreamStatus status = await back.Until(s => !s.Leader.IsNone);
        Assert.Equal((1u, 2), (status.Generation.Number, status.Membership.Voters.Length));
        await back.Write("three");
        await cluster.Converged();
    }

    [Fact]
    public async Task Rule_of_decision_must_be_changed_checked_and_shown()
    {
        await using TestCluster cluster = await TestCluster.StartRemotingAsync();
        TestNode leader = await cluster.Leader();
        MembershipNotChanged refused = Assert.IsType<MembershipNotChanged>(await leader.Stream.ChangeQuorumAsync(new QuorumRule { Commit = 1 }));
        Assert.Equal(ChangeRefusal.Invalid, refused.Refusal);
        Assert.Contains("above 3", refused.Reason, StringComparison.Ordinal);

        Assert.IsType<MembershipCommitted>(await leader.Stream.ChangeMembershipAsync(new MembershipChange.ChangeKind(leader.Stream.NodeId, MemberKind.Voter, Group: 1)));
        MembershipCommitted changed = Assert.IsType<MembershipCommitted>(await leader.Stream.ChangeQuorumAsync(new QuorumRule { Commit = 1, Election = 3, RequiredGroups = [1] }));
        Assert.Equal(1, changed.Membership.Quorum.Commit);
        await leader.Write("one disk is enough");
        string json = StreamStatusJson.Write(await leader.Stream.GetStatusAsync());
        Assert.Contains("\"commit_quorum\":1,\"election_quorum\":3,\"required_groups\":[1]", json, StringComparison.Ordinal);
    }

    private sealed class ForcedEvents : IDisposable
    {
        private readonly TaskCompletionSource<StreamRecoveryForced> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ActorSystem _system;
        private readonly IActorRef _listener;

        public ForcedEvents(ActorSystem system)
        {
            _system = system;
            _listener = system.ActorOf(Props.Create(() => new Listener(_first)));
            system.EventStream.Subscribe(_listener, typeof(StreamRecoveryForced));
        }

        public Task<StreamRecoveryForced> First => _first.Task.WaitAsync(Patience);

        public void Dispose() => _system.Stop(_listener);

        private sealed class Listener(TaskCompletionSource<StreamRecoveryForced> first) : UntypedActor
        {
            protected override void OnReceive(object message) => first.TrySetResult((StreamRecoveryForced)message);
        }
    }
}
