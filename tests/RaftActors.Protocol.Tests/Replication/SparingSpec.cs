using RaftActors.Protocol.Tests.Driver;
using Xunit;
using static RaftActors.Protocol.Tests.Driver.CoreDriver;

namespace RaftActors.Protocol.Tests.Replication;

/// <summary>A near peer that a quorum can do without gets its entries in larger portions (<see cref="RaftOptions.SpareAppendsBelow"/>).</summary>
public sealed class SparingSpec
{
    private static readonly TimeSpan Near = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(5);
    private static readonly RaftOptions Three = Sparing(Voters(1, 2, 3));

    [Fact]
    public void Who_is_not_needed_for_a_commit_gets_its_entries_later_and_in_one()
    {
        CoreDriver leader = Leads(Three);
        for (int i = 2; i < 5; i++)
        {
            leader.ProposeDurably("a");
            leader.Acknowledge(2, i);
            Assert.Equal(i, leader.Core.CommitIndex.Value);
            Assert.DoesNotContain(leader.Sent<AppendEntries>(), s => s.To == 3);
        }

        leader.Elapse(RaftTimer.Spared);
        AppendEntries late = leader.SentOne<AppendEntries>(3);
        Assert.Equal((1L, 4L, 4L), (late.Previous.Index.Value, late.LastIndex.Value, late.Commit.Value));
        Assert.False(leader.IsRunning(RaftTimer.Spared));
    }

    [Fact]
    public void What_has_come_to_enough_bytes_is_sent()
    {
        CoreDriver leader = Leads(Three);
        int last = 2;
        for (; last < 20 && Propose(leader, new string('a', 60)) is [2U]; last++)
        {
            leader.Acknowledge(2, last);
        }

        Assert.InRange(last, 5, 8);
        Assert.Equal((1L, last), (leader.SentOne<AppendEntries>(3).Previous.Index.Value, leader.SentOne<AppendEntries>(3).LastIndex.Value));
    }

    [Fact]
    public void Where_batches_are_large_as_they_are_there_is_nothing_to_wait_for()
    {
        CoreDriver leader = Leads(Three);
        Assert.Equal([2U, 3U], Propose(leader, new string('a', 200)));
    }

    [Fact]
    public void Nothing_is_kept_back_longer_than_asked_for_nor_than_a_heartbeat()
    {
        CoreDriver leader = Leads(Three);
        leader.Propose("a");
        Assert.Equal(Patience, leader.TimeUntil(RaftTimer.Spared));
        leader.Wait(TimeSpan.FromMilliseconds(4));
        leader.Acknowledge(2, 2);
        leader.Propose("b");
        Assert.Equal(TimeSpan.FromMilliseconds(1), leader.TimeUntil(RaftTimer.Spared));

        CoreDriver patient = Leads(Three with { SpareAppendsFor = TimeSpan.FromMinutes(1) });
        patient.Propose("a");
        Assert.Equal(Three.HeartbeatInterval, patient.TimeUntil(RaftTimer.Spared));
    }

    [Fact]
    public void What_is_due_does_not_wait_for_an_answer_to_something_else_either()
    {
        CoreDriver leader = Leads(Three with { CoalesceAppendsBelow = 1000 });
        leader.Propose("a");
        leader.Elapse(RaftTimer.Spared);
        Assert.Equal(2, leader.SentOne<AppendEntries>(3).LastIndex.Value);
        leader.Acknowledge(2, 2);
        leader.Propose("b");
        leader.Elapse(RaftTimer.Spared);
        Assert.Equal(3, leader.SentOne<AppendEntries>(3).LastIndex.Value);
    }

    /// <summary>Found by the simulation (seed 1882): a learner that was fed from the journal got one portion with each time that something was due, and never caught up.</summary>
    [Fact]
    public void What_is_due_goes_on_without_pause_until_it_is_sent_although_it_takes_several_appends()
    {
        CoreDriver leader = Leads(Three with { MaxInFlightAppends = 1, MaxAppendBytes = 40 });
        for (int i = 2; i < 5; i++)
        {
            leader.ProposeDurably("abcdefghijklmnopqrstuvwxyz");
            leader.Acknowledge(2, i);
        }

        leader.Elapse(RaftTimer.Spared);
        for (int i = 2; i < 5; i++)
        {
            Assert.Equal(i, leader.SentOne<AppendEntries>(3).LastIndex.Value);
            leader.Acknowledge(3, i);
        }

        Assert.Equal([2U], Propose(leader, "a"));
    }

