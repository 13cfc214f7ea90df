using RaftActors.Protocol.Tests.Driver;
using Xunit;
using static RaftActors.Protocol.Tests.Driver.CoreDriver;

namespace RaftActors.Protocol.Tests.Replication;

/// <summary>
/// "The leader may even commit an entry before it has been written to its own disk, if a majority of followers have written it to their disks; this is still safe" (thesis section 10.2.1): here it may also apply it then,
/// if it is told to. Whatever rests on applied entries being on the own disk has to wait for the disk instead.
/// </summary>
public sealed class ApplyBeforeOwnDiskSpec
{
    private static readonly RaftOptions Ahead = Options(Voters(1, 2, 3)) with { ApplyBeforeOwnDisk = true };

    /// <summary>A leader in sync that has had <paramref name="entries"/> entries applied, each of which both others have on disk and its own disk has not.</summary>
    private static CoreDriver AppliedAhead(RaftOptions options, int entries = 1)
    {
        CoreDriver leader = LeadingInSync(options);
        leader.Step(new RaftInput.Applied(new LogIndex(1)));
        for (int i = 0; i < entries; i++)
        {
            leader.Propose($"ahead {i}");
            Assert.Null(Refusal(leader));
            long index = leader.Core.LastEntry.Index.Value;
            leader.Acknowledge(2, index);
            leader.Acknowledge(3, index);
            Assert.Equal(index, leader.Only<Effect.Commit>().Last.Value);
            leader.Step(new RaftInput.Applied(new LogIndex(index)));
        }

        Assert.Equal(1, leader.Core.DurableIndex.Value);
        return leader;
    }

    private static ProposalRefusal? Refusal(CoreDriver driver) => driver.All<Effect.ProposalRefused>().FirstOrDefault()?.Refusal;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_leader_applies_what_the_others_have_on_disk_and_its_own_disk_has_not_only_when_it_is_told_to(bool isTold)
    {
        CoreDriver leader = LeadingInSync(Ahead with { ApplyBeforeOwnDisk = isTold });
        leader.Propose("a");
        leader.Acknowledge(2, 2);
        leader.Acknowledge(3, 2);
        Assert.Equal(2, leader.Core.CommitIndex.Value);
        Assert.Equal(1, leader.Core.DurableIndex.Value);
        Assert.Equal(isTold ? 1 : 0, leader.All<Effect.Commit>().Count);

        leader.Confirm();
        Assert.Equal(isTold ? 0 : 1, leader.All<Effect.Commit>().Count);
    }

    [Fact]
    public void A_leader_never_counts_itself_before_its_own_disk_has_it()
    {
        CoreDriver leader = LeadingInSync(Ahead);
        leader.Propose("a");
        leader.Acknowledge(2, 2);
        Assert.Equal(1, leader.Core.CommitIndex.Value);
        Assert.Empty(leader.All<Effect.Commit>());

        leader.Confirm();
        Assert.Equal(2, leader.Core.CommitIndex.Value);
        Assert.Equal(2, leader.Only<Effect.Commit>().Last.Value);
    }

    [Fact]
    public void A_follower_applies_only_what_is_on_its_own_disk()
    {
        CoreDriver follower = Start(Ahead);
        follower.Receive(2, Append(1, EntryId.Zero, 1, 1, Batch(1, 1)));
        Assert.Equal(1, follower.Core.CommitIndex.Value);
        Assert.Empty(follower.All<Effect.Commit>());
        follower.Confirm();
        Assert.Equal(1, follower.Only<Effect.Commit>().Last.Value);
    }

    [Fact]
    public void A_log_only_member_that_takes_care_applies_only_what_is_on_its_own_disk()
    {
        CoreDriver caretaker = Start(Options(Members((1, MemberKind.LogOnly), (2, MemberKind.Voter), (3, MemberKind.Voter))) with { ApplyBeforeOwnDisk = true }, History(1, 1));
        caretaker.Wait(TimeSpan.FromSeconds(8));
        caretaker.BecomeLeader();
        Assert.True(caretaker.Core.IsCaretaker);
        caretaker.Acknowledge(2, 3);
        caretaker.Acknowledge(3, 3);
        Assert.Equal(3, caretaker.Core.CommitIndex.Value);
        Assert.Equal(2, caretaker.Core.DurableIndex.Value);
        Assert.Equal(2, caretaker.Only<Effect.Commit>().Last.Value);
        caretaker.Confirm();
        Assert.Equal(3, caretaker.Only<Effect.Commit>().Last.Value);
    }

    [Fact]
    public void A_leader_that_steps_down_when_it_is_ahead_waits_for_its_disk_and_applies_nothing_twice()
    {
        CoreDriver member = AppliedAhead(Ahead, 2);
        member.Receive(2, Append(2, Id(1, 3), 4, 1, Batch(2, 4)));
        Assert.Equal(Role.Follower, member.Core.Role);
        Assert.Equal(4, member.Core.CommitIndex.Value);
        Assert.Equal(3, member.Core.AppliedIndex.Value);
        Assert.Empty(member.All<Effect.Commit>());

        // The entries up to 3 and the new term, not the last entry: nothing new.
        member.Confirm(new JournalMark(member.Written.Value - 1));
        Assert.Equal(3, member.Core.DurableIndex.Value);
        Assert.Empty(member.All<Effect.Commit>());
        member.Confirm();
        Assert.Equal((4L, 4L), (member.Only<Effect.Commit>().First.Value, member.Only<Effect.Commit>().Last.Value));
    }

