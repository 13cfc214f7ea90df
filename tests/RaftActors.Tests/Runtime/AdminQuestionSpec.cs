using Akka.Actor;
using Akka.Configuration;
using Akka.Remote;
using Akka.TestKit;
using RaftActors.Administration;

namespace RaftActors.Tests.Runtime;

/// <summary>Who asks a node for a change that takes long hears at once that nobody will answer, in virtual time.</summary>
public sealed class AdminQuestionSpec : Akka.TestKit.Xunit2.TestKit
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(30);
    private static readonly Address Peer = new("akka.tcp", "tests", "127.0.0.1", 4000);
    private static readonly Address Another = new("akka.tcp", "tests", "127.0.0.1", 4001);

    private readonly TaskCompletionSource<AdminReply> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IActorRef _question = ActorRefs.Nobody;

    public AdminQuestionSpec()
        : base(ConfigurationFactory.ParseString("akka.scheduler.implementation = \"Akka.TestKit.TestScheduler, Akka.TestKit\"\nakka.loglevel = OFF"))
    {
    }

    private TestScheduler Time => (TestScheduler)Sys.Scheduler;

    [Fact]
    public async Task Answer_must_come_however_long_it_takes_while_the_node_is_there()
    {
        TestProbe node = CreateTestProbe();
        Ask(node);

        for (int second = 0; second < 50; second++)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.False(_answer.Task.IsCompleted);
        node.Reply(new AdminReply(true, ["done"]));
        Assert.Equal(["done"], (await _answer.Task.WaitAsync(Wait)).Lines);
        ExpectTerminated(_question, Wait);
    }

    [Fact]
    public async Task Lost_connection_must_end_the_wait_at_once()
    {
        Ask(CreateTestProbe());

        Sys.EventStream.Publish(new DisassociatedEvent(Another, Another, inbound: false));
        Sys.EventStream.Publish(new AssociatedEvent(Another, Peer, inbound: false));
        Assert.False(_answer.Task.IsCompleted);
        Sys.EventStream.Publish(new DisassociatedEvent(Another, Peer, inbound: false));

        await AssertLost("connection");
    }

    [Fact]
    public async Task Node_that_cannot_be_reached_must_end_the_wait_at_once()
    {
        Ask(CreateTestProbe());

        Sys.EventStream.Publish(new AssociationErrorEvent(new InvalidOperationException("refused"), Another, Peer, inbound: false, Akka.Event.LogLevel.DebugLevel));

        await AssertLost("connection");
    }

    [Fact]
    public async Task Silent_node_must_be_given_up_long_before_the_deadline()
    {
        Ask(Sys.ActorSelection("/user/nobody"));

        Time.Advance(AdminQuestion.LongestSilence - TimeSpan.FromMilliseconds(1));
        Assert.False(_answer.Task.IsCompleted);
        Time.Advance(TimeSpan.FromMilliseconds(2));

        await AssertLost("said nothing for 5 s");
    }

    [Fact]
    public async Task Node_that_speaks_but_does_not_answer_must_be_given_up_at_the_deadline()
    {
        Ask(CreateTestProbe());

        for (int second = 0; second < 60; second++)
        {
            Assert.False(_answer.Task.IsCompleted);
            Time.Advance(TimeSpan.FromSeconds(1));
        }

        await AssertLost("did not answer within 60 s");
    }

    [Fact]
    public async Task Node_that_was_started_again_must_end_the_wait_for_it_knows_nothing_of_the_question()
    {
        Ask(CreateTestProbe());

        _question.Tell(new ActorIdentity("verb", CreateTestProbe().Ref));

        await AssertLost("started again");
    }

    [Fact]
    public async Task Node_that_has_ended_must_end_the_wait()
    {
        Ask(CreateTestProbe());

        _question.Tell(new ActorIdentity("verb", null!));

        await AssertLost("ended before");
    }

    private void Ask(TestProbe node)
    {
        Ask(Sys.ActorSelection(node.Ref.Path));
        Assert.Equal("verb", node.ExpectMsg<AdminRequest>(Wait).Verb);
    }

    // Nearly everything runs on the thread of the test. What does not is the event stream, which begins to watch who subscribes: while its thread is in the actor, what a step leads to waits for that. No time
    // goes by meanwhile, as the actor knows it.
    private void Ask(ActorSelection node)
    {
        _question = ActorOfAsTestActorRef<AdminQuestion>(AdminQuestion.Props(node, Peer, "verb", Timeout, _answer).WithDispatcher(CallingThreadDispatcher.Id));
        Watch(_question);
    }

    private async Task AssertLost(string why)
    {
        NodeUnreachableException lost = await Assert.ThrowsAsync<NodeUnreachableException>(() => _answer.Task.WaitAsync(Wait));
        Assert.Contains(why, lost.Message, StringComparison.Ordinal);
        Assert.Contains("unknown", lost.Message, StringComparison.Ordinal);
        ExpectTerminated(_question, Wait);
    }
}
