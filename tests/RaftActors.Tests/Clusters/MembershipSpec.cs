using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using RaftActors.Tests.Shared;
using RaftActors.Tests.Support;

namespace RaftActors.Tests.Clusters;

/// <summary>Members come and go, and the office changes hands, over real loopback remoting.</summary>
public sealed class MembershipSpec
{
    private static readonly Config Patient = ConfigurationFactory.ParseString("catch-up-timeout = 10s");

    [Fact]
    public async Task Stream_must_grow_from_three_to_five_and_shrink_again()
    {
        await using TestCluster cluster = await TestCluster.StartRemotingAsync(settings: Patient);
        TestNode leader = await cluster.Leader();
        for (int i = 0; i < 20; i++)
        {
            await leader.Write($"before-{i}");
        }

        foreach (uint id in (uint[])[4, 5])
        {
            Member member = await cluster.StartJoining(id);
            MembershipCommitted grown = await Committed(l => l.AddMemberAsync(member), cluster);
            Assert.Contains(member.Id, grown.Membership.Voters);
        }

        await cluster[new NodeId(5)].Write("from a new member");
        await cluster.Converged();
        foreach (TestNode node in cluster.Nodes)
        {
            Assert.Equal(21, node.Machine.Applied.Count);
            Assert.Equal(5, (await node.Stream.GetStatusAsync()).Membership.Voters.Length);
        }

        foreach (uint id in (uint[])[1, 2])
        {
            MembershipCommitted shrunk = await Committed(l => l.RemoveMemberAsync(new NodeId(id)), cluster);
            Assert.DoesNotContain(new NodeId(id), shrunk.Membership.Voters);
            await cluster.Stop(new NodeId(id));
        }

        await (await cluster.Leader()).Write("without the first two");
        await cluster.Converged();
        Assert.All(cluster.Nodes, n => Assert.Equal("without the first two", n.Machine.Applied.Last()));
    }

    [Fact]
    public async Task Dead_node_must_be_replaced_while_the_stream_serves()
    {
        await using TestCluster cluster = await TestCluster.StartRemotingAsync(settings: Patient);
        TestNode follower = await cluster.Follower();
        NodeId dead = follower.Stream.NodeId;
        await cluster.Stop(dead);
        Member fresh = await cluster.StartJoining(4);
        ImmutableArray<Member> wanted = [.. cluster.Members.Where(m => m.Id != dead), fresh];

        MembershipCommitted changed = await Committed(l => l.ChangeMembersAsync(wanted), cluster);

        Assert.Equal(wanted.Select(m => m.Id), changed.Membership.Members.Select(m => m.Id));
        await cluster[fresh.Id].Write("replaced");
        await cluster.Converged();
        Assert.Equal("replaced", cluster[fresh.Id].Machine.Applied.Last());
    }

    [Fact]
    public async Task Removed_leader_must_hand_over_and_do_no_harm()
    {
        await using TestCluster cluster = await TestCluster.StartRemotingAsync(settings: Patient, brief: true);
        TestNode old = await cluster.Leader();
        NodeId removed = old.Stream.NodeId;

        await Committed(l => l.RemoveMemberAsync(removed), cluster);

        StreamStatus after = await old.Until(s => s.Role == Role.Follower);
        Assert.DoesNotContain(removed, after.Membership.Voters);
        TestNode[] rest = [.. cluster.Nodes.Where(n => n != old)];
        await rest[0].Until(s => !s.Leader.IsNone && s.Leader != removed);
        await rest[0].Write("after the handover");

        // Longer than its longest election timeout: it asks nobody for a vote.
        await Task.Delay(2500);
        StreamStatus later = await old.Stream.GetStatusAsync();
        Assert.Equal((Role.Follower, after.Term), (later.Role, later.Term));
        Assert.All(await Task.WhenAll(rest.Select(n => n.Until(s => !s.Leader.IsNone))), s => Assert.NotEqual(removed, s.Leader));
    }

    [Fact]
    public async Task New_member_that_is_not_there_must_be_taken_out_again()
    {
        await using TestCluster cluster = await TestCluster.StartRemotingAsync(settings: ConfigurationFactory.ParseString("catch-up-timeout = 1s"));
        TestNode leader = await cluster.Leader();
        Member ghost = new(new NodeId(9), MemberKind.Voter, $"127.0.0.1:{FreePort.Next()}");

        MembershipNotChanged refused = Assert.IsType<MembershipNotChanged>(await leader.Stream.AddMemberAsync(ghost));

        Assert.Equal(ChangeRefusal.DidNotCatchUp, refused.Refusal);
        StreamStatus status = await leader.Until(s => s.Membership.Members.Length == 3);
        Assert.Null(status.Membership.Find(ghost.Id));
        await leader.Write("still serving");
    }

