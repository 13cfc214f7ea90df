using System.Collections.Concurrent;
using System.Text;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using RaftActors.Runtime;
using RaftActors.Tests.Support;

namespace RaftActors.Tests.Clusters;

/// <summary>A stream with one member: the whole path of a write without a network.</summary>
public sealed class SingleNodeSpec
{
    private static readonly NodeId Self = new(1);

    [Fact]
    public async Task Write_must_be_applied_and_answered_with_its_result()
    {
        await using TestNode node = await StartAsync();

        ProposalCommitted first = await node.Write("one");
        ProposalCommitted second = await node.Write("two");

        Assert.Equal("applied 1: one", Encoding.UTF8.GetString(first.Result.Span));
        Assert.Equal("applied 2: two", Encoding.UTF8.GetString(second.Result.Span));
        Assert.Equal(first.Index.Next, second.Index);
        Assert.Equal(["one", "two"], node.Machine.Applied);
    }

    [Fact]
    public async Task Read_must_see_every_write_acknowledged_before_it()
    {
        await using TestNode node = await StartAsync();
        for (int i = 1; i <= 20; i++)
        {
            await node.Write($"{i}");
            Assert.Equal($"{i}", await node.Read("count"));
        }

        Assert.Equal("20", await node.Read("last", ReadConsistency.Lease));
        Assert.Equal("20", await node.Read("last", ReadConsistency.Stale));
        ReadCompleted barrier = Assert.IsType<ReadCompleted>(await node.Stream.ReadBarrierAsync());
        Assert.Equal((await node.Stream.GetStatusAsync()).AppliedIndex, barrier.AppliedIndex);
    }

    [Fact]
    public async Task Concurrent_writes_must_share_batches_and_keep_their_answers()
    {
        await using TestNode node = await StartAsync();
        await node.Write("first");
        ProposalAnswer[] answers = await Task.WhenAll(Enumerable.Range(0, 2000).Select(i => node.Propose($"w{i}")));

        Assert.All(answers, (answer, i) =>
            Assert.EndsWith($": w{i}", Encoding.UTF8.GetString(Assert.IsType<ProposalCommitted>(answer).Result.Span), StringComparison.Ordinal));
        Assert.Equal(2000, answers.Cast<ProposalCommitted>().Select(a => a.Index).Distinct().Count());
    }

    [Fact]
    public async Task Restarted_stream_must_recover_what_was_acknowledged()
    {
        StreamId stream = TestConfig.NewStream();
        ulong hash;
        LogIndex last;
        await using (TestNode node = await StartAsync(stream))
        {
            await node.Write("one");
            last = (await node.Write("two")).Index;
            hash = (await node.Stream.GetStatusAsync()).StateHash;
        }

        await using TestNode again = await StartAsync(stream);
        StreamStatus status = await again.Until(s => s.AppliedIndex >= last);
        Assert.Equal(hash, status.StateHash);
        Assert.Equal("2", await again.Read("count"));
        await again.Write("three");
        Assert.Equal(["one", "two", "three"], again.Machine.Applied);
    }

    [Fact]
    public async Task Stopped_leader_must_tell_nothing_to_actors_that_it_has_stopped()
    {
        // No timer comes in between: what is told just before the stop is another matter.
        await using TestNode node = await StartAsync(settings: "election-timeout-min = 25s\nelection-timeout-max = 29s\nheartbeat-interval = 8s");
        await node.Stream.TriggerElectionAsync();
        await node.Write("one");
        ConcurrentQueue<DeadLetter> letters = new();
        IActorRef listener = node.System.ActorOf(Props.Create(() => new DeadLetterListener(letters)));
        node.System.EventStream.Subscribe(listener, typeof(DeadLetter));

        await RaftStreams.Get(node.System).StopStreamAsync(node.Stream.Id);
        await listener.GracefulStop(TimeSpan.FromSeconds(60));

        Assert.DoesNotContain(letters, letter => letter.Message is Effect or StopTransfers);
    }

    [Fact]
    public async Task Stream_must_be_stoppable_and_startable_in_one_system()
    {
        await using TestNode node = await StartAsync();
        await node.Write("one");
        RaftStreams streams = RaftStreams.Get(node.System);

        await streams.StopStreamAsync(node.Stream.Id);

        Assert.Contains("shutdown", node.Machine.Calls);
        Assert.Empty(streams.Streams);
        Assert.Throws<StreamNotFoundException>(() => streams.GetStream(node.Stream.Id));
        Assert.Equal(RefusalCode.Stopping, Assert.IsType<ProposalRefused>(await node.Propose("late")).Code);
        Assert.IsType<ReadFailed>(await node.Stream.ReadBarrierAsync());

        TestNode again = await TestNode.StartAsync(node.System, node.Stream.Id, Self, node.Stream.Definition.Members);
        await again.Write("two");
        Assert.Equal("2", await again.Read("count"));
    }

