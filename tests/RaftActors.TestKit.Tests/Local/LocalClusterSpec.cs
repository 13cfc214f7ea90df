using System.Text;
using RaftActors.Protocol;

namespace RaftActors.TestKit.Tests.Local;

public sealed class LocalClusterSpec
{
    private static readonly NodeId One = new(1);
    private static readonly NodeId Two = new(2);

    [Fact]
    public void A_cluster_must_elect_replicate_and_answer_in_virtual_time()
    {
        using LocalCluster cluster = New(1);
        Assert.Null(cluster.Leader);
        NodeId leader = cluster.WaitForLeader();
        for (int i = 0; i < 10; i++)
        {
            ProposalCommitted answer = Assert.IsType<ProposalCommitted>(cluster.Propose(cluster.Members[i % 3], $"item {i}"));
            Assert.Equal(i + 1, BitConverter.ToInt32(answer.Result.Span));
        }

        ReadCompleted read = Assert.IsType<ReadCompleted>(cluster.Query(leader, default));
        Assert.Equal(9, Encoding.UTF8.GetString(read.Result.Span).Count(c => c == ','));
        cluster.AssertAllAppliedEqual();
        cluster.AssertNoAcknowledgedWriteLost();
        Assert.Equal(10, cluster.AcknowledgedWrites);
        Assert.Equal(0, cluster.ForeignWork);
        Assert.True(cluster.Now < TimeSpan.FromSeconds(10), $"took {cluster.Now}");
    }

    [Fact]
    public void Nothing_must_happen_while_time_stands_still()
    {
        using LocalCluster cluster = New(2);
        cluster.WaitForLeader();
        (long steps, long events, TimeSpan now) = (cluster.Steps, cluster.Trace.Count, cluster.Now);
        Thread.Yield();
        Assert.Equal((steps, events, now), (cluster.Steps, cluster.Trace.Count, cluster.Now));
        cluster.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(now + TimeSpan.FromSeconds(5), cluster.Now);
        Assert.True(cluster.Steps > steps);
    }

    [Theory]
    [InlineData(3UL)]
    [InlineData(4UL)]
    [InlineData(5UL)]
    public void The_same_seed_must_give_the_same_run(ulong seed)
    {
        using LocalCluster first = Stormy(seed);
        using LocalCluster second = Stormy(seed);
        Assert.Equal(0, first.ForeignWork);
        Assert.Equal(first.Trace.Lines, second.Trace.Lines);
        Assert.Equal(first.Trace.Hash, second.Trace.Hash);
        Assert.Equal(first.Steps, second.Steps);
    }

    [Fact]
    public void Another_seed_must_give_another_run()
    {
        using LocalCluster first = Stormy(6);
        using LocalCluster second = Stormy(7);
        Assert.NotEqual(first.Trace.Hash, second.Trace.Hash);
    }

    [Fact]
    public void An_isolated_leader_must_be_replaced_and_must_not_commit()
    {
        using LocalCluster cluster = New(8);
        NodeId old = cluster.WaitForLeader();
        cluster.Isolate(old);
        ClusterCall<ProposalAnswer> lost = cluster.BeginPropose(old, "lost"u8.ToArray());
        NodeId next = cluster.WaitForLeader();
        Assert.NotEqual(old, next);
        Assert.IsType<ProposalCommitted>(cluster.Propose(next, "kept"));
        Assert.IsNotType<ProposalCommitted>(cluster.Wait(lost));
        cluster.Heal();
        cluster.AssertAllAppliedEqual();
        cluster.AssertNoAcknowledgedWriteLost();
        Assert.Equal(["kept"], cluster.StateMachine<ListStateMachine>(old).Items);
    }

    [Fact]
    public void A_minority_partition_must_not_commit_and_a_majority_must()
    {
        using LocalCluster cluster = New(9, members: 5);
        cluster.WaitForLeader();
        cluster.Partition([new NodeId(1), new NodeId(2)], [new NodeId(3), new NodeId(4), new NodeId(5)]);
        cluster.RunUntil(() => cluster.Leader is { Value: >= 3 }, what: "a leader in the majority");
        Assert.IsType<ProposalCommitted>(cluster.Propose(new NodeId(4), "majority"));
        Assert.IsNotType<ProposalCommitted>(cluster.Propose(One, "minority"));
        cluster.Heal();
        cluster.AssertAllAppliedEqual();
        cluster.AssertNoAcknowledgedWriteLost();
        Assert.DoesNotContain("minority", cluster.StateMachine<ListStateMachine>(Two).Items);
    }