    [Fact]
    public async Task Follower_must_name_the_leader_that_can_change_the_membership()
    {
        await using TestCluster cluster = await TestCluster.StartRemotingAsync();
        TestNode follower = await cluster.Follower();
        TestNode leader = await cluster.Leader();

        MembershipNotChanged refused = Assert.IsType<MembershipNotChanged>(await follower.Stream.RemoveMemberAsync(new NodeId(1)));

        Assert.Equal((ChangeRefusal.NotLeader, leader.Stream.NodeId), (refused.Refusal, refused.Leader));
        Assert.Equal(cluster.Members.Single(m => m.Id == refused.Leader).Address, refused.LeaderAddress);
    }

    [Fact]
    public async Task Office_must_change_hands_under_load_without_losing_an_acknowledged_write()
    {
        await using TestCluster cluster = await TestCluster.StartRemotingAsync();
        TestNode leader = await cluster.Leader();
        using CancellationTokenSource stop = new();
        System.Collections.Concurrent.ConcurrentQueue<string> acknowledged = new();
        int failed = 0;
        Task load = Task.Run(async () =>
        {
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                TestNode at = cluster.Nodes.ElementAt(i % 3);
                ProposalAnswer answer = await at.Propose($"w-{i}");
                if (answer is ProposalCommitted)
                {
                    acknowledged.Enqueue($"w-{i}");
                }
                else
                {
                    failed++;
                }
            }
        });

        for (int round = 0; round < 4; round++)
        {
            leader = await cluster.Leader();
            NodeId target = cluster.Nodes.First(n => n != leader).Stream.NodeId;
            TransferAnswer answer = await leader.Stream.TransferLeadershipAsync(round == 3 ? NodeId.None : target, TimeSpan.FromSeconds(30));
            LeadershipTransferred done = Assert.IsType<LeadershipTransferred>(answer);
            Assert.True(round == 3 || done.Leader == target, $"{done}, wanted {target}");
        }

        DateTime end = DateTime.UtcNow + TimeSpan.FromSeconds(60);
        while (acknowledged.Count < 50 && DateTime.UtcNow < end)
        {
            await Task.Delay(10);
        }

        await stop.CancelAsync();
        await load;
        await cluster.Converged();
        Assert.True(acknowledged.Count >= 50, $"{acknowledged.Count} acknowledged, {failed} not");
        Assert.All(cluster.Nodes, n => Assert.Subset(n.Machine.Applied.ToHashSet(), acknowledged.ToHashSet()));
        Assert.All(cluster.Nodes, n => Assert.Equal(n.Machine.Applied.Count, n.Machine.Applied.Distinct().Count()));
    }

    [Fact]
    public async Task Membership_must_survive_a_restart_and_overrule_the_definition()
    {
        await using TestCluster cluster = await TestCluster.StartRemotingAsync(settings: Patient, brief: true);
        TestNode leader = await cluster.Leader();
        NodeId removed = cluster.Nodes.First(n => n != leader).Stream.NodeId;
        NodeId other = cluster.Nodes.First(n => n != leader && n.Stream.NodeId != removed).Stream.NodeId;
        await Committed(l => l.RemoveMemberAsync(removed), cluster);
        await cluster.Stop(removed);
        await cluster.Stop(other);

        TestNode back = await cluster.Start(other);

        StreamStatus status = await back.Until(s => !s.Leader.IsNone);
        Assert.Equal(2, status.Membership.Voters.Length);
        await back.Write("two are a stream");
    }

    private static async Task<MembershipCommitted> Committed(Func<RaftStream, Task<MembershipAnswer>> change, TestCluster cluster)
    {
        DateTime end = DateTime.UtcNow + TimeSpan.FromSeconds(60);
        while (true)
        {
            MembershipAnswer answer = await change((await cluster.Leader()).Stream);
            bool mayBeRepeated = answer is MembershipNotChanged { Refusal: ChangeRefusal.NotLeader or ChangeRefusal.NotReady or ChangeRefusal.Busy } or MembershipOutcomeUnknown;
            if (!mayBeRepeated || DateTime.UtcNow > end)
            {
                return Assert.IsType<MembershipCommitted>(answer);
            }
        }
    }
}
