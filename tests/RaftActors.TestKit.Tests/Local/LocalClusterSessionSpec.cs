using System.Text;
using Akka.Configuration;
using RaftActors.Protocol;

namespace RaftActors.TestKit.Tests.Local;

/// <summary>Client sessions through the whole actor tree, in virtual time: exactly once over crashes, cuts, snapshots, restarts of the client; expiry by the time of the log.</summary>
public sealed class LocalClusterSessionSpec
{
    private static readonly NodeId One = new(1);

    public static TheoryData<int> Moments => [.. Enumerable.Range(0, 24)];

    [Theory] // From the moment before the leader has seen it, over disk, network and apply, to long after the answer.
    [MemberData(nameof(Moments))]
    public void A_write_that_is_repeated_after_a_crash_of_the_leader_at_any_moment_is_applied_once(int moment)
    {
        using LocalCluster cluster = New(100 + (ulong)moment);
        NodeId leader = cluster.WaitForLeader();
        ulong session = OpenByHand(cluster, leader);
        ProposeOptions first = new() { Session = new SessionSerial(session, 1), Timeout = TimeSpan.FromSeconds(1) };
        ClusterCall<ProposalAnswer> call = cluster.BeginPropose(cluster.Members[moment % 3], "x"u8.ToArray(), first);
        cluster.Advance(TimeSpan.FromMilliseconds(0.25 * moment));
        cluster.Crash(leader, loseUnconfirmed: moment % 2 == 0);

        NodeId next = cluster.WaitForLeader();
        ProposalCommitted answer = Assert.IsType<ProposalCommitted>(cluster.Propose(next, "x"u8.ToArray(), first));
        if (cluster.Wait(call) is ProposalCommitted earlier)
        {
            Assert.Equal((earlier.Index, earlier.Term), (answer.Index, answer.Term));
            Assert.Equal(earlier.Result.ToArray(), answer.Result.ToArray());
        }

        cluster.Restart(leader);
        cluster.AssertAllAppliedEqual();
        cluster.AssertNoAcknowledgedWriteLost();
        Assert.All(cluster.Members, m => Assert.Equal(1, cluster.StateMachine<TallyStateMachine>(m).Tally["x"]));
        Assert.Equal(0, cluster.ForeignWork);
    }

    [Theory]
    [InlineData(201UL)]
    [InlineData(202UL)]
    [InlineData(203UL)]
    [InlineData(204UL)]
    [InlineData(205UL)]
    public void Everything_that_goes_through_a_session_is_applied_once_through_storms_of_crashes_cuts_and_snapshots(ulong seed)
    {
        using LocalCluster cluster = New(seed, "snapshot-every-entries = 15, snapshot-reserved-entries = 3", new LocalNetworkOptions { Loss = 0.02, Duplication = 0.05, MaxDelay = TimeSpan.FromMilliseconds(20) });
        cluster.WaitForLeader();
        NodeId client = cluster.Members[(int)(seed % 3)];
        RaftSession session = Open(cluster, client);
        Random random = new((int)seed);
        List<ClusterCall<ProposalAnswer>> calls = [];
        for (int round = 0; round < 12; round++)
        {
            for (int i = 0; i < 10; i++)
            {
                string text = $"{round}-{i}";
                calls.Add(cluster.Begin<ProposalAnswer>(client, text, _ => session.ProposeAsync(Encoding.UTF8.GetBytes(text), TimeSpan.FromMinutes(5)), reason => new OutcomeUnknown(reason)));
            }

            cluster.Advance(TimeSpan.FromMilliseconds(random.Next(0, 40)));
            NodeId other = cluster.Members.Where(m => m != client).ElementAt(random.Next(2));
            switch (random.Next(4))
            {
                case 0:
                    cluster.Crash(other, loseUnconfirmed: true);
                    cluster.Advance(TimeSpan.FromMilliseconds(random.Next(0, 3000)));
                    cluster.Restart(other);
                    break;
                case 1:
                    cluster.Isolate(cluster.Leader ?? other);
                    cluster.Advance(TimeSpan.FromMilliseconds(random.Next(0, 3000)));
                    cluster.HealNetwork();
                    break;
                case 2 when cluster.Leader is { } leader:
                    cluster.StepDown(leader);
                    break;
            }
        }

        cluster.Heal();
        cluster.RunUntil(() => calls.TrueForAll(c => c.IsCompleted), TimeSpan.FromMinutes(6), "all answers");
        Assert.All(calls, c => Assert.IsType<ProposalCommitted>(c.Answer));
        cluster.AssertAllAppliedEqual();
        Assert.All(cluster.Members, m =>
        {
            IReadOnlyDictionary<string, int> tally = cluster.StateMachine<TallyStateMachine>(m).Tally;
            Assert.Equal(120, tally.Count);
            Assert.All(tally, pair => Assert.True(pair.Value == 1, $"seed {seed}: {pair.Key} was applied {pair.Value} times"));
        });

        // Each answer is the one of the one time: all are different, and none is missing.
        Assert.Equal(Enumerable.Range(1, 120), calls.Select(c => BitConverter.ToInt32(((ProposalCommitted)c.Answer!).Result.Span)).Order());
        Assert.Equal(0, cluster.ForeignWork);
    }

