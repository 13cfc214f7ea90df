using System.Collections.Immutable;
using RaftActors.Protocol.Tests.Driver;
using Xunit;
using static RaftActors.Protocol.Tests.Driver.CoreDriver;

namespace RaftActors.Protocol.Tests.Membership;

/// <summary>Thesis chapter 4, cluster membership changes: one member stepped by hand.</summary>
public sealed class MembershipChangeSpec
{
    private const long Ticket = 900;

    private static Member Member(uint id, MemberKind kind = MemberKind.Voter) => new(Node(id), kind, $"host:{id}");

    /// <summary>A leader that has committed the first entry of its term.</summary>
    private static CoreDriver Ready(int voters = 3)
    {
        CoreDriver leader = Leading(voters);
        for (uint peer = 2; peer <= voters; peer++)
        {
            leader.Acknowledge(peer, 1);
        }

        Assert.True(leader.Core.IsReady);
        return leader;
    }

    private static IReadOnlyList<Effect> Change(CoreDriver leader, MembershipChange change, long ticket = Ticket) =>
        leader.Step(new RaftInput.ChangeMembership(ticket, change));

    private static LogEntry Appended(CoreDriver member) =>
        Assert.IsType<EntriesAppended>(Assert.Single(member.Persisted)).Batch is { Count: 1 } batch ? batch[batch.FirstIndex] : default;

    private static RaftEvent Entry(long term, long index, EntryKind kind, StreamMembership membership) =>
        new EntriesAppended(EntryBatch.Create(new Term(term), new LogIndex(index), [new ProposedEntry(kind, MembershipCodec.Encode(membership))]));

    [Fact] // 4.1 "each server adopts a new configuration as soon as it is stored in its log", also before it is committed
    public void A_membership_is_in_force_as_soon_as_it_is_in_the_log()
    {
        CoreDriver leader = Ready();
        Change(leader, new MembershipChange.Remove(Node(3)));
        Assert.Equal([Node(1), Node(2)], leader.Core.Membership.Voters.ToArray());
        Assert.Equal(EntryKind.Leave, Appended(leader).Kind);
        Assert.Equal(new LogIndex(2), leader.Only<Effect.MembershipChanged>().Index);
        Assert.True(leader.Core.CommitIndex < leader.Core.MembershipIndex);

        CoreDriver follower = Following();
        EntryBatch batch = ((EntriesAppended)Entry(1, 1, EntryKind.Leave, Voters(1, 2))).Batch;
        follower.Receive(2, Append(1, EntryId.Zero, 0, 2, batch));
        Assert.Equal([Node(1), Node(2)], follower.Core.Membership.Voters.ToArray());
    }

    [Fact] // 4.1 "a log entry containing a configuration may be removed; in this case, a server must be prepared to fall back to the previous configuration"
    public void A_membership_that_is_truncated_is_no_longer_in_force()
    {
        CoreDriver follower = Start(3, [new TermState(new Term(1), NodeId.None), Entry(1, 1, EntryKind.Leave, Voters(1, 2)), new TermState(new Term(2), NodeId.None)]);
        Assert.Equal(2, follower.Core.Membership.Voters.Length);

        follower.Receive(2, Append(2, EntryId.Zero, 0, 1, Batch(2, 1)));

        Assert.Equal(3, follower.Core.Membership.Voters.Length);
        Assert.Equal((LogIndex.Zero, 3), (follower.Only<Effect.MembershipChanged>().Index, follower.Only<Effect.MembershipChanged>().Membership.Voters.Length));
    }

    [Fact]
    public void What_the_journal_says_overrules_the_options()
    {
        CoreDriver member = Start(3, [new TermState(new Term(1), NodeId.None), Entry(1, 1, EntryKind.Membership, Voters(1, 7, 8, 9))]);
        Assert.Equal([Node(1), Node(7), Node(8), Node(9)], member.Core.Membership.Voters.ToArray());
        Assert.Equal(3, member.Core.MembershipAt(LogIndex.Zero).Voters.Length);
    }

