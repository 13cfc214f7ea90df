using System.Text;
using RaftActors.Protocol;

namespace RaftActors.TestKit.Tests.Local;

/// <summary>A leader in read-only mode refuses what clients write, and does everything else.</summary>
public sealed class ReadOnlyModeSpec
{
    [Fact]
    public void A_leader_in_read_only_mode_must_refuse_writes_that_come_to_it_or_through_a_follower_and_go_on_reading()
    {
        using LocalCluster cluster = New(51);
        NodeId leader = cluster.WaitForLeader();
        NodeId follower = Other(cluster, leader);
        Assert.IsType<ProposalCommitted>(cluster.Propose(leader, "one"));

        cluster.EnterReadOnlyMode(leader);
        cluster.EnterReadOnlyMode(leader);

        LogIndex last = cluster.Status(leader).LastEntry.Index;
        foreach (NodeId member in cluster.Members)
        {
            ProposalRefused refused = Assert.IsType<ProposalRefused>(cluster.Propose(member, "two"));
            Assert.Equal(RefusalCode.ReadOnly, refused.Code);
            Assert.Contains("read-only mode", refused.Reason, StringComparison.Ordinal);
            Assert.Equal("one", Text(cluster.Query(member, default)));
            Assert.Equal(member == leader, cluster.Status(member).IsReadOnly);
        }

        Assert.Equal(RefusalCode.ReadOnly, Assert.IsType<ProposalRefused>(Ask(cluster, follower, new OpenSession())).Code);
        Assert.Equal(last, cluster.Status(leader).LastEntry.Index);
        Assert.Contains("\"read_only\":true", StreamStatusJson.Write(cluster.Status(leader)), StringComparison.Ordinal);

        cluster.LeaveReadOnlyMode(leader);
        Assert.False(cluster.Status(leader).IsReadOnly);
        Assert.IsType<ProposalCommitted>(cluster.Propose(leader, "three"));
        Assert.IsType<ProposalCommitted>(cluster.Propose(follower, "four"));
        cluster.AssertAllAppliedEqual();
        Assert.Equal(["one", "three", "four"], cluster.StateMachine<ListStateMachine>(follower).Items);
        Assert.Equal(0, cluster.ForeignWork);
    }

    [Fact]
    public void The_mode_must_stay_with_its_member_through_changes_of_role_and_end_with_its_process()
    {
        using LocalCluster cluster = New(52);
        NodeId first = cluster.WaitForLeader();
        NodeId other = Other(cluster, first);
        cluster.EnterReadOnlyMode(first);

        // Writes move with the office: a follower in the mode sends on, and takes what its leader replicates.
        Assert.IsType<LeadershipTransferred>(cluster.TransferLeadership(other));
        Assert.IsType<ProposalCommitted>(cluster.Propose(other, "one"));
        Assert.IsType<ProposalCommitted>(cluster.Propose(first, "two"));
        Assert.True(cluster.Status(first).IsReadOnly);

        // Its own no-op is committed, so it is ready.
        Assert.IsType<LeadershipTransferred>(cluster.TransferLeadership(first));
        cluster.RunUntil(() => cluster.Status(first).IsReady);
        Assert.Equal(RefusalCode.ReadOnly, Assert.IsType<ProposalRefused>(cluster.Propose(other, "three")).Code);

        cluster.Crash(first);
        cluster.Restart(first);
        cluster.WaitForLeader();
        cluster.RunUntil(() => cluster.Status(first).Leader != NodeId.None);
        Assert.False(cluster.Status(first).IsReadOnly);
        Assert.IsType<LeadershipTransferred>(cluster.Leader == first ? cluster.TransferLeadership(other) : cluster.TransferLeadership(first));
        Assert.IsType<ProposalCommitted>(cluster.Propose(first, "four"));
        cluster.AssertAllAppliedEqual();
        Assert.Equal(["one", "two", "four"], cluster.StateMachine<ListStateMachine>(first).Items);
    }