    [Fact]
    public void When_a_prompt_peer_stops_the_spared_one_takes_its_place()
    {
        CoreDriver leader = Leads(Three);
        leader.ProposeDurably("a");
        leader.Elapse(RaftTimer.Spared);
        Assert.Equal(2, leader.SentOne<AppendEntries>(3).LastIndex.Value);
        leader.Acknowledge(3, 2);
        Assert.Equal(2, leader.Core.CommitIndex.Value);

        // It is overdue: from here on the other one gets everything at once.
        Assert.Contains(3U, Propose(leader, "b"));
        leader.Acknowledge(3, 3);
        Assert.Contains(3U, Propose(leader, "c"));
        leader.Acknowledge(3, 4);
        leader.Acknowledge(2, 4);

        // Back again, it is the one that is spared.
        Beat(leader, 4);
        Assert.Equal([3U], Propose(leader, "d"));
    }

    [Fact]
    public void Whatever_happens_next_shows_that_a_prompt_peer_is_overdue()
    {
        CoreDriver leader = Leads(Three);
        leader.Propose("a");
        leader.Wait(Patience);
        leader.Confirm();
        Assert.Equal(2, leader.SentOne<AppendEntries>(3).LastIndex.Value);
    }

    [Fact]
    public void When_a_prompt_peer_cannot_be_reached_the_spared_one_is_sent_to_in_the_same_step()
    {
        CoreDriver leader = Leads(Three);
        leader.Propose("a");
        leader.Step(new RaftInput.PeerUnreachable(Node(2)));
        Assert.Equal(2, leader.SentOne<AppendEntries>(3).LastIndex.Value);
    }

    [Fact]
    public void When_a_prompt_peer_has_too_much_to_apply_the_spared_one_is_sent_to_in_the_same_step()
    {
        CoreDriver leader = Leads(Three);
        leader.Propose("a");
        leader.Receive(2, new AppendEntriesReply(leader.Core.Term, leader.LastTokenTo(2), true, new LogIndex(1), Busy: true));
        Assert.Equal(2, leader.SentOne<AppendEntries>(3).LastIndex.Value);
    }

    [Fact]
    public void When_a_prompt_peer_is_paused_the_spared_one_is_sent_to_in_the_same_step()
    {
        CoreDriver leader = Leads(Three);
        leader.Propose("a");
        leader.Step(new RaftInput.PauseReplication(1, Node(2), TimeSpan.FromMinutes(1)));
        Assert.Equal(2, leader.SentOne<AppendEntries>(3).LastIndex.Value);
    }

    /// <summary>A little slower does not count: the roles stay.</summary>
    [Theory]
    [InlineData(4, 1, 3U)]
    [InlineData(3, 2, 2U)]
    public void A_peer_that_is_much_slower_than_a_spared_one_is_spared_in_its_place(int takes, int sparedTakes, uint promptThen)
    {
        CoreDriver leader = Leads(Three);
        Serve(leader, prompt: 2, takes: TimeSpan.FromMilliseconds(takes), spared: 3, sparedTakes: TimeSpan.FromMilliseconds(sparedTakes));
        Beat(leader, leader.Core.LastEntry.Index.Value);
        Assert.Equal([promptThen], Propose(leader, "b"));
    }

    [Fact]
    public void Of_five_voters_two_others_are_prompt()
    {
        CoreDriver leader = Leads(Sparing(Voters(1, 2, 3, 4, 5)));
        Assert.Equal([2U, 3U], Propose(leader, "a"));

        leader.Acknowledge(2, 2);
        leader.Elapse(RaftTimer.Spared);
        Assert.Equal([4U, 5U], To(leader));
        leader.Acknowledge(2, 2);
        leader.Acknowledge(4, 2);
        leader.Acknowledge(5, 2);
        leader.Confirm();

        // Member 3 does not answer: another one is prompt in its place, chosen at the next time that something is due.
        Propose(leader, "b");
        leader.Acknowledge(2, 3);
        leader.Acknowledge(4, 3);
        leader.Acknowledge(5, 3);
        Beat(leader, 3, except: 3);
        Assert.Equal([2U, 4U], Propose(leader, "c").Where(to => to != 3));
    }

    [Fact]
    public void A_smaller_commit_quorum_spares_more()
    {
        QuorumRule rule = new() { Commit = 2, Election = 4 };
        CoreDriver leader = Leads(Sparing(new StreamMembership(Voters(1, 2, 3, 4, 5).Members, default, rule)));
        Assert.Equal([2U], Propose(leader, "a"));
    }

    [Fact]
    public void Where_a_commit_needs_everybody_nobody_is_spared()
    {
        CoreDriver leader = Leads(Sparing(new StreamMembership(Voters(1, 2, 3).Members, default, new QuorumRule { Commit = 3 })));
        Assert.Equal([2U, 3U], Propose(leader, "a"));
    }

