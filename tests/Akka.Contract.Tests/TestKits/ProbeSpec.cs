using System.Collections;
using Xunit.Sdk;

namespace Akka.Contract.Tests.TestKits;

public sealed class ProbeSpec : ContractSpec
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(50);

    private IActorRef Echo => Sys.ActorOf(Props.Create(() => new Echoing()));

    [Fact]
    public void The_test_actor_must_be_the_sender_of_what_the_test_sends()
    {
        Echo.Tell("hello");

        ExpectMsg("hello");
    }

    [Fact]
    public async Task The_test_actor_must_be_the_sender_after_an_await_too()
    {
        var echo = Echo;
        for (var round = 0; round < 20; round++)
        {
            await Task.Delay(1);
            await Task.Yield();
            echo.Tell(round);
            await ExpectMsgAsync(round);
        }
    }

    [Fact]
    public void A_probe_must_send_reply_and_forward_in_its_own_name()
    {
        var one = CreateTestProbe();
        var two = CreateTestProbe("two");

        one.Send(two.Ref, "question");
        two.ExpectMsg("question");
        Assert.Equal(one.Ref, two.Sender);
        two.Reply("answer");
        one.ExpectMsgFrom(two.Ref, "answer");

        one.Send(two.Ref, "for someone else");
        two.ExpectMsg("for someone else");
        two.Forward(TestActor);
        ExpectMsg("for someone else");
        Assert.Equal(one.Ref, LastSender);
    }

    [Fact]
    public void A_probe_must_stand_where_a_reference_is_asked_for()
    {
        var probe = CreateTestProbe();
        IActorRef asReference = probe;

        Echo.Tell("hello", probe);

        probe.ExpectMsg("hello");
        Assert.True(asReference.Equals(probe.Ref));
        Assert.Equal(probe.Ref.Path, asReference.Path);
    }

    [Fact]
    public void An_auto_pilot_must_answer_until_it_ends_itself()
    {
        var probe = CreateTestProbe();
        var left = 2;
        probe.SetAutoPilot(new DelegateAutoPilot((sender, message) =>
        {
            sender.Tell($"auto {message}");
            return --left > 0 ? AutoPilot.KeepRunning : AutoPilot.NoAutoPilot;
        }));

        probe.Ref.Tell("1");
        probe.Ref.Tell("2");
        probe.Ref.Tell("3");

        ExpectMsg("auto 1");
        ExpectMsg("auto 2");

        // The test sees the messages nevertheless.
        probe.ExpectMsg("1");
        probe.ExpectMsg("2");
        probe.ExpectMsg("3");
        Assert.False(HasMessages);
    }

    [Fact]
    public void Expectations_must_fail_on_the_wrong_message_the_wrong_sender_and_silence()
    {
        Assert.ThrowsAny<XunitException>(() => ExpectMsg("never", Soon));
        TestActor.Tell("wrong");
        Assert.ThrowsAny<XunitException>(() => ExpectMsg("right"));
        TestActor.Tell("text");
        Assert.ThrowsAny<XunitException>(() => ExpectMsg<int>());
        TestActor.Tell("text");
        Assert.ThrowsAny<XunitException>(() => ExpectMsgFrom(CreateTestProbe().Ref, "text"));
        TestActor.Tell("text");
        Assert.ThrowsAny<XunitException>(() => ExpectNoMsg(TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public void Silence_must_be_silence() => ExpectNoMsg(Soon);

    [Fact]
    public async Task The_async_expectations_must_do_as_the_others()
    {
        TestActor.Tell("one");
        await ExpectMsgAsync("one");
        TestActor.Tell(2);
        Assert.Equal(2, await ExpectMsgAsync<int>(number => number == 2));
        await ExpectNoMsgAsync(Soon);
        await Assert.ThrowsAnyAsync<XunitException>(async () => await ExpectMsgAsync("never", Soon));
        Sys.Scheduler.ScheduleTellOnce(Soon, TestActor, "later", TestActor);
        await ExpectMsgAsync<string>(text => Assert.Equal("later", text));
        var actor = Echo;
        Watch(actor);
        Sys.Stop(actor);
        await ExpectTerminatedAsync(actor);
        await AwaitConditionAsync(() => Task.FromResult(true), Patience, CancellationToken.None);
        Assert.Equal(3, await WithinAsync(Patience, async () =>
        {
            await Task.Yield();
            return 3;
        }));
    }

    [Fact]
    public void FishForMessage_must_pass_over_the_others_and_keep_them_if_asked()
    {
        foreach (var message in new object[] { "a", 1, "b", 2, "c" })
        {
            TestActor.Tell(message);
        }

        var others = new ArrayList();
        Assert.Equal(1, FishForMessage<int>(_ => true));
        Assert.Equal("c", FishForMessage<string>(text => text == "c", others));
        Assert.Equal(new object[] { "b", 2 }, others.ToArray());
        Assert.ThrowsAny<XunitException>(() => FishForMessage(_ => true, Soon));
    }

    [Fact]
    public void Series_of_messages_must_be_received_as_asked()
    {
        foreach (var message in new object[] { "1", "2", "3", "4", "5", 6 })
        {
            TestActor.Tell(message);
        }

        Assert.Equal(["1", "2"], ReceiveN(2).Cast<string>());
        ExpectMsgAllOf("4", "3");
        ExpectMsgAnyOf(["4", "5"]);
        Assert.Empty(ReceiveWhile<string>(Soon, message => message as string));
        Assert.Equal(6, ReceiveOne(Soon));
        Assert.Null(ReceiveOne(TimeSpan.Zero));
        Assert.ThrowsAny<XunitException>(() => ReceiveN(1, Soon));
    }

    [Fact]
    public void ReceiveWhile_must_leave_the_message_that_ends_the_series()
    {
        foreach (var message in new object[] { "1", "2", 3, "4" })
        {
            TestActor.Tell(message);
        }

        Assert.Equal(["1", "2"], ReceiveWhile<string>(Patience, message => message as string));
        ExpectMsg(3);
        ExpectMsg("4");
    }

    [Fact]
    public void Within_must_bound_what_runs_in_it()
    {
        Within(Patience, () =>
        {
            Assert.True(Remaining <= Patience);
            TestActor.Tell("quick");
            ExpectMsg("quick");
        });
        Assert.ThrowsAny<XunitException>(() => Within(Soon, () => ExpectMsg("never")));
        Assert.ThrowsAny<XunitException>(() => Within(Patience, 2 * Patience, () => { }));
    }

    [Fact]
    public void Conditions_and_assertions_must_be_waited_for()
    {
        var tries = 0;
        AwaitCondition(() => ++tries == 3, Patience, TimeSpan.FromMilliseconds(5));
        AwaitAssert(() => Assert.Equal(6, ++tries), Patience, TimeSpan.FromMilliseconds(5));
        Assert.Equal(6, tries);
        Assert.ThrowsAny<XunitException>(() => AwaitCondition(() => false, Soon, TimeSpan.FromMilliseconds(5)));
        Assert.ThrowsAny<XunitException>(() => AwaitAssert(() => Assert.Fail("never"), Soon, TimeSpan.FromMilliseconds(5)));
    }

    [Fact]
    public void Ignored_messages_must_not_be_queued()
    {
        IgnoreMessages<int>();
        TestActor.Tell(1);
        TestActor.Tell("heard");
        ExpectMsg("heard");

        IgnoreNoMessages();
        TestActor.Tell(2);
        ExpectMsg(2);
    }

    [Fact]
    public void A_test_actor_ref_must_open_the_instance()
    {
        var actor = ActorOfAsTestActorRef<Echoing>("opened");

        actor.Tell("one");
        Assert.Equal(1, actor.UnderlyingActor.Count);
        ExpectMsg("one");
        Assert.Equal("/user/opened", actor.Path.ToStringWithoutAddress());
        actor.Receive("two");
        Assert.Equal(2, actor.UnderlyingActor.Count);
        Assert.Throws<Boom>(() => actor.Receive(new Boom()));
    }

    [Fact]
    public void A_child_of_a_probe_must_have_the_probe_as_parent()
    {
        var probe = CreateTestProbe();

        var child = probe.ChildActorOf(Props.Create(() => new Echoing()), "child");

        child.Tell("parent?");
        ExpectMsg(probe.Ref);
        Assert.Equal(probe.Ref.Path / "child", child.Path);
    }

    [Fact]
    public void A_second_system_must_be_observable_and_be_shut_down()
    {
        var other = ActorSystem.Create("other", Sys.Settings.Config);
        try
        {
            CreateEventFilter(other).Info("from the other").ExpectOne(() => other.Log.Info("from the other"));
            var probe = CreateTestProbe(other);
            probe.Ref.Tell("hello");
            probe.ExpectMsg("hello");
        }
        finally
        {
            Shutdown(other, Patience, verifySystemShutdown: true);
        }

        Assert.True(other.WhenTerminated.IsCompleted);
    }

    private sealed class Echoing : ReceiveActor
    {
        public Echoing()
        {
            Receive<Exception>(failure => throw failure);
            Receive<string>(text => text == "parent?", _ => Sender.Tell(Context.Parent));
            ReceiveAny(message =>
            {
                Count++;
                Sender.Tell(message);
            });
        }

        public int Count { get; private set; }
    }
}
