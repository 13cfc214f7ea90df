using System.Text;
using RaftActors.Protocol;

namespace RaftActors.TestKit.Tests.Local;

public sealed class LocalClusterOperatorsSpec
{
    [Fact]
    public void A_new_node_must_become_a_member_and_catch_up_and_an_old_one_must_leave()
    {
        using LocalCluster cluster = New(41);
        NodeId leader = cluster.WaitForLeader();
        cluster.Propose(leader, "before");
        NodeId added = cluster.StartNode();
        Assert.Equal(new NodeId(4), added);
        MembershipCommitted answer = Committed(cluster, cluster.AddMember(added));
        Assert.Contains(added, answer.Membership.Voters);
        Assert.IsType<MembershipCommitted>(cluster.RemoveMember(leader));
        NodeId next = cluster.WaitForLeader();
        Assert.NotEqual(leader, next);
        Assert.IsType<ProposalCommitted>(cluster.Propose(added, "after"));
        cluster.AssertAllAppliedEqual();
        cluster.AssertNoAcknowledgedWriteLost();
        Assert.Equal(["before", "after"], cluster.StateMachine<ListStateMachine>(added).Items);
        Assert.Equal(0, cluster.ForeignWork);
    }

    [Fact]
    public void A_wiped_member_must_come_back_by_being_removed_and_added()
    {
        using LocalCluster cluster = New(42);
        NodeId leader = cluster.WaitForLeader();
        cluster.Propose(leader, "one");
        NodeId lost = cluster.Members.First(m => m != leader);
        cluster.Crash(lost);
        Assert.IsType<MembershipCommitted>(cluster.RemoveMember(lost));
        cluster.Wipe(lost);
        cluster.Restart(lost);
        Committed(cluster, cluster.AddMember(lost));
        cluster.AssertAllAppliedEqual();
        Assert.Equal(["one"], cluster.StateMachine<ListStateMachine>(lost).Items);
    }

    [Fact]
    public void A_change_that_comes_before_a_new_leader_is_ready_must_wait_until_it_is()
    {
        using LocalCluster cluster = New(44);
        ClusterCall<MembershipAnswer> change;
        using (cluster.Drop<AppendEntriesReply>())
        {
            NodeId leader = NodeId.None;
            while (leader.IsNone)
            {
                cluster.Advance(TimeSpan.FromMilliseconds(10));
                leader = cluster.Members.FirstOrDefault(m => cluster.Status(m).Role == Role.Leader);
            }

            Assert.False(cluster.Status(leader).IsReady);
            change = cluster.BeginChangeMembership(leader, new MembershipChange.ChangeKind(cluster.Members.First(m => m != leader), MemberKind.Learner));
            cluster.Advance(TimeSpan.FromMilliseconds(300));
            Assert.False(change.IsCompleted);
        }

        cluster.RunUntil(() => change.IsCompleted);
        Assert.IsType<MembershipCommitted>(change.Answer);
    }

    [Fact]
    public void Members_must_be_what_the_options_say_and_change_when_asked()
    {
        using LocalCluster cluster = new(new LocalClusterOptions
        {
            Seed = 43,
            Members = 5,
            StateMachine = _ => new ListStateMachine(),
            Kind = id => id.Value switch { 4 => MemberKind.Learner, 5 => MemberKind.LogOnly, _ => MemberKind.Voter },
            Priority = id => id.Value == 2 ? 1 : 0,
        });
        NodeId leader = cluster.WaitForLeader();
        Assert.IsType<ProposalCommitted>(cluster.Propose(leader, "one"));
        cluster.AssertAllAppliedEqual();
        cluster.AssertNoAcknowledgedWriteLost();
        Assert.Equal(["one"], cluster.StateMachine<ListStateMachine>(new NodeId(4)).Items);
        MembershipCommitted promoted = Assert.IsType<MembershipCommitted>(cluster.ChangeMember(new NodeId(4), MemberKind.Voter));
        Assert.Contains(new NodeId(4), promoted.Membership.Voters);
        cluster.RunUntil(() => cluster.Leader == new NodeId(2), what: "the office in the hands of the member with the highest priority");
        Assert.IsType<MembershipCommitted>(cluster.ReplaceMembers([new NodeId(1), new NodeId(2), new NodeId(4)]));
        Assert.IsType<ProposalCommitted>(cluster.Propose(cluster.WaitForLeader(), "two"));
        cluster.AssertAllAppliedEqual();
        Assert.Equal(0, cluster.ForeignWork);
    }

