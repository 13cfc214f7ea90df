using System.Collections.Immutable;
using System.Text;
using Akka.Actor;
using Akka.Configuration;
using RaftActors.Remoting;
using RaftActors.Tests.Support;

namespace RaftActors.Tests.Sessions;

/// <summary>Client sessions through the public API, over threads and real time. What needs time to pass, or crashes at exact moments, is tested with LocalCluster.</summary>
public sealed class ClientSessionSpec
{
    [Fact]
    public async Task Repeated_commands_must_get_the_first_result_through_every_member()
    {
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync();
        TestNode follower = await cluster.Follower();
        SessionGrant session = await OpenByHand(follower);
        ProposalCommitted first = Assert.IsType<ProposalCommitted>(await Propose(follower, session, 2, "b"));
        foreach (TestNode node in cluster.Nodes)
        {
            ProposalCommitted again = Assert.IsType<ProposalCommitted>(await Propose(node, session, 2, "something else"));
            Assert.Equal((first.Index, first.Term, "applied 1: b"), (again.Index, again.Term, Encoding.UTF8.GetString(again.Result.Span)));
        }

        Assert.Equal("applied 2: a", Result(await Propose(follower, session, 1, "a")));
        await cluster.Converged();
        Assert.All(cluster.Nodes, n => Assert.Equal(["b", "a"], n.Machine.Applied));
    }

    [Fact]
    public async Task Leader_that_is_lost_in_the_middle_must_not_make_anything_happen_twice_or_not_at_all()
    {
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync(brief: true);
        TestNode client = await cluster.Follower();
        await using RaftSession session = await client.Stream.OpenSessionAsync(new SessionOptions { MaxPipelined = 20 });
        List<Task<ProposalAnswer>> answers = [];
        for (int i = 0; i < 400; i++)
        {
            answers.Add(session.ProposeAsync(Encoding.UTF8.GetBytes($"w{i}"), TimeSpan.FromSeconds(60)));
            if (i % 100 == 50)
            {
                await answers[i - 40];
                TestNode leader = await cluster.Leader();
                cluster.Network.Filter((from, to, _) => from != AddressOf(leader) && to != AddressOf(leader));
                await answers[i - 39];
                cluster.Network.Heal();
            }
        }

        Assert.All(await Task.WhenAll(answers), a => Assert.IsType<ProposalCommitted>(a));
        await cluster.Converged();
        Assert.All(cluster.Nodes, n => Assert.Equal(Enumerable.Range(0, 400).Select(i => $"w{i}").Order(), n.Machine.Applied.Order()));

        string AddressOf(TestNode node) => cluster.Members.Single(m => m.Id == node.Stream.NodeId).Address;
    }

    [Fact]
    public async Task Lost_answers_must_be_asked_for_again()
    {
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync(brief: true);
        TestNode follower = await cluster.Follower();
        await using RaftSession session = await follower.Stream.OpenSessionAsync();
        int dropped = 0;
        cluster.Network.Filter((_, _, frame) =>
            !(PeerFrameHeader.TryReadRoute(frame.Bytes.Span, out PeerFrameHeader header, out _) && header.Type == PeerFrameType.ForwardReply && Interlocked.Increment(ref dropped) <= 2));
        Assert.Equal("applied 1: once", Result(await session.ProposeAsync("once"u8.ToArray(), TimeSpan.FromSeconds(30))));
        Assert.True(dropped > 2);
        await cluster.Converged();
        Assert.All(cluster.Nodes, n => Assert.Equal(["once"], n.Machine.Applied));
    }