    [Fact]
    public void After_a_crash_the_state_machine_begins_again_and_gets_the_same_from_the_next_leader()
    {
        CoreDriver leader = AppliedAhead(Ahead, 2);
        EntryBatch[] applied = [.. leader.Journal.OfType<EntriesAppended>().Select(e => e.Batch)];
        RaftEvent[] kept = [.. leader.Journal.Take(leader.Journal.Count - 2)];

        CoreDriver again = Start(Ahead, kept);
        Assert.Equal((1L, 0L), (again.Core.LastEntry.Index.Value, again.Core.AppliedIndex.Value));
        again.Receive(2, Append(2, Id(1, 1), 3, 1, [.. applied[1..]]));
        Assert.Equal((1L, 1L), (again.Only<Effect.Commit>().First.Value, again.Only<Effect.Commit>().Last.Value));
        again.Confirm();
        Effect.Commit commit = again.Only<Effect.Commit>();
        Assert.Equal((2L, 3L), (commit.First.Value, commit.Last.Value));
        Assert.Equal(applied[1..].Select(b => b.Encoded.ToArray()), commit.Batches.Select(b => b.Encoded.ToArray()));
    }

    [Fact]
    public void A_snapshot_waits_for_the_own_disk()
    {
        CoreDriver leader = AppliedAhead(Ahead with { ReservedEntries = 0 }, 2);
        Assert.NotNull(leader.Core.DescribeSnapshot(new LogIndex(1)));
        Assert.Null(leader.Core.DescribeSnapshot(new LogIndex(3)));

        leader.Confirm();
        SnapshotInfo snapshot = leader.Core.DescribeSnapshot(new LogIndex(3))!;
        Assert.Equal(Id(1, 3), snapshot.Last);
        leader.Step(new RaftInput.SnapshotTaken(snapshot));
        Assert.Equal(Id(1, 3), leader.Core.LogBase);
    }

    [Fact]
    public void A_snapshot_that_is_ahead_of_the_own_disk_is_refused()
    {
        CoreDriver leader = AppliedAhead(Ahead);
        SnapshotInfo snapshot = new(Id(1, 2), leader.Core.Membership);
        Assert.Throws<InvariantViolationException>(() => leader.Step(new RaftInput.SnapshotTaken(snapshot)));
    }

    [Fact]
    public void A_disk_that_stands_still_lets_the_leader_take_in_as_many_entries_as_a_state_machine_that_stands_still()
    {
        CoreDriver leader = AppliedAhead(Ahead with { MaxUnappliedEntries = 5 }, 5);
        leader.Propose("too much");
        Assert.Equal(ProposalRefusal.Overloaded, Refusal(leader));
        Assert.True(leader.Core.IsApplyQueueFull);

        leader.Confirm();
        leader.Propose("b");
        Assert.Null(Refusal(leader));
    }

    [Fact]
    public void The_same_in_bytes()
    {
        CoreDriver leader = AppliedAhead(Ahead with { MaxUnappliedBytes = 90 }, 2);
        leader.Propose("too much");
        Assert.Equal(ProposalRefusal.Overloaded, Refusal(leader));

        leader.Confirm();
        leader.Propose("b");
        Assert.Null(Refusal(leader));
    }

    [Fact]
    public void A_read_sees_what_was_applied_ahead()
    {
        CoreDriver leader = AppliedAhead(Ahead, 2);
        leader.Read();
        leader.Acknowledge(2, 3);
        Assert.Equal(3, leader.Only<Effect.ReadReady>().Index.Value);
    }

    [Fact]
    public void With_full_consensus_the_own_disk_is_waited_for_as_before()
    {
        CoreDriver leader = LeadingInSync(Ahead with { FullConsensus = true });
        leader.Propose("a");
        leader.Acknowledge(2, 2);
        leader.Acknowledge(3, 2);
        Assert.Equal(1, leader.Core.CommitIndex.Value);
        Assert.Empty(leader.All<Effect.Commit>());
        leader.Confirm();
        Assert.Equal(2, leader.Only<Effect.Commit>().Last.Value);
    }

    [Fact]
    public void Whoever_waits_is_told_that_it_is_committed_when_the_state_machine_has_failed()
    {
        CoreDriver leader = LeadingInSync(Ahead);
        leader.Step(new RaftInput.StateMachineFailed());
        leader.Propose("a");
        leader.Acknowledge(2, 2);
        leader.Acknowledge(3, 2);
        Assert.Equal(2, leader.Only<Effect.Commit>().Last.Value);
    }

    [Fact]
    public void The_leader_takes_up_where_it_was_when_the_rest_of_the_log_is_only_on_disk()
    {
        // One entry in memory, one at a time to the state machine: the one that is due has left memory, the one behind it is on no disk here yet.
        CoreDriver leader = LeadingInSync(Ahead with { MaxLogEntriesInMemory = 1, MaxUnappliedEntries = 2 });
        leader.ProposeDurably("a");
        leader.Acknowledge(2, 2);
        Assert.Equal(2, leader.Only<Effect.Commit>().Last.Value);
        leader.Step(new RaftInput.Applied(new LogIndex(1)));
        leader.Propose("b");
        leader.Acknowledge(2, 3);
        leader.Acknowledge(3, 3);
        Assert.Equal((3L, 3L), (leader.Only<Effect.Commit>().First.Value, leader.Only<Effect.Commit>().Last.Value));
        leader.Step(new RaftInput.Applied(new LogIndex(3)));
        leader.Confirm();
        Assert.Equal(3, leader.Core.DurableIndex.Value);
    }
}