    [Fact] // the correction of 2015 to section 4.1: not before "the leader has committed an entry from its current term"
    public void A_leader_changes_nothing_before_it_has_committed_an_entry_of_its_term()
    {
        CoreDriver leader = Leading();
        Change(leader, new MembershipChange.Remove(Node(3)));
        Assert.Equal(ChangeRefusal.NotReady, leader.Only<Effect.ChangeRefused>().Refusal);
        Assert.Empty(leader.Persisted);
    }

    [Fact] // 4.1 one at a time
    public void A_second_change_waits_for_the_first_to_be_committed()
    {
        CoreDriver leader = Ready();
        Change(leader, new MembershipChange.Remove(Node(3)));
        Change(leader, new MembershipChange.Remove(Node(2)), Ticket + 1);
        Assert.Equal((Ticket + 1, ChangeRefusal.Busy), (leader.Only<Effect.ChangeRefused>().Ticket, leader.Only<Effect.ChangeRefused>().Refusal));

        leader.Confirm();
        leader.Acknowledge(2, 2);
        Assert.Equal(Ticket, leader.Only<Effect.ChangeAccepted>().Ticket);
        Change(leader, new MembershipChange.Remove(Node(2)), Ticket + 2);
        Assert.Equal([Node(1)], leader.Core.Membership.Voters.ToArray());
    }

    [Fact]
    public void Only_a_leader_changes_the_membership_and_only_to_something_that_can_be()
    {
        CoreDriver follower = Following();
        Change(follower, new MembershipChange.Remove(Node(3)));
        Assert.Equal((ChangeRefusal.NotLeader, Node(2)), (follower.Only<Effect.ChangeRefused>().Refusal, follower.Only<Effect.ChangeRefused>().Leader));

        CoreDriver leader = Ready();
        foreach (MembershipChange change in new MembershipChange[]
        {
            new MembershipChange.ChangeKind(Node(9), MemberKind.Voter),
            new MembershipChange.Add(new Member(Node(4), MemberKind.Voter, " ")),
            new MembershipChange.Add(new Member(NodeId.None, MemberKind.Voter, "x:1")),
            new MembershipChange.Replace([Member(1), Member(1)]),
            new MembershipChange.Replace([Member(1, MemberKind.LogOnly), Member(2, MemberKind.Learner)]),
            new MembershipChange.Replace([]),
        })
        {
            Change(leader, change);
            Assert.Equal(ChangeRefusal.Invalid, leader.Only<Effect.ChangeRefused>().Refusal);
            Assert.Empty(leader.Persisted);
        }

        // What is so already is not an error: an operator who asks twice gets the same answer.
        Change(leader, new MembershipChange.Remove(Node(9)));
        Assert.Equal(LogIndex.Zero, leader.Only<Effect.ChangeAccepted>().Index);
    }

    [Fact] // 4.2.1 "a new server joins as a non-voting member... once it has caught up, the reconfiguration can proceed"
    public void A_new_voter_gets_its_vote_when_it_has_caught_up()
    {
        CoreDriver leader = Ready();
        Change(leader, new MembershipChange.Add(Member(4)));
        Assert.Equal(EntryKind.JoinLearner, Appended(leader).Kind);
        Assert.Equal([Node(1), Node(2), Node(3)], leader.Core.Membership.Voters.ToArray());
        Assert.Equal([Node(4)], leader.Core.Membership.Learners.ToArray());

        leader.Confirm();
        leader.Acknowledge(2, 2);
        Assert.Equal(new LogIndex(2), leader.Core.CommitIndex);
        Assert.Empty(leader.Persisted);

        leader.Acknowledge(4, 2);
        Assert.Equal(EntryKind.Join, Appended(leader).Kind);
        Assert.Equal(4, leader.Core.Membership.Voters.Length);

        // Three of four now: the leader and one other are not enough.
        leader.Confirm();
        leader.Acknowledge(2, 3);
        Assert.Equal(new LogIndex(2), leader.Core.CommitIndex);
        leader.Acknowledge(4, 3);
        Assert.Equal(new LogIndex(3), leader.Only<Effect.ChangeAccepted>().Index);
    }