    [Fact]
    public async Task Sessions_must_survive_a_snapshot_and_a_restart()
    {
        (StreamId stream, ImmutableArray<Member> members) = Single();
        string folder = Path.Combine(Path.GetTempPath(), $"raft-sessions-{Guid.NewGuid():N}");
        Config config = ConfigurationFactory.ParseString($"akka.persistence.snapshot-store.local.dir = \"{folder.Replace('\\', '/')}\"");
        Config settings = ConfigurationFactory.ParseString("snapshot-reserved-entries = 0");
        try
        {
            SessionGrant session;
            await using (TestNode node = await TestNode.StartAsync(stream, members[0].Id, members, config, settings))
            {
                session = await OpenByHand(node);
                await Propose(node, session, 1, "a");
                Assert.IsType<SnapshotCompleted>(await node.Stream.TakeSnapshotAsync());
                await Propose(node, session, 2, "b");
            }

            await using TestNode again = await TestNode.StartAsync(stream, members[0].Id, members, config, settings);
            await again.Until(s => s.IsReady);
            Assert.Contains("load", again.Machine.Calls);
            Assert.Equal("applied 1: a", Result(await Propose(again, session, 1, "a")));
            Assert.Equal("applied 2: b", Result(await Propose(again, session, 2, "b")));
            Assert.Equal("applied 3: c", Result(await Propose(again, session, 3, "c")));
            Assert.Equal(["a", "b", "c"], again.Machine.Applied);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Serials_below_the_window_and_closed_sessions_must_be_refused_and_not_applied()
    {
        await using TestNode node = await StartSingle("max-session-results = 2, max-session-result-bytes = 20");
        SessionGrant session = await OpenByHand(node);
        Assert.Equal(2, session.MaxResults);
        Assert.Equal(1, (await node.Stream.GetStatusAsync()).Sessions);
        foreach (ulong serial in new ulong[] { 1, 2, 3 })
        {
            await Propose(node, session, serial, $"w{serial}");
        }

        Assert.Equal(RefusalCode.SessionSerialTooOld, Refusal(await Propose(node, session, 1, "w1")));
        Assert.Equal(RefusalCode.SessionResultForgotten, Refusal(await Propose(node, session, 2, "w2")));
        Assert.Equal("applied 3: w3", Result(await Propose(node, session, 3, "w3")));
        Assert.IsType<ProposalCommitted>(await node.Stream.Ref.Ask<ProposalAnswer>(new KeepSessionAlive(session.SessionId)));
        Assert.IsType<ProposalCommitted>(await node.Stream.Ref.Ask<ProposalAnswer>(new CloseSession(session.SessionId)));
        Assert.Equal(RefusalCode.SessionExpired, Refusal(await node.Stream.Ref.Ask<ProposalAnswer>(new CloseSession(session.SessionId))));
        Assert.Equal(RefusalCode.SessionExpired, Refusal(await node.Stream.Ref.Ask<ProposalAnswer>(new KeepSessionAlive(session.SessionId))));
        Assert.Equal(RefusalCode.SessionExpired, Refusal(await Propose(node, session, 4, "w4")));
        Assert.Equal(["w1", "w2", "w3"], node.Machine.Applied);
        Assert.Equal(0, (await node.Stream.GetStatusAsync()).Sessions);
    }

    [Fact]
    public async Task Impossible_requests_must_be_refused_before_they_cost_anything()
    {
        await using TestNode node = await StartSingle();
        Assert.Equal(RefusalCode.Invalid, Refusal(await node.Propose("x", new ProposeOptions { Session = new SessionSerial(1, 0) })));
        Assert.Equal(RefusalCode.Invalid, Refusal(await node.Propose("x", new ProposeOptions { Session = new SessionSerial(0, 1) })));
        Assert.Equal(RefusalCode.Invalid, Refusal(await node.Stream.Ref.Ask<ProposalAnswer>(new OpenSession(TimeSpan.Zero))));
        Assert.Equal(RefusalCode.Invalid, Refusal(await node.Stream.Ref.Ask<ProposalAnswer>(new OpenSession(TimeSpan.FromDays(31)))));
        Assert.Equal(RefusalCode.Invalid, Refusal(await node.Stream.Ref.Ask<ProposalAnswer>(new CloseSession(0))));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => node.Stream.OpenSessionAsync(new SessionOptions { MaxPipelined = 0 }));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => node.Stream.OpenSessionAsync(new SessionOptions { Timeout = TimeSpan.Zero }));
        await using RaftSession session = await node.Stream.OpenSessionAsync();
        Assert.Equal(RefusalCode.Invalid, Refusal(await session.ProposeAsync(default, TimeSpan.Zero)));
        Assert.Equal(RefusalCode.EntryTooLarge, Refusal(await session.ProposeAsync(new byte[8 << 20])));
        SessionNotOpenedException gone = await Assert.ThrowsAsync<SessionNotOpenedException>(() => node.Stream.ResumeSessionAsync(session.Grant with { SessionId = 99 }, 1));
        Assert.Equal(RefusalCode.SessionExpired, Refusal(gone.LastAnswer!));
    }

    [Fact]
    public async Task One_session_may_serve_many_threads_and_more_commands_than_it_remembers()
    {
        await using TestNode node = await StartSingle("max-session-results = 8");
        await using RaftSession session = await node.Stream.OpenSessionAsync();
        ProposalAnswer[] answers = await Task.WhenAll(Enumerable.Range(0, 500).Select(i => Task.Run(() => session.ProposeAsync(Encoding.UTF8.GetBytes($"w{i}"), TimeSpan.FromSeconds(30)))));
        Assert.Equal(500, answers.Select(Result).Distinct().Count());
        Assert.Equal(500, node.Machine.Applied.Distinct().Count());
        Assert.Equal(500, node.Machine.Applied.Count);
    }