    [Fact]
    public void A_session_is_in_snapshots_so_that_a_restart_or_a_laggard_still_knows_what_was_applied()
    {
        using LocalCluster cluster = New(31, "snapshot-every-entries = 0, snapshot-reserved-entries = 0");
        NodeId leader = cluster.WaitForLeader();
        ulong session = OpenByHand(cluster, leader);
        NodeId laggard = cluster.Members.First(m => m != leader);
        cluster.Crash(laggard);
        ProposalCommitted first = Assert.IsType<ProposalCommitted>(Propose(cluster, leader, session, 1, "a"));
        for (int i = 0; i < 30; i++)
        {
            Assert.IsType<ProposalCommitted>(cluster.Propose(leader, $"other {i}"));
        }

        foreach (NodeId member in cluster.Running)
        {
            cluster.RunUntil(() => cluster.StateMachine<TallyStateMachine>(member).Entries == 31);
            Assert.IsType<SnapshotCompleted>(cluster.TakeSnapshot(member));
        }

        cluster.Restart(laggard);
        cluster.AssertAllAppliedEqual();
        Assert.Equal(1, cluster.StateMachine<TallyStateMachine>(laggard).Loads);
        cluster.RunUntil(() => cluster.TransferLeadership(laggard) is LeadershipTransferred && cluster.Leader == laggard);
        ProposalCommitted again = Assert.IsType<ProposalCommitted>(Propose(cluster, laggard, session, 1, "a"));
        Assert.Equal(first.Index, again.Index);
        Assert.Equal(first.Result.ToArray(), again.Result.ToArray());

        foreach (NodeId member in cluster.Members)
        {
            cluster.Restart(member);
        }

        leader = cluster.WaitForLeader();
        again = Assert.IsType<ProposalCommitted>(Propose(cluster, leader, session, 1, "a"));
        Assert.Equal(first.Index, again.Index);
        cluster.AssertAllAppliedEqual();
        Assert.All(cluster.Members, m => Assert.Equal(1, cluster.StateMachine<TallyStateMachine>(m).Tally["a"]));
        Assert.Equal(0, cluster.ForeignWork);
    }

    [Fact]
    public void A_session_that_is_not_used_expires_by_the_time_of_the_log_and_then_nothing_more_is_written()
    {
        using LocalCluster cluster = New(32);
        NodeId leader = cluster.WaitForLeader();
        ulong session = OpenByHand(cluster, leader, TimeSpan.FromSeconds(20));
        Assert.IsType<ProposalCommitted>(Propose(cluster, leader, session, 1, "a"));
        cluster.Advance(TimeSpan.FromSeconds(15));
        Assert.IsType<ProposalCommitted>(Propose(cluster, leader, session, 2, "b"));
        cluster.Advance(TimeSpan.FromSeconds(60));
        LogIndex last = cluster.Status(leader).LastEntry.Index;
        Assert.True(last.Value < 15, $"{last} entries for two writes");
        cluster.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(last, cluster.Status(leader).LastEntry.Index);
        Assert.Equal(RefusalCode.SessionExpired, Assert.IsType<ProposalRefused>(Propose(cluster, leader, session, 1, "a")).Code);
        Assert.Equal(RefusalCode.SessionExpired, Assert.IsType<ProposalRefused>(Propose(cluster, leader, session, 3, "c")).Code);
        cluster.AssertAllAppliedEqual();
        Assert.All(cluster.Members, m => Assert.Equal(2, cluster.StateMachine<TallyStateMachine>(m).Entries));
    }