    /// <summary>
    /// Found by seed 701044: a newcomer that was promoted without the entry that made it a learner knew of no membership and refused its vote; with two voters, or with a rule that needs
    /// everybody, nobody could be elected any more when the leader crashed at that moment.
    /// </summary>
    [Fact]
    public void A_newcomer_without_its_own_entry_gets_no_vote()
    {
        CoreDriver leader = Ready();
        Change(leader, new MembershipChange.Add(Member(4)));
        leader.Confirm();
        leader.Acknowledge(2, 2);
        leader.Acknowledge(4, 1);
        Assert.Empty(leader.Persisted);
        Assert.Equal([Node(4)], leader.Core.Membership.Learners.ToArray());

        leader.Acknowledge(4, 2);
        Assert.Equal(EntryKind.Join, Appended(leader).Kind);
    }

    [Fact] // 4.2.1 "the leader should abort the change if the new server is unavailable or so slow that it will never catch up"
    public void A_new_voter_that_makes_no_progress_is_taken_out_again()
    {
        CoreDriver leader = Ready();
        Change(leader, new MembershipChange.Add(Member(4)));
        leader.Confirm();
        leader.Acknowledge(2, 2);
        for (TimeSpan end = leader.Now + leader.Core.Options.CatchUpTimeout; leader.Now < end;)
        {
            leader.Elapse(RaftTimer.Heartbeat);
            leader.Acknowledge(2, 2);
            leader.Acknowledge(3, 2);
        }

        leader.Elapse(RaftTimer.Heartbeat);
        Assert.Null(leader.Core.Membership.Find(Node(4)));
        leader.Confirm();
        leader.Acknowledge(2, 3);
        Assert.Equal((Ticket, ChangeRefusal.DidNotCatchUp), (leader.Only<Effect.ChangeRefused>().Ticket, leader.Only<Effect.ChangeRefused>().Refusal));
    }

    [Fact]
    public void A_new_voter_can_be_withdrawn()
    {
        CoreDriver leader = Ready();
        Change(leader, new MembershipChange.Add(Member(4)));
        leader.Confirm();
        leader.Acknowledge(2, 2);
        Change(leader, new MembershipChange.Remove(Node(4)), Ticket + 1);
        Assert.Equal(EntryKind.Leave, Appended(leader).Kind);
        leader.Confirm();
        leader.Acknowledge(2, 3);
        Assert.Equal((Ticket, ChangeRefusal.Withdrawn), (leader.Only<Effect.ChangeRefused>().Ticket, leader.Only<Effect.ChangeRefused>().Refusal));
        Assert.Equal(Ticket + 1, leader.Only<Effect.ChangeAccepted>().Ticket);
    }

    [Fact] // 4.3 "the cluster first switches to a transitional configuration... once joint consensus has been committed, the system then transitions to the new"
    public void More_than_one_vote_changes_through_a_joint_membership_that_is_left_by_itself()
    {
        CoreDriver leader = Ready(5);
        ImmutableArray<Member> target = [Member(1), Member(2), Member(3)];
        Change(leader, new MembershipChange.Replace(target));
        Assert.True(leader.Core.Membership.IsJoint);
        Assert.Equal(EntryKind.Membership, Appended(leader).Kind);

        // A majority of the new voters alone is not enough: of the old five, three are needed.
        leader.Confirm();
        leader.Acknowledge(2, 2);
        Assert.Equal(new LogIndex(1), leader.Core.CommitIndex);
        leader.Acknowledge(4, 2);
        Assert.Equal(new LogIndex(2), leader.Core.CommitIndex);
        Assert.False(leader.Core.Membership.IsJoint);
        Assert.Equal(target.ToArray(), leader.Core.Membership.Members.ToArray());
        Assert.Empty(leader.All<Effect.ChangeAccepted>());

        leader.Confirm();
        leader.Acknowledge(3, 3);
        Assert.Equal(Ticket, leader.Only<Effect.ChangeAccepted>().Ticket);
    }

    [Fact] // 4.3, a leader that finds a joint membership in its log
    public void A_new_leader_leaves_the_joint_membership_that_it_found()
    {
        StreamMembership joint = new([Member(1), Member(2), Member(3)], [Member(1), Member(4), Member(5)]);
        CoreDriver leader = Leading(3, [new TermState(new Term(1), NodeId.None), Entry(1, 1, EntryKind.Membership, joint)]);
        Assert.True(leader.Core.Membership.IsJoint);
        leader.Acknowledge(2, 2);
        Assert.True(leader.Core.Membership.IsJoint);
        leader.Acknowledge(4, 2);
        Assert.Equal(new LogIndex(2), leader.Core.CommitIndex);
        Assert.Equal((false, 3), (leader.Core.Membership.IsJoint, leader.Core.Membership.Voters.Length));
    }