    [Fact]
    public async Task Stream_must_be_startable_after_its_dispatcher_had_nobody_left()
    {
        // A dispatcher ends its threads so long after its last actor has gone, and for good.
        Config hasty = ConfigurationFactory.ParseString("""raft-actors.dispatchers.user-code.shutdown-timeout = 0s""");
        await using TestNode node = await TestNode.StartAsync(TestConfig.NewStream(), Self, [new Member(Self, MemberKind.Voter, "localhost:1")], hasty);
        RaftStreams streams = RaftStreams.Get(node.System);
        for (int i = 1; i <= 5; i++)
        {
            await streams.StopStreamAsync(node.Stream.Id);
            TestNode again = await TestNode.StartAsync(node.System, node.Stream.Id, Self, node.Stream.Definition.Members);
            await again.Write($"{i}");
            Assert.Equal($"{i}", await again.Read("count"));
        }
    }

    [Fact]
    public async Task Second_start_of_a_running_stream_must_be_refused()
    {
        await using TestNode node = await StartAsync();

        StreamStartException e = await Assert.ThrowsAsync<StreamStartException>(() => TestNode.StartAsync(node.System, node.Stream.Id, Self, node.Stream.Definition.Members));
        Assert.Contains("runs already", e.Message, StringComparison.Ordinal);
        await node.Write("unharmed");
    }

    [Fact]
    public async Task Committed_entry_must_be_readable_by_index()
    {
        await using TestNode node = await StartAsync();
        LogIndex index = (Assert.IsType<ProposalCommitted>(await node.Propose("hello", new ProposeOptions { Key = 77 }))).Index;

        CommittedEntryFound found = Assert.IsType<CommittedEntryFound>(await node.Stream.ReadCommittedAsync(index));
        Assert.Equal(("hello", 77UL, EntryKind.Normal), (Encoding.UTF8.GetString(found.Data.Span), found.Key, found.Kind));
        Assert.Equal(EntryKind.NoOp, Assert.IsType<CommittedEntryFound>(await node.Stream.ReadCommittedAsync(new LogIndex(1))).Kind);
        Assert.IsType<CommittedEntryNotYet>(await node.Stream.ReadCommittedAsync(index.Next));
    }

    [Fact]
    public async Task Oversized_value_must_be_refused_with_the_limit()
    {
        await using TestNode node = await StartAsync(settings: "max-entry-size = 1000");

        ProposalRefused refused = Assert.IsType<ProposalRefused>(await node.Propose(new string('x', 1001)));
        Assert.Equal(RefusalCode.EntryTooLarge, refused.Code);
        Assert.Contains("1000", refused.Reason, StringComparison.Ordinal);
        await node.Write(new string('x', 1000));
    }

    [Fact]
    public async Task Proposal_for_another_term_must_be_refused()
    {
        await using TestNode node = await StartAsync();
        Term term = (await node.Write("one")).Term;

        Assert.IsType<ProposalCommitted>(await node.Propose("same", new ProposeOptions { ExpectedTerm = term }));
        Assert.Equal(RefusalCode.TermChanged, Assert.IsType<ProposalRefused>(await node.Propose("other", new ProposeOptions { ExpectedTerm = term.Next })).Code);
        Assert.Equal(RefusalCode.Invalid, Assert.IsType<ProposalRefused>(await node.Propose("never", new ProposeOptions { Timeout = TimeSpan.Zero })).Code);
    }

    [Fact]
    public async Task Actors_must_be_able_to_propose_and_query_by_message()
    {
        await using TestNode node = await StartAsync();

        ProposalAnswer answer = await node.System.AskFrom<ProposalAnswer>(node.Stream.Ref, new Propose("by message"u8.ToArray()));
        Assert.IsType<ProposalCommitted>(answer);
        ReadAnswer read = await node.System.AskFrom<ReadAnswer>(node.Stream.Ref, new Query("last"u8.ToArray()));
        Assert.Equal("by message", Encoding.UTF8.GetString(Assert.IsType<ReadCompleted>(read).Result.Span));
    }

    [Fact]
    public async Task Failing_query_must_concern_only_whoever_asked()
    {
        await using TestNode node = await StartAsync();
        await node.Write("one");

        ReadFailed failed = Assert.IsType<ReadFailed>(await node.Stream.QueryAsync("nonsense"u8.ToArray()));
        Assert.Contains("no such query", failed.Reason, StringComparison.Ordinal);
        Assert.Equal("1", await node.Read("count"));
    }

