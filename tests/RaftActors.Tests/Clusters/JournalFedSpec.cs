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

    private static async Task WriteMany(TestNode node, int first, int count)
    {
        await node.Until(s => s.IsReady);
        for (int i = first; i < first + count; i += 20)
        {
            await Task.WhenAll(Enumerable.Range(i, Math.Min(20, first + count - i)).Select(n => node.Write($"w{n}")));
        }
    }
}
