using System.Text;
using RaftActors.Protocol;
using RaftActors.Tests.Shared;
using Xunit;

namespace RaftActors.Dcf.Tests;

/// <summary>Groups, queries and the minority work mode, on real nodes.</summary>
public sealed class DcfMinoritySpec : IDisposable
{
    private static readonly StreamId One = new(1);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_node_that_is_left_goes_on_and_those_that_were_away_are_refused()
    {
        (TestNode[] nodes, string json) = await StartAsync();
        TestNode survivor = nodes[0];
        TestNode leader = await LeaderAsync(nodes);
        Assert.True((await leader.Dcf.WriteAsync(One, "kept"u8.ToArray())).IsCommitted);
        await TestNode.UntilAsync(() => survivor.Dcf.CheckIfAllLogsAppliedAsync(One), "all have applied");
        DcfAdminResult early = await survivor.Dcf.SetWorkModeAsync(One, DcfWorkMode.Minority, 1);
        Assert.False(early.Success);
        Assert.Contains("nothing has to be forced", early.Reason, StringComparison.Ordinal);

        await nodes[1].DisposeAsync();
        await nodes[2].DisposeAsync();
        await TestNode.UntilAsync(async () => (await survivor.Dcf.QueryLeaderInfoAsync(One)).Node.IsNone, "nobody leads");
        DcfAdminResult tooFew = await survivor.Dcf.SetWorkModeAsync(One, DcfWorkMode.Minority, 2);
        Assert.Contains("vote_num is 2", tooFew.Reason, StringComparison.Ordinal);
        DcfAdminResult forced = await survivor.Dcf.SetWorkModeAsync(One, DcfWorkMode.Minority, 1);
        Assert.True(forced.Success, forced.Reason);
        await TestNode.UntilAsync(async () => (await survivor.Dcf.GetStream(One).GetStatusAsync()) is { Role: Role.Leader, IsReady: true }, "the survivor leads");
        Assert.True((await survivor.Dcf.WriteAsync(One, "alone"u8.ToArray())).IsCommitted);

        await using TestNode back = new(_folder.Path, 2, alone: false);
        await back.Dcf.StartAsync(2, json);
        await TestNode.UntilAsync(async () => (await back.Dcf.GetStream(One).GetStatusAsync()) is { Health: StreamHealth.Failed, FailureReason: { } why } && why.Contains("fenced", StringComparison.Ordinal), "node 2 is fenced");
        await survivor.DisposeAsync();
    }

    [Fact]
    public async Task Groups_and_priorities_come_from_the_JSON_and_are_changed_by_JSON()
    {
        (TestNode[] nodes, _) = await StartAsync();
        TestNode leader = await LeaderAsync(nodes);
        TestNode follower = nodes.First(n => n != leader);
        await TestNode.UntilAsync(() => follower.Dcf.NodeIsHealthyAsync(One), "the follower is healthy");
        StreamMembership membership = (await follower.Dcf.GetStream(One).GetStatusAsync()).Membership;
        Assert.Equal([1, 2, 2], membership.Members.Select(m => m.Group));

        DcfAdminResult set = await follower.Dcf.SetMajorityGroupsAsync(One, [1, 2], TimeSpan.FromSeconds(60));
        Assert.True(set.Success, set.Reason);
        DcfAdminResult impossible = await follower.Dcf.SetMajorityGroupsAsync(One, [7], TimeSpan.FromSeconds(60));
        Assert.Contains("7", impossible.Reason, StringComparison.Ordinal);
        DcfAdminResult changed = await follower.Dcf.ChangeMemberAsync("""[{"stream_id":1,"node_id":3,"group":4,"priority":0}]""", TimeSpan.FromSeconds(60));
        Assert.True(changed.Success, changed.Reason);
        await TestNode.UntilAsync(async () => (await follower.Dcf.GetStream(One).GetStatusAsync()).Membership is var m && m.Find(new NodeId(3))!.Group == 4 && m.Quorum.RequiredGroups.SequenceEqual([1, 2]), "the change is here");
        await Assert.ThrowsAsync<DcfConfigurationException>(() => follower.Dcf.ChangeMemberAsync("""{"stream_id":1,"node_id":3,"color":4}"""));

        Assert.True((await follower.Dcf.UniversalWriteAsync(One, "x"u8.ToArray())).IsCommitted);
        Assert.True(await follower.Dcf.GetConnStatusAsync(One, 1) && !await follower.Dcf.GetConnStatusAsync(One, 9));
        await TestNode.UntilAsync(() => follower.Dcf.CheckIfAllLogsAppliedAsync(One), "all have applied");
        LogIndex committed = await follower.Dcf.GetDataCommitIndexAsync(One);
        Assert.True(await follower.Dcf.GetClusterMinAppliedIndexAsync(One) >= committed);
        Assert.True((await follower.Dcf.GetLeaderLastIndexAsync(One))!.Value.Last >= (await follower.Dcf.GetLastIndexAsync(One)).OnDisk);
        Assert.StartsWith("[{\"stream_id\":1", await follower.Dcf.QueryClusterInfoAsync(), StringComparison.Ordinal);
        Assert.Equal(Role.Follower, (await follower.Dcf.GetCurrentTermAndRoleAsync(One)).Role);
        Assert.Equal("x", Encoding.UTF8.GetString(Assert.IsType<CommittedEntryFound>(await follower.Dcf.ReadAsync(One, committed)).Data.Span));
        foreach (TestNode node in nodes)
        {
            await node.DisposeAsync();
        }
    }

    private async Task<(TestNode[] Nodes, string Json)> StartAsync()
    {
        string json = "[" + string.Join(",", Enumerable.Range(1, 3).Select(i =>
            $$"""{"stream_id":1,"node_id":{{i}},"ip":"127.0.0.1","port":{{FreePort.Next()}},"role":"FOLLOWER","group":{{(i == 1 ? 1 : 2)}},"priority":0}""")) + "]";
        Assert.Equal([1, 2, 2], DcfClusterConfig.Parse(DcfClusterConfig.Parse(json).ToJson()).Nodes.Select(n => n.Group));
        TestNode[] nodes = [.. Enumerable.Range(1, 3).Select(i => new TestNode(_folder.Path, (uint)i, alone: false))];
        await Task.WhenAll(nodes.Select(n => n.Dcf.StartAsync(n.Id, json)));
        await nodes[1].ElectAsync(One);
        return (nodes, json);
    }

    private static async Task<TestNode> LeaderAsync(TestNode[] nodes)
    {
        TestNode? leader = null;
        await TestNode.UntilAsync(
            async () =>
            {
                foreach (TestNode node in nodes)
                {
                    leader = (await node.Dcf.GetStream(One).GetStatusAsync()) is { Role: Role.Leader, IsReady: true } ? node : leader;
                }

                return leader is not null;
            },
            "somebody leads");
        return leader!;
    }
}