    [Fact] // 4.2.2 "it replicates log entries but does not count itself in majorities", "steps down once the C_new entry is committed"
    public void A_leader_that_removes_itself_does_not_count_itself_and_hands_over_when_that_is_committed()
    {
        CoreDriver leader = Ready();
        Change(leader, new MembershipChange.Remove(Node(1)));
        leader.Confirm();
        Assert.Equal(Role.Leader, leader.Core.Role);
        leader.Acknowledge(2, 2);
        Assert.Equal(new LogIndex(1), leader.Core.CommitIndex);
        leader.Acknowledge(3, 2);
        Assert.Equal(new LogIndex(2), leader.Core.CommitIndex);
        Assert.Equal(Ticket, leader.Only<Effect.ChangeAccepted>().Ticket);
        Assert.Contains(leader.Core.TransferTarget, new[] { Node(2), Node(3) });
        Assert.Single(leader.Sent<TimeoutNow>());

        // Nobody takes over: it goes all the same.
        for (int i = 0; i < 45 && leader.Core.Role == Role.Leader; i++)
        {
            leader.Elapse(RaftTimer.Heartbeat);
            leader.Acknowledge(2, 2);
            leader.Acknowledge(3, 2);
        }

        Assert.Equal(Role.Follower, leader.Core.Role);
        leader.Elapse(RaftTimer.Election);
        Assert.Equal(Role.Follower, leader.Core.Role);
    }

    [Fact] // 4.2.2 "a server that is not part of its own latest configuration should still start new elections"
    public void Who_is_removed_stands_for_election_until_that_is_committed()
    {
        RaftEvent[] journal = [new TermState(new Term(1), NodeId.None), Entry(1, 1, EntryKind.Leave, Voters(2, 3))];
        CoreDriver removed = Start(3, journal);
        removed.Elapse(RaftTimer.Election);
        Assert.Equal(Role.PreCandidate, removed.Core.Role);

        CoreDriver knows = Start(3, journal);
        knows.Receive(2, Heartbeat(1, Id(1, 1), commit: 1));
        knows.Confirm();
        knows.Elapse(RaftTimer.Election);
        knows.Elapse(RaftTimer.Election);
        Assert.Equal(Role.Follower, knows.Core.Role);
    }

    [Fact] // 4.2.3, disruptive servers
    public void A_removed_member_that_asks_for_votes_is_told_and_gives_up()
    {
        CoreDriver leader = Ready();
        Change(leader, new MembershipChange.Remove(Node(3)));
        leader.Confirm();
        leader.Acknowledge(2, 2);
        Term before = leader.Core.Term;
        leader.Receive(3, new RequestVote(before.Next, Id(1, 1), PreVote: false));
        RequestVoteReply told = leader.SentOne<RequestVoteReply>(3);
        Assert.Equal((false, true, before), (told.Granted, told.CandidateIsRemoved, leader.Core.Term));

        CoreDriver removed = Start(3);
        removed.Elapse(RaftTimer.Election);
        removed.Receive(2, new RequestVoteReply(Term.Zero, new Term(1), true, false, CandidateIsRemoved: true));
        Assert.Equal(Role.Follower, removed.Core.Role);
        removed.Elapse(RaftTimer.Election);
        Assert.Equal(Role.Follower, removed.Core.Role);

        // A leader that turns up knows better.
        removed.Receive(2, Heartbeat(1, EntryId.Zero));
        removed.Elapse(RaftTimer.Election);
        Assert.Equal(Role.PreCandidate, removed.Core.Role);
    }

    [Fact]
    public void A_removed_member_with_a_higher_term_does_not_depose_the_leader()
    {
        CoreDriver leader = Ready();
        Change(leader, new MembershipChange.Remove(Node(3)));
        leader.Receive(3, new AppendEntriesReply(new Term(99), leader.LastTokenTo(3), false, LogIndex.Zero));
        leader.Receive(3, new RequestVote(new Term(99), Id(98, 50), PreVote: false, Transfer: true));
        Assert.Equal((Role.Leader, new Term(1)), (leader.Core.Role, leader.Core.Term));
    }