    [Fact]
    public void The_office_must_be_handed_over_on_demand()
    {
        using LocalCluster cluster = New(44);
        NodeId old = cluster.WaitForLeader();
        cluster.Propose(old, "one");
        NodeId target = cluster.Members.First(m => m != old);
        LeadershipTransferred answer = Assert.IsType<LeadershipTransferred>(cluster.TransferLeadership(target));
        Assert.Equal(target, answer.Leader);
        cluster.RunUntil(() => cluster.Leader == target);
        cluster.StepDown(target);
        NodeId next = cluster.WaitForLeader();
        cluster.TriggerElection(cluster.Members.First(m => m != next));
        cluster.RunUntil(() => cluster.Leader is { } now && now != next, what: "the member that was told to stand");
        Assert.Equal(0, cluster.ForeignWork);
    }

    [Theory]
    [InlineData(ReadConsistency.Linearizable)]
    [InlineData(ReadConsistency.Lease)]
    [InlineData(ReadConsistency.Stale)]
    public void Every_member_must_answer_reads_of_every_consistency(ReadConsistency consistency)
    {
        using LocalCluster cluster = New(45);
        cluster.Propose(cluster.WaitForLeader(), "one");
        cluster.AssertAllAppliedEqual();
        foreach (NodeId member in cluster.Members)
        {
            ReadCompleted read = Assert.IsType<ReadCompleted>(cluster.Query(member, default, consistency));
            Assert.Equal("one", Encoding.UTF8.GetString(read.Result.Span));
        }
    }

    [Fact]
    public void An_orderly_stop_must_hand_over_and_lose_nothing()
    {
        using LocalCluster cluster = New(46);
        NodeId leader = cluster.WaitForLeader();
        ClusterCall<ProposalAnswer> open = cluster.BeginPropose(leader, "under way"u8.ToArray());
        TimeSpan before = cluster.Now;
        cluster.Stop(leader);
        Assert.IsType<ProposalCommitted>(open.Answer);
        Assert.DoesNotContain(leader, cluster.Running);
        NodeId next = cluster.WaitForLeader();
        Assert.True(cluster.Now - before < TimeSpan.FromSeconds(1), "the others waited for an election timeout");
        Assert.IsType<ProposalCommitted>(cluster.Propose(next, "meanwhile"));
        cluster.Restart(leader);
        cluster.AssertAllAppliedEqual();
        Assert.Equal(["under way", "meanwhile"], cluster.StateMachine<ListStateMachine>(leader).Items);
        Assert.Equal(0, cluster.ForeignWork);
    }

    [Theory]
    [InlineData(47UL, false)]
    [InlineData(48UL, false)]
    [InlineData(49UL, false)]
    [InlineData(50UL, true)]
    [InlineData(51UL, true)]
    public void A_member_whose_journal_rots_must_refuse_to_start_and_come_back_as_a_new_one(ulong seed, bool lose)
    {
        using LocalCluster cluster = New(seed);
        NodeId leader = cluster.WaitForLeader();
        for (int i = 0; i < 5; i++)
        {
            cluster.Propose(leader, $"item {i}");
        }

        cluster.AssertAllAppliedEqual();
        NodeId rotten = cluster.Members.First(m => m != leader);
        cluster.RotJournal(rotten, lose);
        Assert.IsType<ProposalCommitted>(cluster.Propose(leader, "nobody has noticed"));
        cluster.Restart(rotten);
        cluster.Advance(TimeSpan.FromSeconds(1));
        StreamStatus status = cluster.Status(rotten);
        Assert.Equal(StreamHealth.Failed, status.Health);
        Assert.Contains("damaged at sequence number", status.FailureReason, StringComparison.Ordinal);
        Assert.Contains("bring this member back as a new one", status.FailureReason, StringComparison.Ordinal);

        leader = cluster.WaitForLeader();
        Assert.IsType<MembershipCommitted>(cluster.RemoveMember(rotten));
        cluster.Wipe(rotten);
        cluster.Restart(rotten);
        Committed(cluster, cluster.AddMember(rotten));
        cluster.AssertAllAppliedEqual();
        cluster.AssertNoAcknowledgedWriteLost();
        Assert.Equal(6, cluster.StateMachine<ListStateMachine>(rotten).Items.Count);
    }

    private static MembershipCommitted Committed(LocalCluster cluster, MembershipAnswer answer)
    {
        Assert.True(answer is MembershipCommitted, $"{answer}\n{cluster.Trace.Tail(60)}");
        return (MembershipCommitted)answer;
    }

    private static LocalCluster New(ulong seed) => new(3, () => new ListStateMachine(), seed);
}