    [Fact]
    public void What_is_in_the_log_must_go_on_and_members_and_open_sessions_must_be_served()
    {
        using LocalCluster cluster = New(53);
        NodeId leader = cluster.WaitForLeader();
        ulong session = SessionGrant.Of(Ask(cluster, leader, new OpenSession()))!.SessionId;
        foreach (NodeId member in cluster.Members)
        {
            cluster.DelayJournal(member, TimeSpan.FromMilliseconds(30));
        }

        LogIndex before = cluster.Status(leader).LastEntry.Index;
        ClusterCall<ProposalAnswer> open = cluster.BeginPropose(leader, "one"u8.ToArray());
        cluster.RunUntil(() => cluster.Status(leader).LastEntry.Index > before);
        Assert.False(open.IsCompleted);
        cluster.EnterReadOnlyMode(leader);
        Assert.False(open.IsCompleted);
        Assert.IsType<ProposalCommitted>(cluster.Wait(open));

        Assert.Equal(
            RefusalCode.ReadOnly,
            Assert.IsType<ProposalRefused>(cluster.Propose(leader, "two"u8.ToArray(), new ProposeOptions { Session = new SessionSerial(session, 1) })).Code);
        Assert.IsType<ProposalCommitted>(Ask(cluster, Other(cluster, leader), new KeepSessionAlive(session)));
        Assert.IsType<MembershipCommitted>(cluster.ChangeMember(Other(cluster, leader), MemberKind.Learner, leader));
        Assert.IsType<ProposalCommitted>(Ask(cluster, leader, new CloseSession(session)));
        cluster.AssertAllAppliedEqual();
        Assert.Equal(["one"], cluster.StateMachine<ListStateMachine>(leader).Items);
    }

    [Fact]
    public void A_command_of_a_session_whose_first_attempt_is_lost_from_sight_must_be_settled_when_the_mode_ends()
    {
        using LocalCluster cluster = New(54);
        NodeId leader = cluster.WaitForLeader();
        NodeId client = Other(cluster, leader);
        NodeId next = cluster.Members.Single(m => m != leader && m != client);
        RaftSession session = cluster.Wait(cluster.Begin<RaftSession>(client, "open", stream => stream.OpenSessionAsync(), _ => null!));
        cluster.EnterReadOnlyMode(next);
        cluster.EnterReadOnlyMode(client);
        ClusterCall<ProposalAnswer> call = cluster.Begin<ProposalAnswer>(client, "one", _ => session.ProposeAsync("one"u8.ToArray(), TimeSpan.FromMinutes(1)), reason => new OutcomeUnknown(reason));
        cluster.RunUntil(() => cluster.Status(client).Queues.Forwarded > 0);
        cluster.Crash(leader);
        cluster.WaitForLeader();
        cluster.Advance(TimeSpan.FromSeconds(10));
        Assert.False(call.IsCompleted);

        cluster.LeaveReadOnlyMode(next);
        cluster.LeaveReadOnlyMode(client);

        Assert.IsType<ProposalCommitted>(cluster.Wait(call));
        cluster.Restart(leader);
        cluster.AssertAllAppliedEqual();
        Assert.Equal(["one"], cluster.StateMachine<ListStateMachine>(client).Items);
    }

    private static LocalCluster New(ulong seed) => new(3, () => new ListStateMachine(), seed);

    private static NodeId Other(LocalCluster cluster, NodeId member) => cluster.Members.First(m => m != member);

    private static string Text(ReadAnswer answer) => Encoding.UTF8.GetString(Assert.IsType<ReadCompleted>(answer).Result.Span);

    private static ProposalAnswer Ask(LocalCluster cluster, NodeId member, SessionRequest request) =>
        cluster.Wait(cluster.Begin<ProposalAnswer>(member, request.GetType().Name, stream => stream.RequestAsync(request), reason => new OutcomeUnknown(reason)));
}