    [Fact]
    public void A_removed_member_is_fed_until_it_knows()
    {
        CoreDriver leader = Ready();
        Change(leader, new MembershipChange.Remove(Node(3)));
        Assert.Contains(leader.Sent<AppendEntries>(), sent => sent.To == 3);
        leader.Confirm();
        leader.Acknowledge(2, 2);
        leader.Acknowledge(3, 2);
        Assert.Equal(new LogIndex(2), leader.SentOne<AppendEntries>(3).Commit);
        leader.Elapse(RaftTimer.Heartbeat);
        Assert.DoesNotContain(leader.Core.Peers, peer => peer.Id == Node(3));
    }

    [Fact]
    public void Answers_to_a_former_stay_do_not_count_for_a_member_that_comes_back()
    {
        CoreDriver leader = Ready();
        ulong old = leader.LastTokenTo(3);
        Change(leader, new MembershipChange.Remove(Node(3)));
        leader.Confirm();
        leader.Acknowledge(2, 2);
        Change(leader, new MembershipChange.Add(Member(3, MemberKind.Learner)), Ticket + 1);
        leader.Acknowledge(3, 2, old);
        Assert.Equal(LogIndex.Zero, leader.Core.Peers.Single(peer => peer.Id == Node(3)).Match);
    }

    [Fact]
    public void A_member_that_joins_neither_votes_nor_stands_before_a_leader_has_taken_it_in()
    {
        CoreDriver joining = Start(Options(StreamMembership.Empty, self: 4));
        joining.Receive(1, new RequestVote(new Term(5), Id(4, 9), PreVote: false));
        Assert.False(joining.SentOne<RequestVoteReply>(1).Granted);
        Assert.Equal(Term.Zero, joining.Core.Term);
        joining.Elapse(RaftTimer.Election);
        Assert.Equal(Role.Follower, joining.Core.Role);

        EntryBatch batch = ((EntriesAppended)Entry(1, 1, EntryKind.JoinLearner, new StreamMembership([Member(1), Member(4, MemberKind.Learner)]))).Batch;
        joining.Receive(1, Append(1, EntryId.Zero, 0, 1, batch));
        Assert.Equal([Node(4)], joining.Core.Membership.Learners.ToArray());
        joining.Confirm();
        Assert.True(joining.SentOne<AppendEntriesReply>(1).Accepted);
    }

    [Fact] // 4.1 "servers process incoming RPC requests without consulting their current configurations"
    public void A_leader_that_is_not_known_yet_is_followed()
    {
        CoreDriver member = Following();
        member.Receive(9, Heartbeat(2, EntryId.Zero));
        Assert.Equal(Node(9), member.Core.Leader);
    }

    [Fact]
    public void An_entry_that_claims_to_be_a_membership_and_is_none_changes_nothing()
    {
        CoreDriver member = Following();
        EntryBatch bad = EntryBatch.Create(new Term(1), new LogIndex(1), [new ProposedEntry(EntryKind.Membership, new byte[] { 1, 2, 3 })]);
        member.Receive(2, Append(1, EntryId.Zero, 0, 2, bad));
        Assert.Empty(member.Effects);
        Assert.Equal(1, member.Core.DroppedMessages);
    }

    [Fact]
    public void Clients_cannot_propose_memberships() =>
        Assert.Throws<ArgumentException>(() => Ready().Step(new RaftInput.Propose(1, [new ProposedEntry(EntryKind.Membership, default)])));

    [Fact]
    public void A_leader_that_loses_its_office_says_that_the_outcome_is_unknown()
    {
        CoreDriver leader = Ready();
        Change(leader, new MembershipChange.Remove(Node(3)));
        leader.Receive(2, new AppendEntriesReply(new Term(7), leader.LastTokenTo(2), false, LogIndex.Zero));
        Assert.Equal(ChangeRefusal.LeadershipLost, leader.Only<Effect.ChangeRefused>().Refusal);
    }
}