    [Fact]
    public void While_nobody_leads_no_session_expires()
    {
        using LocalCluster cluster = New(33);
        NodeId leader = cluster.WaitForLeader();
        ulong session = OpenByHand(cluster, leader, TimeSpan.FromSeconds(20));
        foreach (NodeId member in cluster.Members)
        {
            cluster.Crash(member);
        }

        cluster.Advance(TimeSpan.FromHours(1));
        cluster.Heal();
        leader = cluster.WaitForLeader();
        Assert.IsType<ProposalCommitted>(Propose(cluster, leader, session, 1, "a"));
    }

    [Fact]
    public void A_session_keeps_itself_while_it_has_nothing_to_do_and_leaves_nothing_when_it_is_closed()
    {
        using LocalCluster cluster = New(34);
        cluster.WaitForLeader();
        RaftSession session = Open(cluster, One, new SessionOptions { Timeout = TimeSpan.FromSeconds(10) });
        cluster.Advance(TimeSpan.FromMinutes(3));
        cluster.StepDown(cluster.WaitForLeader());
        cluster.Advance(TimeSpan.FromMinutes(3));
        Assert.False(session.IsOver);
        Assert.IsType<ProposalCommitted>(cluster.Wait(Propose(cluster, session, "a")));
        Task closed = session.CloseAsync();
        cluster.RunUntil(() => closed.IsCompleted);
        Assert.True(session.IsOver);
        Assert.Equal(RefusalCode.SessionExpired, Assert.IsType<ProposalRefused>(cluster.Wait(Propose(cluster, session, "b"))).Code);
        Assert.Equal(RefusalCode.SessionExpired, Assert.IsType<ProposalRefused>(Propose(cluster, One, session.Id, 2, "b")).Code);
        LogIndex last = cluster.Status(One).LastEntry.Index;
        cluster.Advance(TimeSpan.FromMinutes(3));
        Assert.Equal(last, cluster.Status(One).LastEntry.Index);
    }