    [Fact]
    public async Task Slow_state_machine_must_not_delay_consensus_and_waiters_must_be_answered_in_time()
    {
        await using TestNode node = await StartAsync();
        await node.Write("one");
        node.Machine.Gate.Reset();
        try
        {
            Task<ProposalAnswer> stuck = node.Propose("stuck", new ProposeOptions { Timeout = TimeSpan.FromSeconds(2) });
            StreamStatus status = await node.Until(s => s.CommitIndex > s.AppliedIndex);
            Assert.Equal(Role.Leader, status.Role);
            Assert.IsType<OutcomeUnknown>(await stuck);
        }
        finally
        {
            node.Machine.Gate.Set();
        }

        await node.Until(s => s.AppliedIndex == s.CommitIndex);
        Assert.Equal(["one", "stuck"], node.Machine.Applied);
    }

    [Fact]
    public async Task Failing_state_machine_must_stop_applying_and_say_so()
    {
        await using TestNode node = await StartAsync(prepare: m => m.FailOn = "bomb");
        await node.Write("one");

        Assert.IsType<OutcomeUnknown>(await node.Propose("bomb"));

        StreamStatus status = await node.Until(s => s.Health == StreamHealth.Failed);
        Assert.Contains("told to fail", status.FailureReason, StringComparison.Ordinal);
        Assert.False(status.IsReady);
        Assert.Equal(RefusalCode.StateMachineFailed, Assert.IsType<ProposalRefused>(await node.Propose("after")).Code);
        Assert.False(Assert.IsType<ReadFailed>(await node.Stream.ReadBarrierAsync()).CanRetry);
        Assert.Equal(["one"], node.Machine.Applied);
        Assert.Single(node.Machine.Calls, "error");
    }

    [Fact]
    public async Task State_machine_that_cannot_be_made_must_fail_the_start()
    {
        StreamStartException e = await Assert.ThrowsAsync<StreamStartException>(() => StartAsync(prepare: _ => throw new InvalidOperationException("no disk")));
        Assert.Contains("no disk", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Too_many_open_requests_must_be_answered_as_overload()
    {
        await using TestNode node = await StartAsync(settings: "max-open-requests = 10");
        await node.Write("one");
        node.Machine.Gate.Reset();
        Task<ProposalAnswer>[] open = [.. Enumerable.Range(0, 12).Select(i => node.Propose($"w{i}"))];

        Assert.IsType<Overloaded>(await open[10]);
        Assert.IsType<Overloaded>(await open[11]);
        node.Machine.Gate.Set();
        Assert.All(await Task.WhenAll(open[..10]), a => Assert.IsType<ProposalCommitted>(a));
    }

    [Fact]
    public async Task Leader_that_steps_down_must_tell_its_state_machine()
    {
        await using TestNode node = await StartAsync();
        Term term = (await node.Write("one")).Term;
        Assert.Contains("leader-start", node.Machine.Calls);

        await node.Stream.StepDownAsync();

        await node.Until(s => s.Role == Role.Leader && s.Term > term && s.IsReady);
        Assert.Equal(["leader-start", "leader-stop", "leader-start"], node.Machine.Calls);
        await node.Write("two");
    }

    [Fact]
    public async Task System_shutdown_must_answer_everybody()
    {
        TestNode node = await StartAsync();
        await node.Write("one");
        Task<ProposalAnswer>[] open = [.. Enumerable.Range(0, 200).Select(i => node.Propose($"w{i}"))];

        await node.System.Terminate();

        foreach (ProposalAnswer answer in await Task.WhenAll(open).WaitAsync(TimeSpan.FromSeconds(30)))
        {
            Assert.True(answer is ProposalCommitted or OutcomeUnknown or ProposalRefused, $"{answer}");
        }

        Assert.IsType<ProposalRefused>(await node.Propose("late").WaitAsync(TimeSpan.FromSeconds(20)));
    }

    private static Task<TestNode> StartAsync(StreamId? stream = null, string? settings = null, Action<RecordingStateMachine>? prepare = null) => TestNode.StartAsync(
        stream ?? TestConfig.NewStream(),
        Self,
        [new Member(Self, MemberKind.Voter, "localhost:1")],
        Config.Empty,
        settings is null ? null : ConfigurationFactory.ParseString(settings),
        prepare);

    private sealed class DeadLetterListener : ReceiveActor
    {
        public DeadLetterListener(ConcurrentQueue<DeadLetter> letters) => Receive<DeadLetter>(letters.Enqueue);
    }
}