    [Fact]
    public async Task Cancelled_commands_must_say_whether_they_may_have_been_applied()
    {
        await using TestNode node = await StartSingle();
        await using RaftSession session = await node.Stream.OpenSessionAsync(new SessionOptions { MaxPipelined = 1 });
        node.Machine.Gate.Reset();
        using CancellationTokenSource cancel = new();
        Task<ProposalAnswer> first = session.ProposeAsync("first"u8.ToArray(), cancellationToken: cancel.Token);
        Task<ProposalAnswer> second = session.ProposeAsync("second"u8.ToArray(), cancellationToken: cancel.Token);
        await node.Until(s => s.CommitIndex > s.AppliedIndex);
        await cancel.CancelAsync();
        Assert.False((await Assert.ThrowsAsync<ProposalCanceledException>(() => first)).IsCertainlyNotProposed);
        Assert.True((await Assert.ThrowsAsync<ProposalCanceledException>(() => second)).IsCertainlyNotProposed);
        Assert.True((await Assert.ThrowsAsync<ProposalCanceledException>(() => session.ProposeAsync(default, cancellationToken: cancel.Token))).IsCertainlyNotProposed);
        Assert.True(first.IsCanceled && second.IsCanceled);
        node.Machine.Gate.Set();
        Assert.Equal("applied 2: third", Result(await session.ProposeAsync("third"u8.ToArray(), TimeSpan.FromSeconds(30))));
        Assert.Equal(["first", "third"], node.Machine.Applied);
    }

    [Fact]
    public async Task Stop_of_the_stream_must_answer_everybody()
    {
        await using TestNode node = await StartSingle("stop-timeout = 300ms");
        RaftSession session = await node.Stream.OpenSessionAsync(new SessionOptions { MaxPipelined = 1 });
        node.Machine.Gate.Reset();
        Task<ProposalAnswer> first = session.ProposeAsync("first"u8.ToArray(), TimeSpan.FromMinutes(10));
        Task<ProposalAnswer> second = session.ProposeAsync("second"u8.ToArray(), TimeSpan.FromMinutes(10));
        await node.Until(s => s.CommitIndex > s.AppliedIndex);
        Task stop = RaftStreams.Get(node.System).StopStreamAsync(node.Stream.Id);
        Assert.IsType<OutcomeUnknown>(await first);
        Assert.IsType<ProposalRefused>(await second);
        node.Machine.Gate.Set();
        await stop;
        Assert.IsType<ProposalRefused>(await session.ProposeAsync("late"u8.ToArray()));
        await session.CloseAsync();
        await Assert.ThrowsAsync<SessionNotOpenedException>(() => node.Stream.OpenSessionAsync());
    }

    [Fact]
    public async Task Failed_state_machine_must_not_make_a_command_certain_that_is_not()
    {
        await using TestNode node = await StartSingle();
        await using RaftSession session = await node.Stream.OpenSessionAsync();
        node.Machine.FailOn = "boom";
        Assert.IsType<OutcomeUnknown>(await session.ProposeAsync("boom"u8.ToArray(), TimeSpan.FromSeconds(1)));
    }

    private static (StreamId Stream, ImmutableArray<Member> Members) Single() => (TestConfig.NewStream(), [new Member(new NodeId(1), MemberKind.Voter, "127.0.0.1:1")]);

    private static async Task<TestNode> StartSingle(string settings = "")
    {
        (StreamId stream, ImmutableArray<Member> members) = Single();
        TestNode node = await TestNode.StartAsync(stream, members[0].Id, members, Config.Empty, ConfigurationFactory.ParseString(settings));
        await node.Until(s => s.IsReady);
        return node;
    }

    private static async Task<SessionGrant> OpenByHand(TestNode node) => SessionGrant.Of(await node.Stream.Ref.Ask<ProposalAnswer>(new OpenSession()))!;

    private static Task<ProposalAnswer> Propose(TestNode node, SessionGrant session, ulong serial, string text) =>
        node.Propose(text, new ProposeOptions { Session = new SessionSerial(session.SessionId, serial) });

    private static string Result(ProposalAnswer answer) => Encoding.UTF8.GetString(Assert.IsType<ProposalCommitted>(answer).Result.Span);

    private static RefusalCode Refusal(ProposalAnswer answer) => Assert.IsType<ProposalRefused>(answer).Code;
}