    [Fact]
    public void The_only_voter_of_a_required_group_is_not_spared()
    {
        StreamMembership grouped = new([.. Voters(1, 2, 3).Members.Select(m => m with { Group = m.Id == Node(3) ? 2 : 1 })], default, new QuorumRule { RequiredGroups = [1, 2] });
        CoreDriver leader = Leads(Sparing(grouped));
        Assert.Equal([3U], Propose(leader, "a"));
    }

    [Fact]
    public void With_full_consensus_nobody_is_spared()
    {
        CoreDriver leader = Leads(Three with { FullConsensus = true });
        Assert.Equal([2U, 3U], Propose(leader, "a"));
    }

    [Fact]
    public void When_full_consensus_is_turned_on_what_was_kept_back_is_sent()
    {
        CoreDriver leader = Leads(Three);
        leader.Propose("a");
        leader.Step(new RaftInput.Tune(new RaftTuning { FullConsensus = true }));
        Assert.Equal([3U], To(leader));
    }

    [Fact]
    public void With_a_pace_nobody_is_spared()
    {
        CoreDriver leader = Leads(Three with { PaceLagEntries = 10 });
        Assert.Equal([2U, 3U], Propose(leader, "a"));
    }

    [Fact]
    public void When_answers_do_not_wait_for_the_leaders_disk_it_does_not_count_among_the_prompt()
    {
        Assert.Equal([2U, 3U], Propose(Leads(Three with { ApplyBeforeOwnDisk = true }), "a"));
        Assert.Equal([2U, 3U, 4U], Propose(Leads(Sparing(Voters(1, 2, 3, 4, 5)) with { ApplyBeforeOwnDisk = true }), "a"));
    }

    [Fact]
    public void A_voter_with_a_higher_priority_than_the_leader_is_not_spared()
    {
        StreamMembership ranked = new([.. Voters(1, 2, 3).Members.Select(m => m with { Priority = m.Id == Node(3) ? 1 : 0 })]);
        CoreDriver leader = Start(Sparing(ranked));

        // It gives way to the other one first.
        leader.Elapse(RaftTimer.Election);
        leader.BecomeLeader();
        leader.Confirm();
        leader.Acknowledge(2, 1);
        leader.Acknowledge(3, 1);
        Beat(leader, 1);
        Assert.Equal([3U], Propose(leader, "a"));
    }

    [Fact]
    public void A_learner_is_spared()
    {
        CoreDriver leader = Leads(Sparing(Members((1, MemberKind.Voter), (2, MemberKind.Voter), (3, MemberKind.Learner))));
        Assert.Equal([2U], Propose(leader, "a"));
        leader.Elapse(RaftTimer.Spared);
        Assert.Contains(3U, To(leader));
    }

    [Fact]
    public void Far_peers_are_neither_spared_nor_prompt()
    {
        CoreDriver leader = LeadingInSync(Three);
        for (int i = 0; i < 2; i++)
        {
            leader.Elapse(RaftTimer.Heartbeat);
            leader.Wait(Near);
            leader.Acknowledge(3, 1);
            leader.Wait(Near);
            leader.Acknowledge(2, 1);
        }

        Assert.Equal([2U, 3U], Propose(leader, "a"));
    }

    [Fact]
    public void By_default_nobody_is_spared()
    {
        CoreDriver leader = Leads(Three with { SpareAppendsBelow = new RaftOptions { Self = Node(1), Membership = Three.Membership }.SpareAppendsBelow });
        Assert.Equal([2U, 3U], Propose(leader, "a"));
        Assert.False(leader.IsRunning(RaftTimer.Spared));
    }

    [Fact]
    public void Whoever_is_to_lead_gets_what_was_kept_back_in_the_same_step()
    {
        CoreDriver leader = Leads(Three);
        leader.ProposeDurably("a");
        leader.Acknowledge(2, 2);
        leader.Step(new RaftInput.TransferLeadership(9, Node(3), TimeSpan.FromSeconds(1)));
        Assert.Equal(2, leader.SentOne<AppendEntries>(3).LastIndex.Value);
        leader.Acknowledge(3, 2);
        leader.SentOne<TimeoutNow>(3);
    }