    [Fact]
    public async Task A_session_that_nobody_waits_for_any_more_is_closed_again()
    {
        using LocalCluster cluster = New(38);
        cluster.WaitForLeader();
        using CancellationTokenSource cancel = new();
        Task<RaftSession>? opening = null;
        cluster.Begin<object>(One, "open", stream => Task.FromResult<object>(opening = stream.OpenSessionAsync(cancellationToken: cancel.Token)), reason => reason);
        await cancel.CancelAsync();
        cluster.RunUntil(() => cluster.Status(One).LastEntry.Index.Value >= 3, what: "opened and closed");
        cluster.Advance(TimeSpan.FromSeconds(1));
        Assert.All(cluster.Members, m => Assert.Equal(0, cluster.Status(m).Sessions));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => opening!);
    }

    [Fact]
    public void A_session_that_could_not_be_kept_says_so_and_never_applies_again()
    {
        using LocalCluster cluster = New(35);
        cluster.WaitForLeader();
        RaftSession session = Open(cluster, One, new SessionOptions { Timeout = TimeSpan.FromSeconds(10) });
        Assert.IsType<ProposalCommitted>(cluster.Wait(Propose(cluster, session, "a")));
        cluster.Isolate(One);
        long steps = cluster.Steps;
        ClusterCall<ProposalAnswer> lost = Propose(cluster, session, "b", TimeSpan.FromMinutes(5));
        cluster.Advance(TimeSpan.FromMinutes(1));
        Assert.False(lost.IsCompleted);
        Assert.True(cluster.Steps - steps < 60_000, $"{cluster.Steps - steps} turns in a minute");
        cluster.HealNetwork();
        ProposalAnswer answer = cluster.Wait(lost);
        Assert.True(answer is OutcomeUnknown or ProposalRefused { Code: RefusalCode.SessionExpired }, answer.ToString());
        cluster.RunUntil(() => session.IsOver);
        Assert.Equal(RefusalCode.SessionExpired, Assert.IsType<ProposalRefused>(cluster.Wait(Propose(cluster, session, "c"))).Code);
        cluster.AssertAllAppliedEqual();
        Assert.Equal(["a"], cluster.StateMachine<TallyStateMachine>(One).Tally.Keys);
    }

    [Fact]
    public void A_client_goes_on_after_its_own_crash_with_the_numbers_that_it_had_written_down()
    {
        using LocalCluster cluster = New(36);
        cluster.WaitForLeader();
        RaftSession session = Open(cluster, One);
        Assert.IsType<ProposalCommitted>(cluster.Wait(Propose(cluster, session, "a")));
        cluster.Crash(One);
        NodeId two = cluster.Members[1];
        cluster.WaitForLeader();

        // It does not know whether "a" arrived: the same number again, then the next.
        ClusterCall<RaftSession> resumed = cluster.Begin<RaftSession>(two, "resume", stream => stream.ResumeSessionAsync(session.Grant, 1), _ => null!);
        RaftSession again = cluster.Wait(resumed);
        Assert.Equal(1, BitConverter.ToInt32(Assert.IsType<ProposalCommitted>(cluster.Wait(Propose(cluster, again, "a", at: two))).Result.Span));
        Assert.Equal(2, BitConverter.ToInt32(Assert.IsType<ProposalCommitted>(cluster.Wait(Propose(cluster, again, "b", at: two))).Result.Span));
    }

    [Fact]
    public void Too_many_sessions_cost_the_one_that_was_not_used_for_longest()
    {
        using LocalCluster cluster = New(37, "max-sessions = 2");
        NodeId leader = cluster.WaitForLeader();
        ulong a = OpenByHand(cluster, leader);
        ulong b = OpenByHand(cluster, leader);
        Assert.IsType<ProposalCommitted>(Propose(cluster, leader, a, 1, "a"));
        ulong c = OpenByHand(cluster, leader);
        Assert.Equal(RefusalCode.SessionExpired, Assert.IsType<ProposalRefused>(Propose(cluster, leader, b, 1, "b")).Code);
        Assert.IsType<ProposalCommitted>(Propose(cluster, leader, a, 2, "a2"));
        Assert.IsType<ProposalCommitted>(Propose(cluster, leader, c, 1, "c"));
    }

    private static LocalCluster New(ulong seed, string settings = "", LocalNetworkOptions? network = null) => new(new LocalClusterOptions
    {
        StateMachine = _ => new TallyStateMachine(),
        Seed = seed,
        Settings = ConfigurationFactory.ParseString(settings),
        Network = network ?? new LocalNetworkOptions(),
    });

    private static RaftSession Open(LocalCluster cluster, NodeId member, SessionOptions? options = null) =>
        cluster.Wait(cluster.Begin<RaftSession>(member, "open", stream => stream.OpenSessionAsync(options), _ => null!));

    // As an actor does it: without anybody who keeps the session or counts.
    private static ulong OpenByHand(LocalCluster cluster, NodeId member, TimeSpan? timeout = null)
    {
        ClusterCall<ProposalAnswer> call = cluster.Begin<ProposalAnswer>(member, "open", stream => Akka.Actor.Futures.Ask<ProposalAnswer>(stream.Ref, new OpenSession(timeout)), reason => new OutcomeUnknown(reason));
        return SessionGrant.Of(cluster.Wait(call))!.SessionId;
    }

    private static ProposalAnswer Propose(LocalCluster cluster, NodeId member, ulong session, ulong serial, string text) =>
        cluster.Propose(member, Encoding.UTF8.GetBytes(text), new ProposeOptions { Session = new SessionSerial(session, serial) });

    private static ClusterCall<ProposalAnswer> Propose(LocalCluster cluster, RaftSession session, string text, TimeSpan? timeout = null, NodeId? at = null) =>
        cluster.Begin<ProposalAnswer>(at ?? One, text, _ => session.ProposeAsync(Encoding.UTF8.GetBytes(text), timeout), reason => new OutcomeUnknown(reason));
}
