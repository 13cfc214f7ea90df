using Akka.Actor;
using Akka.Configuration;
using RaftActors.Tests.Support;

namespace RaftActors.Tests.Clusters;

/// <summary>A node comes back with an empty journal under its old configuration.</summary>
public sealed class LostJournalSpec
{
    [Fact]
    public async Task Node_that_lost_its_journal_must_take_no_part_until_it_is_removed_and_added_again()
    {
        await using TestCluster cluster = await TestCluster.StartRemotingAsync(
            extra: ConfigurationFactory.ParseString("akka.persistence.journal.plugin = akka.persistence.journal.inmem"),
            settings: ConfigurationFactory.ParseString("catch-up-timeout = 10s"));
        TestNode leader = await cluster.Leader();
        await leader.Write("one");
        await cluster.Converged();
        await Task.WhenAll(cluster.Nodes.Select(n => n.Until(s => s.Incarnation != 0 && s.AppliedIndex > LogIndex.Zero)));
        Member lost = cluster.Members.First(m => m.Id != leader.Stream.NodeId);

        // Its journal is in memory, so it ends with the node.
        ulong before = (await cluster[lost.Id].Stream.GetStatusAsync()).Incarnation;
        await cluster.Stop(lost.Id);
        await cluster.Start(lost.Id);
        StreamStatus told = await cluster[lost.Id].Until(s => s.HasLostJournal);
        Assert.NotEqual(before, told.Incarnation);
        await (await cluster.Leader()).Until(s => s.Peers.Any(p => p.Node == lost.Id && p.State == "AnotherIncarnation"));
        await (await cluster.Leader()).Write("two");
        Assert.Equal(LogIndex.Zero, (await cluster[lost.Id].Stream.GetStatusAsync()).AppliedIndex);

        Assert.IsType<MembershipCommitted>(await (await cluster.Leader()).Stream.RemoveMemberAsync(lost.Id));
        Assert.IsType<MembershipCommitted>(await (await cluster.Leader()).Stream.AddMemberAsync(lost));
        await cluster.Converged();
        Assert.False((await cluster[lost.Id].Stream.GetStatusAsync()).HasLostJournal);
        Assert.Equal(["one", "two"], cluster[lost.Id].Machine.Applied);
    }
}
