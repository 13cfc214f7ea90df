using System.Collections.Immutable;
using Akka.Configuration;
using RaftActors.Tests.Support;

namespace RaftActors.Tests.Clusters;

/// <summary>With next to no log in memory: peers, state machines and readers of single entries are served from the journal.</summary>
public sealed class JournalFedSpec
{
    private static readonly Config SmallTail = ConfigurationFactory.ParseString(
        "in-memory-tail-entries = 2, in-memory-tail-bytes = 200, max-append-bytes = 512, max-journal-reads = 1, max-unapplied-bytes = 256");

    [Fact]
    public async Task Restart_must_apply_the_whole_log_again_from_the_journal()
    {
        StreamId stream = TestConfig.NewStream();
        ImmutableArray<Member> members = [new Member(new NodeId(1), MemberKind.Voter, "127.0.0.1:1")];
        await using (TestNode node = await TestNode.StartAsync(stream, new NodeId(1), members, Config.Empty, SmallTail))
        {
            await WriteMany(node, 0, 300);
            CommittedEntryFound old = Assert.IsType<CommittedEntryFound>(await node.Stream.ReadCommittedAsync(new LogIndex(3)));
            Assert.Equal(new LogIndex(3), old.Index);
            Assert.StartsWith("w", System.Text.Encoding.UTF8.GetString(old.Data.Span), StringComparison.Ordinal);
        }

        await using TestNode again = await TestNode.StartAsync(stream, new NodeId(1), members, Config.Empty, SmallTail);
        await again.Until(s => s.IsReady && s.AppliedIndex == s.LastEntry.Index);
        Assert.Equal(Enumerable.Range(0, 300).Select(i => $"w{i}").Order(), again.Machine.Applied.Order());
    }

    [Fact]
    public async Task Peer_that_was_away_must_be_fed_from_the_journal_while_others_go_on()
    {
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync(settings: SmallTail);
        TestNode follower = await cluster.Follower();
        NodeId away = follower.Stream.NodeId;
        await cluster.Stop(away);
        TestNode leader = await cluster.Leader();
        await WriteMany(leader, 0, 400);
        await cluster.Start(away);
        await WriteMany(leader, 400, 100);
        await cluster.Converged();
        Assert.Equal(500, cluster[away].Machine.Applied.Count);
        Assert.DoesNotContain("load", cluster[away].Machine.Calls);
    }

    [Fact]
    public async Task Follower_whose_state_machine_hangs_must_be_held_back_alone_and_catch_up_when_it_goes_on()
    {
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync(settings: ConfigurationFactory.ParseString("max-unapplied-entries = 20").WithFallback(SmallTail));
        TestNode stuck = await cluster.Follower();
        TestNode leader = await cluster.Leader();
        await stuck.Until(s => s.AppliedIndex == s.CommitIndex && s.CommitIndex.Value > 0);
        stuck.Machine.Gate.Reset();
        await WriteMany(leader, 0, 400);
        Assert.InRange((await stuck.Stream.GetStatusAsync()).LastEntry.Index.Value, 1, 200);
        stuck.Machine.Gate.Set();
        await cluster.Converged();
        Assert.Equal(400, stuck.Machine.Applied.Count);
        Assert.Equal(leader.Stream.NodeId, (await leader.Stream.GetStatusAsync()).Leader);
    }

    [Fact]
    public async Task Paused_member_must_get_nothing_until_it_is_resumed()
    {
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync(settings: SmallTail);
        TestNode paused = await cluster.Follower();
        TestNode leader = await cluster.Leader();
        NodeId id = paused.Stream.NodeId;
        await WriteMany(leader, 0, 20);
        await cluster.Converged();
        Assert.Equal(new ReplicationPaused(id, TimeSpan.FromMinutes(1)), await leader.Stream.PauseReplicationAsync(id, TimeSpan.FromMinutes(1)));
        LogIndex before = (await paused.Stream.GetStatusAsync()).LastEntry.Index;
        await WriteMany(leader, 20, 100);
        StreamStatus status = await paused.Stream.GetStatusAsync();
        Assert.Equal((before, leader.Stream.NodeId), (status.LastEntry.Index, status.Leader));

        Assert.Equal(new ReplicationPaused(id, TimeSpan.Zero), await leader.Stream.PauseReplicationAsync(id, TimeSpan.Zero));
        await cluster.Converged();
        Assert.Equal(120, paused.Machine.Applied.Count);

        ReplicationNotPaused refused = Assert.IsType<ReplicationNotPaused>(await paused.Stream.PauseReplicationAsync(id, TimeSpan.FromSeconds(1)));
        Assert.Equal((PauseOutcome.NotLeader, leader.Stream.NodeId), (refused.Outcome, refused.Leader));
    }

    private static async Task WriteMany(TestNode node, int first, int count)
    {
        await node.Until(s => s.IsReady);
        for (int i = first; i < first + count; i += 20)
        {
            await Task.WhenAll(Enumerable.Range(i, Math.Min(20, first + count - i)).Select(n => WriteWhenThereIsRoom(node, $"w{n}")));
        }
    }

    // A state machine that is late may have as much to apply as the settings above allow; what is refused for that is certainly not taken.
    private static async Task WriteWhenThereIsRoom(TestNode node, string text)
    {
        ProposalAnswer answer;
        while ((answer = await node.Propose(text)) is Overloaded)
        {
            await node.Until(s => s.AppliedIndex == s.CommitIndex);
        }

        Assert.IsType<ProposalCommitted>(answer);
    }
}
