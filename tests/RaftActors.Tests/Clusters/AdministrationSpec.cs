using Akka.Configuration;
using RaftActors.Tests.Support;

namespace RaftActors.Tests.Clusters;

/// <summary>Operators over remoting: what they may ask, and that they can be kept out.</summary>
public sealed class AdministrationSpec
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Request_to_any_node_must_reach_the_leader()
    {
        await using TestCluster cluster = await TestCluster.StartRemotingAsync();
        TestNode follower = await cluster.Follower();
        string address = cluster.Members.Single(m => m.Id == follower.Stream.NodeId).Address;
        RaftAdmin admin = new(follower.System);

        string demoted = await admin.ChangeMemberAsync(address, "tests", cluster.Stream, follower.Stream.NodeId, MemberKind.Learner, 3, Wait);
        Assert.Contains("\"outcome\":\"done\"", demoted, StringComparison.Ordinal);
        Member member = (await follower.Until(s => s.Membership.Learners.Length == 1)).Membership.Find(follower.Stream.NodeId)!;
        Assert.Equal((MemberKind.Learner, 3), (member.Kind, member.Priority));

        string refused = await admin.TransferLeadershipAsync(address, "tests", cluster.Stream, follower.Stream.NodeId, Wait);
        Assert.Contains("\"refusal\":\"NoTarget\"", refused, StringComparison.Ordinal);
        string removed = await admin.RemoveMemberAsync(address, "tests", cluster.Stream, follower.Stream.NodeId, Wait);
        Assert.Contains("\"outcome\":\"done\"", removed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_only_mode_must_be_of_the_node_that_is_asked()
    {
        await using TestCluster cluster = await TestCluster.StartRemotingAsync();
        TestNode leader = await cluster.Leader();
        TestNode follower = cluster.Nodes.First(n => n != leader);
        RaftAdmin admin = new(follower.System);
        string AddressOf(TestNode node) => cluster.Members.Single(m => m.Id == node.Stream.NodeId).Address;

        Assert.Equal("{\"outcome\":\"done\"}", await admin.EnterReadOnlyModeAsync(AddressOf(follower), "tests", cluster.Stream, Wait));
        Assert.Equal((true, false), ((await follower.Stream.GetStatusAsync()).IsReadOnly, (await leader.Stream.GetStatusAsync()).IsReadOnly));
        Assert.IsType<ProposalCommitted>(await follower.Propose("one"));

        await admin.EnterReadOnlyModeAsync(AddressOf(leader), "tests", cluster.Stream, Wait);
        Assert.Equal(RefusalCode.ReadOnly, Assert.IsType<ProposalRefused>(await follower.Propose("two")).Code);
        await admin.LeaveReadOnlyModeAsync(AddressOf(leader), "tests", cluster.Stream, Wait);
        Assert.IsType<ProposalCommitted>(await follower.Propose("three"));
    }

    [Fact]
    public async Task Node_must_refuse_operators_when_told_to_but_tell_its_status()
    {
        await using TestCluster cluster = await TestCluster.StartRemotingAsync(ConfigurationFactory.ParseString("raft-actors.administration.enabled = off"));
        TestNode leader = await cluster.Leader();
        string address = cluster.Members.Single(m => m.Id == leader.Stream.NodeId).Address;
        RaftAdmin admin = new(cluster.Nodes.First(n => n != leader).System);

        NodeUnreachableException refused = await Assert.ThrowsAsync<NodeUnreachableException>(() => admin.StepDownAsync(address, "tests", cluster.Stream, Wait));

        Assert.Contains("raft-actors.administration.enabled", refused.Message, StringComparison.Ordinal);
        Assert.Single(await admin.GetStatusAsync(address, "tests", Wait));
        Assert.Equal(Role.Leader, (await leader.Stream.GetStatusAsync()).Role);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("member-add 1")]
    [InlineData("member-add {0} 4 king 127.0.0.1:1 0 1000")]
    [InlineData("member-remove {0} 0 1000")]
    [InlineData("transfer {0} 1 -5")]
    [InlineData("transfer 999999 1 5")]
    [InlineData("read-only {0} perhaps")]
    public async Task Request_that_makes_no_sense_must_be_refused(string verb)
    {
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync();
        TestNode leader = await cluster.Leader();
        string request = string.Format(System.Globalization.CultureInfo.InvariantCulture, verb, cluster.Stream);

        Administration.AdminReply reply = await Akka.Actor.Futures.Ask<Administration.AdminReply>(
            RaftStreams.Get(leader.System).Supervisor, new Administration.AdminRequest(request), Wait);

        Assert.False(reply.Accepted);
    }
}
