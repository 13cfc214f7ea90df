using RaftActors.Protocol.Tests.Driver;
using Xunit;
using static RaftActors.Protocol.Tests.Driver.CoreDriver;

namespace RaftActors.Protocol.Tests.Replication;

/// <summary>Idle peers are told what is committed; with <see cref="RaftOptions.CommitNoticesAfterApply"/> not before clients have had the time to propose anew.</summary>
public sealed class CommitNoticesSpec
{
    private static readonly RaftOptions AfterApply = Options(Voters(1, 2, 3)) with { CommitNoticesAfterApply = true };

    [Fact]
    public void Nothing_is_told_before_it_is_applied_and_then_every_idle_peer_is_once()
    {
        CoreDriver leader = WithACommitToTell();
        Assert.Equal(2, leader.Core.CommitIndex.Value);
        Assert.Empty(leader.Sent<AppendEntries>());

        Applied(leader, 2);
        Assert.Empty(leader.Sent<AppendEntries>());
        leader.Step(new RaftInput.TellCommits());
        Assert.Equal([2U, 3U], leader.Sent<AppendEntries>().Select(s => s.To).Order());
        Assert.All(leader.Sent<AppendEntries>(), s => Assert.Equal(2, s.Message.Commit.Value));

        leader.Step(new RaftInput.TellCommits());
        Assert.Empty(leader.Sent<AppendEntries>());
    }

    [Fact]
    public void What_is_proposed_meanwhile_takes_it_along()
    {
        CoreDriver leader = WithACommitToTell();
        Applied(leader, 2);
        leader.Propose("b");
        Assert.All(leader.Sent<AppendEntries>(), s => Assert.Equal(2, s.Message.Commit.Value));
        leader.Step(new RaftInput.TellCommits());
        Assert.Empty(leader.Sent<AppendEntries>());
    }

    [Fact]
    public void A_peer_that_acknowledges_late_is_told_at_once()
    {
        CoreDriver leader = LeadingWithAllTold(AfterApply);
        leader.ProposeDurably("a");
        leader.Acknowledge(2, 2);
        Applied(leader, 2);
        leader.Step(new RaftInput.TellCommits());
        Assert.Equal([2U], leader.Sent<AppendEntries>().Select(s => s.To));
        leader.Acknowledge(3, 2);
        Assert.Equal(2, leader.SentOne<AppendEntries>(3).Commit.Value);
    }

    [Fact]
    public void Without_the_word_the_heartbeat_tells()
    {
        CoreDriver leader = WithACommitToTell();
        leader.Elapse(RaftTimer.Heartbeat);
        Assert.All(leader.Sent<AppendEntries>(), s => Assert.Equal(2, s.Message.Commit.Value));
        Assert.Equal(2, leader.Sent<AppendEntries>().Count);
    }

    [Fact]
    public void A_state_machine_that_applies_nothing_any_more_is_not_waited_for()
    {
        CoreDriver leader = LeadingWithAllTold(AfterApply);
        leader.Step(new RaftInput.StateMachineFailed());
        leader.ProposeDurably("a");
        leader.Acknowledge(2, 2);
        Assert.Equal(2, leader.SentOne<AppendEntries>(2).Commit.Value);
    }

    [Fact]
    public void A_state_machine_that_is_behind_is_not_waited_for()
    {
        // It is given one entry at a time, and has not applied the first.
        CoreDriver leader = LeadingWithAllTold(AfterApply with { MaxUnappliedBytes = 1 });
        leader.ProposeDurably("a");
        leader.Acknowledge(2, 2);
        Assert.Empty(leader.Sent<AppendEntries>());
        leader.ProposeDurably("b");
        leader.Acknowledge(2, 3);
        Assert.Equal(3, leader.SentOne<AppendEntries>(2).Commit.Value);
    }

    [Fact]
    public void By_default_nothing_is_waited_for_and_the_word_changes_nothing()
    {
        CoreDriver leader = LeadingWithAllTold(AfterApply with { CommitNoticesAfterApply = false });
        leader.ProposeDurably("a");
        leader.Acknowledge(2, 2);
        Assert.Equal(2, leader.SentOne<AppendEntries>(2).Commit.Value);
        leader.Step(new RaftInput.TellCommits());
        Assert.Empty(leader.Sent<AppendEntries>());
    }

    // Entry 2, on everybody's disk. Not applied yet.
    private static CoreDriver WithACommitToTell()
    {
        CoreDriver leader = LeadingWithAllTold(AfterApply);
        leader.ProposeDurably("a");
        leader.Acknowledge(2, 2);
        leader.Acknowledge(3, 2);
        return leader;
    }

    private static void Applied(CoreDriver leader, long index) => leader.Step(new RaftInput.Applied(new LogIndex(index)));

    // All have the no-op, know that it is committed, and have it applied.
    private static CoreDriver LeadingWithAllTold(RaftOptions options)
    {
        CoreDriver leader = LeadingInSync(options);
        Applied(leader, 1);
        leader.Step(new RaftInput.TellCommits());
        leader.Acknowledge(2, 1);
        leader.Acknowledge(3, 1);
        Assert.Empty(leader.Sent<AppendEntries>());
        return leader;
    }
}
