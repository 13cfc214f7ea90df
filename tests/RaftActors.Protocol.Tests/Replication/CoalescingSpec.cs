using RaftActors.Protocol.Tests.Driver;
using Xunit;
using static RaftActors.Protocol.Tests.Driver.CoreDriver;

namespace RaftActors.Protocol.Tests.Replication;

/// <summary>Little that a near peer lacks waits for the answer to what is under way, and goes as one (<see cref="RaftOptions.CoalesceAppendsBelow"/>).</summary>
public sealed class CoalescingSpec
{
    private static readonly TimeSpan Near = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Far = Near + TimeSpan.FromTicks(1);
    private static readonly RaftOptions Coalescing = Options(Voters(1, 2, 3)) with { CoalesceAppendsBelow = 400, CoalesceAppendsRoundTrip = Near };

    [Fact]
    public void What_is_proposed_while_an_append_is_under_way_goes_as_one_with_its_answer()
    {
        CoreDriver leader = LeadingNear();
        leader.Propose("a");
        Assert.Equal([2U, 3U], leader.Sent<AppendEntries>().Select(s => s.To).Order());
        leader.Propose("b");
        leader.Propose("c");
        Assert.Empty(leader.Sent<AppendEntries>());

        leader.Acknowledge(2, 2);
        AppendEntries joined = leader.SentOne<AppendEntries>(2);
        Assert.Equal((2L, 4L), (joined.Previous.Index.Value, joined.LastIndex.Value));
        Assert.DoesNotContain(leader.Sent<AppendEntries>(), s => s.To == 3);

        // The other one's turn comes with its own answer.
        leader.Propose("d");
        Assert.Empty(leader.Sent<AppendEntries>());
        leader.Acknowledge(3, 2);
        Assert.Equal(5, leader.SentOne<AppendEntries>(3).LastIndex.Value);
    }

    [Fact]
    public void Nothing_waits_when_nothing_is_under_way()
    {
        CoreDriver leader = LeadingNear();
        for (int i = 2; i < 6; i++)
        {
            leader.ProposeDurably("a");
            Assert.Equal(i, leader.Core.LastEntry.Index.Value);
            leader.Acknowledge(2, i);
            leader.Acknowledge(3, i);
            Assert.Equal(i, leader.Core.CommitIndex.Value);
        }
    }

    [Fact]
    public void What_has_come_to_enough_bytes_does_not_wait()
    {
        CoreDriver leader = LeadingNear();
        leader.Propose("a");
        leader.Propose(new string('b', 200));
        Assert.Empty(leader.Sent<AppendEntries>());
        leader.Propose(new string('c', 200));
        Assert.Equal((2L, 4L), (leader.SentOne<AppendEntries>(2).Previous.Index.Value, leader.SentOne<AppendEntries>(2).LastIndex.Value));
    }

    [Fact]
    public void To_a_peer_that_is_far_entries_leave_at_once()
    {
        CoreDriver leader = LeadingInSync(Coalescing);
        Beat(leader, near: 2, far: 3);
        leader.Propose("a");
        leader.Propose("b");
        Assert.Equal([3U], leader.Sent<AppendEntries>().Select(s => s.To));
    }

    [Fact]
    public void Before_a_heartbeat_was_answered_nobody_is_near()
    {
        CoreDriver leader = LeadingInSync(Coalescing);
        leader.Propose("a");
        leader.Propose("b");
        Assert.Equal(2, leader.Sent<AppendEntries>().Count);
    }

    [Fact]
    public void A_peer_that_leaves_heartbeats_unanswered_is_not_near_any_more()
    {
        CoreDriver leader = LeadingNear();
        leader.Elapse(RaftTimer.Heartbeat);
        leader.Elapse(RaftTimer.Heartbeat);
        leader.Propose("a");
        leader.Propose("b");
        Assert.Equal(2, leader.Sent<AppendEntries>().Count);
    }

    [Fact]
    public void An_answer_that_does_not_come_is_not_waited_for_longer_than_to_the_next_heartbeat()
    {
        CoreDriver leader = LeadingNear();
        leader.Propose("a");
        leader.Propose("b");
        Assert.Empty(leader.Sent<AppendEntries>());

        // Both appends are lost: what comes behind them shows it, as without waiting.
        leader.Elapse(RaftTimer.Heartbeat);
        leader.Elapse(RaftTimer.Heartbeat);
        AppendEntries late = Assert.Single(leader.Sent<AppendEntries>(), s => s.To == 2 && s.Message.Batches.Count > 0).Message;
        Assert.Equal((2L, 3L), (late.Previous.Index.Value, late.LastIndex.Value));
    }

    [Fact]
    public void By_default_the_core_waits_for_nothing()
    {
        CoreDriver leader = LeadingNear(Coalescing with { CoalesceAppendsBelow = 0 });
        leader.Propose("a");
        leader.Propose("b");
        Assert.Equal(2, leader.Sent<AppendEntries>().Count);
    }

    // Both peers have everything, and have answered a heartbeat in time.
    private static CoreDriver LeadingNear(RaftOptions? options = null)
    {
        CoreDriver leader = LeadingInSync(options ?? Coalescing);
        leader.Elapse(RaftTimer.Heartbeat);
        leader.Wait(Near);
        leader.Acknowledge(2, 1);
        leader.Acknowledge(3, 1);
        return leader;
    }

    private static void Beat(CoreDriver leader, uint near, uint far)
    {
        leader.Elapse(RaftTimer.Heartbeat);
        leader.Wait(Near);
        leader.Acknowledge(near, 1);
        leader.Wait(Far - Near);
        leader.Acknowledge(far, 1);
    }
}
