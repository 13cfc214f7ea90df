using System.Text;

namespace StateMachineTests;

public sealed class BankSpec
{
    private static readonly string[] Names = ["ann", "bob", "cho"];

    [Fact]
    public void A_transfer_must_move_money_on_every_member()
    {
        using LocalCluster cluster = new(members: 3, () => new BankStateMachine());
        cluster.WaitForLeader();

        Assert.Equal("ok", Text(cluster.Propose(cluster.Members[0], BankStateMachine.Transfer("ann", "bob", 30))));
        Assert.Equal("not enough", Text(cluster.Propose(cluster.Members[1], BankStateMachine.Transfer("ann", "bob", 80))));

        cluster.AssertAllAppliedEqual();
        Assert.All(cluster.Members, m => Assert.Equal(130, cluster.StateMachine<BankStateMachine>(m)["bob"]));
    }

    [Fact]
    public void A_transfer_must_survive_the_crash_of_the_leader_that_acknowledged_it()
    {
        using LocalCluster cluster = new(members: 3, () => new BankStateMachine());
        NodeId leader = cluster.WaitForLeader();
        Assert.Equal("ok", Text(cluster.Propose(leader, BankStateMachine.Transfer("ann", "bob", 30))));

        cluster.Crash(leader);

        NodeId next = cluster.WaitForLeader();
        ReadCompleted read = Assert.IsType<ReadCompleted>(cluster.Query(next, Encoding.UTF8.GetBytes("bob")));
        Assert.Equal(130, BitConverter.ToInt32(read.Result.Span));
    }

    [Fact]
    public void A_leader_that_is_cut_off_must_not_move_money()
    {
        using LocalCluster cluster = new(members: 3, () => new BankStateMachine());
        NodeId old = cluster.WaitForLeader();
        cluster.Isolate(old);
        ClusterCall<ProposalAnswer> doomed = cluster.BeginPropose(old, BankStateMachine.Transfer("ann", "bob", 100));

        NodeId next = cluster.WaitForLeader();
        Assert.Equal("ok", Text(cluster.Propose(next, BankStateMachine.Transfer("ann", "cho", 100))));
        Assert.IsNotType<ProposalCommitted>(cluster.Wait(doomed));

        cluster.Heal();
        cluster.AssertAllAppliedEqual();
        Assert.All(cluster.Members, m => Assert.Equal((0, 100, 200), Balances(cluster.StateMachine<BankStateMachine>(m))));
    }

    // Every seed is another story of partitions, crashes, pauses and slow disks. A failure names its seed: put it here, and it happens again, as often as you like.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Money_must_neither_appear_nor_disappear_whatever_fails(int seed)
    {
        using LocalCluster cluster = new(new LocalClusterOptions
        {
            Members = 5,
            Seed = (ulong)seed,
            StateMachine = _ => new BankStateMachine(),
            Network = new LocalNetworkOptions { Loss = 0.02, Duplication = 0.02 },
        });
        Random random = new(seed);
        cluster.WaitForLeader();
        for (int round = 0; round < 40; round++)
        {
            NodeId victim = Pick(random, cluster.Members);
            switch (random.Next(8))
            {
                case 0 when cluster.Running.Count == cluster.Members.Count:
                    cluster.Crash(victim);
                    break;
                case 1:
                    cluster.Partition([victim, Pick(random, cluster.Members)]);
                    break;
                case 2:
                    cluster.Pause(victim);
                    break;
                case 3:
                    cluster.DelayJournal(victim, TimeSpan.FromMilliseconds(30));
                    break;
                case 4 or 5:
                    cluster.Heal();
                    break;
            }

            for (int i = 0; i < 3; i++)
            {
                _ = cluster.BeginPropose(Pick(random, cluster.Members), BankStateMachine.Transfer(Pick(random, Names), Pick(random, Names), random.Next(1, 60)));
            }

            cluster.Advance(TimeSpan.FromMilliseconds(random.Next(1, 800)));
            foreach (NodeId member in cluster.Running)
            {
                Assert.Equal(3 * BankStateMachine.InitialBalance, cluster.StateMachine<BankStateMachine>(member).Total);
            }
        }

        cluster.Heal();
        cluster.WaitForLeader();
        cluster.AssertAllAppliedEqual();
        cluster.AssertNoAcknowledgedWriteLost();
        Assert.True(cluster.AcknowledgedWrites > 0);
    }

    private static (int Ann, int Bob, int Cho) Balances(BankStateMachine bank) => (bank["ann"], bank["bob"], bank["cho"]);

    private static string Text(ProposalAnswer answer) => Encoding.UTF8.GetString(Assert.IsType<ProposalCommitted>(answer).Result.Span);

    private static T Pick<T>(Random random, IReadOnlyList<T> from) => from[random.Next(from.Count)];
}