    [Fact]
    public void A_crashed_member_must_come_back_with_its_journal()
    {
        using LocalCluster cluster = New(10);
        NodeId leader = cluster.WaitForLeader();
        Assert.IsType<ProposalCommitted>(cluster.Propose(leader, "before"));
        cluster.Crash(leader);
        Assert.DoesNotContain(leader, cluster.Running);
        Assert.IsType<OutcomeUnknown>(cluster.Propose(leader, "nobody there"));
        NodeId next = cluster.WaitForLeader();
        Assert.IsType<ProposalCommitted>(cluster.Propose(next, "meanwhile"));
        cluster.Restart(leader);
        cluster.AssertAllAppliedEqual();
        cluster.AssertNoAcknowledgedWriteLost();
        Assert.Equal(["before", "meanwhile"], cluster.StateMachine<ListStateMachine>(leader).Items);
    }

    [Fact]
    public void All_members_must_come_back_after_all_have_crashed()
    {
        using LocalCluster cluster = New(11);
        cluster.WaitForLeader();
        for (int i = 0; i < 5; i++)
        {
            Assert.IsType<ProposalCommitted>(cluster.Propose(One, $"{i}"));
        }

        foreach (NodeId member in cluster.Members)
        {
            cluster.Crash(member, loseUnconfirmed: true);
        }

        cluster.Advance(TimeSpan.FromSeconds(1));
        cluster.Heal();
        cluster.WaitForLeader();
        cluster.AssertNoAcknowledgedWriteLost();
        cluster.AssertAllAppliedEqual();
        Assert.Equal(["0", "1", "2", "3", "4"], cluster.StateMachine<ListStateMachine>(Two).Items);
    }

    [Fact]
    public void Whoever_waits_for_a_member_that_crashes_must_be_told()
    {
        using LocalCluster cluster = New(12);
        NodeId leader = cluster.WaitForLeader();
        ClusterCall<ProposalAnswer> call = cluster.BeginPropose(leader, "x"u8.ToArray());
        ClusterCall<ReadAnswer> read = cluster.BeginQuery(leader, default);
        cluster.Crash(leader);
        Assert.IsType<OutcomeUnknown>(call.Answer);
        Assert.IsType<ReadFailed>(read.Answer);
    }

    [Theory]
    [InlineData(JournalFault.Fail)]
    [InlineData(JournalFault.Reject)]
    public void A_member_whose_journal_fails_must_stop_and_come_back_when_healed(JournalFault fault)
    {
        using LocalCluster cluster = New(13);
        NodeId leader = cluster.WaitForLeader();
        cluster.FailJournal(leader, fault);
        ClusterCall<ProposalAnswer> call = cluster.BeginPropose(leader, "perhaps"u8.ToArray());
        cluster.RunUntil(() => cluster.Leader is { } now && now != leader);
        Assert.Equal(StreamHealth.Failed, cluster.Status(leader).Health);
        Assert.True(call.IsCompleted);
        Assert.IsType<ProposalCommitted>(cluster.Propose(cluster.Leader!.Value, "certainly"));
        cluster.Heal();
        cluster.AssertAllAppliedEqual();
        cluster.AssertNoAcknowledgedWriteLost();
    }

    [Fact]
    public void A_journal_that_hangs_must_not_acknowledge_and_must_go_on_when_healed()
    {
        using LocalCluster cluster = New(14, members: 1);
        cluster.WaitForLeader();
        cluster.FailJournal(One, JournalFault.Stall);
        ClusterCall<ProposalAnswer> call = cluster.BeginPropose(One, "slow"u8.ToArray(), new ProposeOptions { Timeout = TimeSpan.FromSeconds(30) });
        cluster.Advance(TimeSpan.FromSeconds(1));
        Assert.False(call.IsCompleted);
        cluster.HealJournal(One);
        Assert.IsType<ProposalCommitted>(cluster.Wait(call));
    }

    [Fact]
    public void A_journal_that_hangs_for_long_must_leave_no_client_without_an_answer()
    {
        using LocalCluster cluster = New(14, members: 1);
        cluster.WaitForLeader();
        cluster.FailJournal(One, JournalFault.Stall);
        ClusterCall<ProposalAnswer> call = cluster.BeginPropose(One, "slow"u8.ToArray(), new ProposeOptions { Timeout = TimeSpan.FromSeconds(30) });
        cluster.Advance(TimeSpan.FromSeconds(5));
        Assert.IsType<OutcomeUnknown>(call.Answer);
        cluster.HealJournal(One);
        Assert.IsType<ProposalCommitted>(cluster.Propose(One, "fast"));
        cluster.AssertAllAppliedEqual();
    }

    [Fact]
    public void A_paused_leader_must_be_replaced_and_must_step_down_when_it_goes_on()
    {
        using LocalCluster cluster = New(15);
        NodeId old = cluster.WaitForLeader();
        cluster.Pause(old);
        NodeId next = cluster.WaitForLeader();
        Assert.NotEqual(old, next);
        Assert.IsType<ProposalCommitted>(cluster.Propose(next, "while paused"));
        cluster.Resume(old);
        cluster.AssertAllAppliedEqual();
        Assert.Equal(Role.Follower, cluster.Status(old).Role);
    }