    [Fact]
    public void While_the_membership_changes_nobody_is_spared()
    {
        CoreDriver leader = Leads(Three);
        leader.ProposeDurably("a");
        leader.Acknowledge(2, 2);
        leader.Step(new RaftInput.ChangeMembership(9, new MembershipChange.Replace(Voters(1, 4, 5).Members)));
        Assert.Equal(3, leader.SentOne<AppendEntries>(3).LastIndex.Value);
        leader.Confirm();
        leader.Acknowledge(2, 3);
        Assert.Equal(3, leader.Core.CommitIndex.Value);
        Assert.Contains(3U, Propose(leader, "b"));

        // Those that came catch up; then both halves count, and everybody in them.
        leader.Confirm();
        leader.Acknowledge(2, 4);
        leader.Acknowledge(3, 4);
        leader.Acknowledge(4, 4);
        leader.Acknowledge(5, 4);
        Assert.True(leader.Core.Membership.IsJoint);
        Assert.Superset(new HashSet<uint> { 2, 3, 4, 5 }, Propose(leader, "c").ToHashSet());
    }

    [Fact]
    public void A_read_at_a_spared_member_brings_it_what_was_kept_back()
    {
        CoreDriver leader = Leads(Three);
        leader.ProposeDurably("a");
        leader.Acknowledge(2, 2);
        leader.Receive(3, new ReadIndexRequest(leader.Core.Term, 77));
        AppendEntries kept = Assert.Single(leader.Sent<AppendEntries>(), s => s.To == 3 && s.Message.Batches.Count > 0).Message;
        Assert.Equal((2L, 2L), (kept.LastIndex.Value, kept.Commit.Value));
    }

    [Fact]
    public void A_leader_that_steps_down_keeps_nothing_back_any_more()
    {
        CoreDriver leader = Leads(Three);
        leader.Propose("a");
        leader.Receive(3, Heartbeat(5, EntryId.Zero));
        Assert.Equal(Role.Follower, leader.Core.Role);
        Assert.False(leader.IsRunning(RaftTimer.Spared));
    }

    [Fact]
    public void A_leader_that_has_just_started_spares_nobody()
    {
        CoreDriver leader = LeadingInSync(Three, History(1, 1, 1));
        Assert.Equal([2U, 3U], Propose(leader, "a"));
    }

    [Fact]
    public void Spared_members_hear_every_heartbeat_and_count_for_the_office()
    {
        CoreDriver leader = Leads(Three);
        leader.ProposeDurably("a");
        leader.Acknowledge(2, 2);
        leader.Elapse(RaftTimer.Heartbeat);
        Assert.Contains(leader.Sent<AppendEntries>(), s => s.To == 3 && s.Message.Batches.Count == 0 && s.Message.Previous.Index.Value == 1);
    }

    private static RaftOptions Sparing(StreamMembership membership) =>
        Options(membership) with { SpareAppendsBelow = 600, SpareAppendsFor = Patience, CoalesceAppendsRoundTrip = Near };

    // Everybody has everything and answers heartbeats in time; the leader has chosen whom to spare.
    private static CoreDriver Leads(RaftOptions options)
    {
        CoreDriver leader = LeadingInSync(options);
        Beat(leader, 1);
        return leader;
    }

    // A heartbeat, answered by all.
    private static void Beat(CoreDriver leader, long has, uint except = 0)
    {
        for (int i = 0; i < 2; i++)
        {
            leader.Elapse(RaftTimer.Heartbeat);
            ulong[] tokens = [.. leader.Sent<AppendEntries>().Where(s => s.Message.Batches.Count == 0).OrderBy(s => s.To).Select(s => s.Message.Token)];
            leader.Wait(Near);
            int next = 0;
            foreach (NodeId peer in leader.Core.Membership.Peers(Node(1)).OrderBy(p => p.Value))
            {
                if (peer.Value != except)
                {
                    leader.Acknowledge(peer.Value, has, tokens[next]);
                }

                next++;
            }
        }
    }

    // Eight rounds in which both answer, each in its own time.
    private static void Serve(CoreDriver leader, uint prompt, TimeSpan takes, uint spared, TimeSpan sparedTakes)
    {
        for (int i = 0; i < 8; i++)
        {
            leader.Propose("a");
            leader.Wait(takes);
            leader.Confirm();
            long last = leader.Core.LastEntry.Index.Value;
            leader.Acknowledge(prompt, last);
            leader.Elapse(RaftTimer.Spared);
            leader.Wait(sparedTakes);
            leader.Acknowledge(spared, last);
        }
    }

    private static IReadOnlyList<uint> Propose(CoreDriver leader, string value)
    {
        leader.Propose(value);
        return To(leader);
    }

    private static IReadOnlyList<uint> To(CoreDriver leader) =>
        [.. leader.Sent<AppendEntries>().Where(s => s.Message.Batches.Count > 0).Select(s => s.To).Order()];
}
