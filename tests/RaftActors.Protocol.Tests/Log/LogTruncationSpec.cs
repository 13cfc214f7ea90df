using RaftActors.Protocol.Tests.Driver;
using Xunit;
using static RaftActors.Protocol.Tests.Driver.CoreDriver;

namespace RaftActors.Protocol.Tests.Log;

/// <summary>An operator lets the log go; never what nothing else stands for.</summary>
public sealed class LogTruncationSpec
{
    /// <summary>Five entries committed and applied, a snapshot of three, all in the log.</summary>
    private static CoreDriver WithSnapshot()
    {
        CoreDriver leader = Leading();
        leader.Acknowledge(2, 1);
        for (int i = 2; i <= 5; i++)
        {
            leader.Propose($"{i}");
            leader.Confirm();
            leader.Acknowledge(2, i);
        }

        leader.Step(new RaftInput.Applied(new LogIndex(5)));
        leader.Step(new RaftInput.SnapshotTaken(leader.Core.DescribeSnapshot(new LogIndex(3))!));
        leader.Confirm();
        Assert.Equal(EntryId.Zero, leader.Core.LogBase);
        return leader;
    }

    private static long Truncate(CoreDriver member, long firstKept)
    {
        member.Step(new RaftInput.TruncateLog(new LogIndex(firstKept)));
        return member.Core.LogBase.Index.Value;
    }

    [Fact]
    public void What_a_snapshot_covers_goes_and_the_rest_stays()
    {
        CoreDriver leader = WithSnapshot();
        Assert.Equal(3, leader.Core.MayForgetUpTo.Value);
        Assert.Equal(2, Truncate(leader, 3));
        Assert.Equal(3, Truncate(leader, 4));
        Assert.Equal((5L, 5L), (leader.Core.LastEntry.Index.Value, leader.Core.CommitIndex.Value));

        RaftCore again = new(leader.Core.Options, leader.Journal);
        Assert.Equal((3L, 5L), (again.LogBase.Index.Value, again.LastEntry.Index.Value));
    }

    [Theory]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(100)]
    public void What_no_snapshot_covers_stays(long firstKept)
    {
        CoreDriver leader = WithSnapshot();
        Assert.Equal(0, Truncate(leader, firstKept));
        Assert.Empty(leader.Persisted);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Nothing_in_front_of_the_log_can_go(long firstKept)
    {
        CoreDriver leader = WithSnapshot();
        Assert.Equal(0, Truncate(leader, firstKept));
        Assert.Empty(leader.Persisted);
    }

    [Fact]
    public void A_state_machine_that_began_with_an_older_snapshot_keeps_what_it_needs()
    {
        CoreDriver leader = WithSnapshot();
        RaftCore again = new(leader.Core.Options, leader.Journal, new LogIndex(1));
        again.Step(TimeSpan.FromSeconds(20), new RaftInput.Start());
        Assert.Equal(1, again.MayForgetUpTo.Value);
        again.Step(TimeSpan.FromSeconds(20), new RaftInput.TruncateLog(new LogIndex(4)));
        Assert.Equal(0, again.LogBase.Index.Value);
    }

    [Fact]
    public void Without_a_snapshot_nothing_goes()
    {
        CoreDriver leader = Leading();
        leader.Acknowledge(2, 1);
        leader.Step(new RaftInput.Applied(new LogIndex(1)));
        Assert.Equal(0, Truncate(leader, 2));
    }

    [Fact]
    public void A_peer_that_needs_what_went_gets_the_snapshot()
    {
        CoreDriver leader = WithSnapshot();
        Truncate(leader, 4);
        leader.Elapse(RaftTimer.Heartbeat);
        leader.Acknowledge(3, 0);
        Assert.Equal(Node(3), leader.Only<Effect.SendSnapshot>().Peer);
    }
}