    [Fact]
    public void Dropped_messages_must_not_arrive_until_they_are_let_through()
    {
        using LocalCluster cluster = New(16);
        NodeId leader = cluster.WaitForLeader();
        NodeId other = cluster.Members.First(m => m != leader);
        using (MessageDrop drop = cluster.Drop<AppendEntries>(from: leader, to: other, when: a => a.Batches.Count > 0))
        {
            Assert.IsType<ProposalCommitted>(cluster.Propose(leader, "x"));
            cluster.Advance(TimeSpan.FromMilliseconds(500));
            Assert.Empty(cluster.StateMachine<ListStateMachine>(other).Items);
            Assert.True(drop.Count > 0);
        }

        cluster.AssertAllAppliedEqual();
        Assert.Equal(["x"], cluster.StateMachine<ListStateMachine>(other).Items);
    }

    [Fact]
    public void A_one_way_cut_must_leave_the_other_way_open()
    {
        using LocalCluster cluster = New(17);
        NodeId leader = cluster.WaitForLeader();
        foreach (NodeId other in cluster.Members.Where(m => m != leader))
        {
            cluster.CutOneWay(other, leader);
        }

        // It can speak but does not hear: check-quorum makes it give up its office.
        cluster.RunUntil(() => cluster.Leader is { } now && now != leader);
        cluster.HealNetwork();
        cluster.AssertAllAppliedEqual();
    }

    [Fact]
    public void A_condition_that_does_not_come_true_must_say_seed_members_and_last_events()
    {
        using LocalCluster cluster = New(4711);
        LocalClusterException error = Assert.Throws<LocalClusterException>(() => cluster.RunUntil(() => false, TimeSpan.FromSeconds(1), "the impossible"));
        Assert.Equal(4711UL, error.Seed);
        Assert.Contains("the impossible did not come true within 1s", error.Message, StringComparison.Ordinal);
        Assert.Contains("seed 4711", error.Message, StringComparison.Ordinal);
        Assert.Contains("member 3: running", error.Message, StringComparison.Ordinal);
        Assert.Contains("-> n", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void States_that_differ_must_be_found()
    {
        using LocalCluster cluster = new(new LocalClusterOptions { Seed = 18, StateMachine = member => new ForgetfulStateMachine(member == One) });
        cluster.WaitForLeader();
        Assert.IsType<ProposalCommitted>(cluster.Propose(Two, "x"));
        LocalClusterException error = Assert.Throws<LocalClusterException>(() => cluster.AssertAllAppliedEqual());
        Assert.Contains("states differ at index", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 10)]
    [InlineData(10, 10)]
    public void Random_faults_must_lose_nothing(int first, int count)
    {
        for (int seed = first; seed < first + count; seed++)
        {
            using LocalCluster cluster = Stormy((ulong)(1000 + seed));
            cluster.Heal();
            cluster.WaitForLeader();
            cluster.AssertAllAppliedEqual();
            cluster.AssertNoAcknowledgedWriteLost();
            Assert.True(cluster.AcknowledgedWrites > 0, cluster.ToString());
        }
    }

    private static LocalCluster New(ulong seed, int members = 3) => new(members, () => new ListStateMachine(), seed);

    // A loss-ridden network, crashes, cuts and pauses, all drawn from the seed.
    private static LocalCluster Stormy(ulong seed)
    {
        LocalCluster cluster = new(new LocalClusterOptions
        {
            Seed = seed,
            StateMachine = _ => new ListStateMachine(),
            Network = new LocalNetworkOptions { Loss = 0.03, Duplication = 0.03, MaxDelay = TimeSpan.FromMilliseconds(20) },
        });
        Random random = new((int)seed);
        NodeId Any() => cluster.Members[random.Next(cluster.Members.Count)];
        for (int round = 0; round < 30; round++)
        {
            NodeId member = Any();
            switch (random.Next(8))
            {
                case 0 when cluster.Running.Count == cluster.Members.Count:
                    cluster.Crash(member);
                    break;
                case 1:
                    cluster.Isolate(member);
                    break;
                case 2:
                    cluster.CutOneWay(member, Any());
                    break;
                case 3:
                    cluster.Pause(member);
                    break;
                case 4:
                    cluster.DelayJournal(member, TimeSpan.FromMilliseconds(random.Next(50)));
                    break;
                case 5 or 6:
                    cluster.Heal();
                    break;
            }

            _ = cluster.BeginPropose(Any(), Encoding.UTF8.GetBytes($"round {round}"));
            cluster.Advance(TimeSpan.FromMilliseconds(random.Next(10, 1500)));
        }

        return cluster;
    }

    private sealed class ForgetfulStateMachine(bool forgets) : IStateMachine
    {
        private ulong _applied;

        public void Apply(CommittedEntries entries) => _applied += forgets ? 0UL : (ulong)entries.Count;

        public ulong StateHash() => _applied;
    }
}
