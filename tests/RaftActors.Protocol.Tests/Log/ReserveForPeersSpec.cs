using RaftActors.Protocol.Tests.Driver;
using Xunit;
using static RaftActors.Protocol.Tests.Driver.CoreDriver;

namespace RaftActors.Protocol.Tests.Log;

/// <summary>A member that gets a snapshot is not behind the log again when it has it, however much is written meanwhile.</summary>
public sealed class ReserveForPeersSpec
{
    [Fact]
    public void What_follows_the_snapshot_that_a_member_gets_stays()
    {
        CoreDriver leader = Installing();

        Write(leader, 6, 9);
        Snapshot(leader, 8);
        Assert.Equal((5L, 8L), (Base(leader), leader.Core.Snapshot!.Last.Index.Value));

        // It has it: it goes on with the log, not with the next snapshot.
        leader.Receive(3, new InstallSnapshotReply(leader.Core.Term, leader.LastTokenTo(3), true, new LogIndex(5), Id: 7, Offset: 0, Installed: true));
        Assert.Empty(leader.All<Effect.SendSnapshot>());
        Assert.Equal(5, leader.SentOne<AppendEntries>(3).Previous.Index.Value);

        // And so it stays until it is where the others are.
        Write(leader, 10, 12);
        Snapshot(leader, 11);
        Assert.Equal(5, Base(leader));
        leader.Acknowledge(3, 12);
        Snapshot(leader, 12);
        Assert.Equal(12, Base(leader));
        Write(leader, 13, 14);
        Snapshot(leader, 13);
        Assert.Equal(13, Base(leader));
    }

    [Fact]
    public void Member_that_is_silent_keeps_nothing()
    {
        CoreDriver leader = Installing();

        Write(leader, 6, 9);
        leader.Wait(leader.Core.Options.ElectionTimeoutMax + TimeSpan.FromMilliseconds(1));
        Snapshot(leader, 8);

        Assert.Equal(8, Base(leader));
    }

    [Fact]
    public void No_more_is_kept_than_the_bound()
    {
        CoreDriver leader = Installing(reserved: 600);

        Write(leader, 6, 7);
        Snapshot(leader, 6);
        Assert.Equal(5, Base(leader));
        Write(leader, 8, 20);
        Snapshot(leader, 19);
        Assert.Equal(19, Base(leader));
    }

    [Fact]
    public void Follower_keeps_nothing_for_others()
    {
        CoreDriver leader = Installing();

        Write(leader, 6, 9);
        leader.Step(new RaftInput.StepDown());
        Snapshot(leader, 8);

        Assert.Equal(8, Base(leader));
    }

    /// <summary>Five entries, compacted; member 2 has them all, and member 3 gets the snapshot.</summary>
    private static CoreDriver Installing(long reserved = 1 << 20)
    {
        CoreDriver leader = Leading(Options(Voters(1, 2, 3)) with { ReservedEntries = 0, ReservedBytesForPeers = reserved });
        leader.Acknowledge(2, 1);
        Write(leader, 2, 5);
        Snapshot(leader, 5);
        leader.Elapse(RaftTimer.Heartbeat);
        leader.Acknowledge(3, 0);
        Assert.Equal(Node(3), leader.Only<Effect.SendSnapshot>().Peer);
        Assert.Equal(5, Base(leader));
        return leader;
    }

    private static void Write(CoreDriver leader, int first, int last)
    {
        for (int i = first; i <= last; i++)
        {
            leader.ProposeDurably(new string('x', 50));
            leader.Acknowledge(2, i);
        }

        leader.Step(new RaftInput.Applied(new LogIndex(last)));
    }

    private static void Snapshot(CoreDriver member, long index)
    {
        member.Step(new RaftInput.SnapshotTaken(member.Core.DescribeSnapshot(new LogIndex(index))!));
        member.Confirm();
    }

    private static long Base(CoreDriver member) => member.Core.LogBase.Index.Value;
}
