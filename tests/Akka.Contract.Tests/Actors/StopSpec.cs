using Akka.Event;

namespace Akka.Contract.Tests.Actors;

public sealed class StopSpec : ContractSpec
{
    [Fact]
    public void Stop_must_let_the_message_in_progress_finish_and_drop_those_behind_it()
    {
        var letters = CreateTestProbe();
        Sys.EventStream.Subscribe(letters.Ref, typeof(DeadLetter));
        var actor = Sys.ActorOf(Reporter.Props(TestActor));
        Watch(actor);
        ExpectMsg("it:PreStart");

        WhileBlocked(actor, () =>
        {
            actor.Tell("queued 1");
            actor.Tell("queued 2");

            // Sys.Stop would go through the guardian's mailbox first.
            ((IInternalActorRef)actor).Stop();
        });

        ExpectMsg("it:PostStop");
        ExpectTerminated(actor);
        Assert.Equal("queued 1", letters.ExpectMsg<DeadLetter>().Message);
        Assert.Equal("queued 2", letters.ExpectMsg<DeadLetter>().Message);
    }

    [Fact]
    public void PoisonPill_must_be_processed_in_its_turn()
    {
        var letters = CreateTestProbe();
        Sys.EventStream.Subscribe(letters.Ref, typeof(DeadLetter));
        var actor = Sys.ActorOf(Reporter.Props(TestActor));
        Watch(actor);
        ExpectMsg("it:PreStart");

        WhileBlocked(actor, () =>
        {
            actor.Tell("before");
            actor.Tell(PoisonPill.Instance);
            actor.Tell("after");
        });

        ExpectMsg("it:before");
        ExpectMsg("it:PostStop");
        ExpectTerminated(actor);
        var letter = letters.ExpectMsg<DeadLetter>();
        Assert.Equal("after", letter.Message);
        Assert.Equal(actor.Path, letter.Recipient.Path);
    }

    [Fact]
    public void Kill_must_reach_the_supervisor_as_ActorKilledException_and_stop_by_default()
    {
        var actor = Sys.ActorOf(Reporter.Props(TestActor));
        Watch(actor);
        ExpectMsg("it:PreStart");

        EventFilter.Exception<ActorKilledException>().ExpectOne(() => actor.Tell(Kill.Instance));

        ExpectMsg("it:PostStop");
        ExpectTerminated(actor);
    }

    [Fact]
    public void Kill_must_be_a_failure_like_any_other_to_a_supervisor_that_restarts()
    {
        var seen = CreateTestProbe();
        var parent = Sys.ActorOf(Parent.Props(new OneForOneStrategy(reason =>
        {
            seen.Ref.Tell(reason.GetType());
            return Directive.Restart;
        })));
        parent.Tell((Reporter.Props(seen.Ref), "child"));
        var child = ExpectMsg<IActorRef>();
        seen.ExpectMsg("it:PreStart");

        child.Tell(Kill.Instance);
        child.Tell("after");

        seen.ExpectMsg(typeof(ActorKilledException));
        Assert.StartsWith("it:PreRestart(", seen.ExpectMsg<string>());
        seen.ExpectMsg("it:PostStop");
        Assert.StartsWith("it:PostRestart(", seen.ExpectMsg<string>());
        seen.ExpectMsg("it:PreStart");
        seen.ExpectMsg("it:after");
    }

    [Fact]
    public void Children_must_be_gone_before_their_parent_says_PostStop()
    {
        var events = CreateTestProbe();
        var parent = Sys.ActorOf(Reporter.Props(events.Ref, "parent"));
        events.ExpectMsg("parent:PreStart");
        parent.Tell(Reporter.Props(events.Ref, "child"));
        ExpectMsg<IActorRef>();
        events.ExpectMsg("child:PreStart");
        Watch(parent);

        Sys.Stop(parent);

        events.ExpectMsg("child:PostStop");
        events.ExpectMsg("parent:PostStop");
        ExpectTerminated(parent);
    }

    [Fact]
    public void An_actor_that_stops_itself_must_not_see_another_message()
    {
        var actor = Sys.ActorOf(Reporter.Props(TestActor));
        Watch(actor);
        ExpectMsg("it:PreStart");

        WhileBlocked(actor, () =>
        {
            actor.Tell("stop");
            actor.Tell("too late");
        });

        ExpectMsg("it:PostStop");
        ExpectTerminated(actor);
    }

    [Fact]
    public async Task GracefulStop_must_complete_when_the_actor_has_ended()
    {
        var actor = Sys.ActorOf(Reporter.Props(TestActor));
        ExpectMsg("it:PreStart");

        Assert.True(await actor.GracefulStop(Patience));

        ExpectMsg("it:PostStop");
    }

    [Fact]
    public async Task GracefulStop_must_use_the_stop_message_it_is_given()
    {
        var actor = Sys.ActorOf(Reporter.Props(TestActor));
        ExpectMsg("it:PreStart");

        Assert.True(await actor.GracefulStop(Patience, "stop"));

        ExpectMsg("it:PostStop");
    }

    [Fact]
    public async Task GracefulStop_must_complete_for_an_actor_that_has_ended_before()
    {
        var actor = Sys.ActorOf(Reporter.Props(TestActor));
        Watch(actor);
        Sys.Stop(actor);
        ExpectMsg("it:PreStart");
        ExpectMsg("it:PostStop");
        ExpectTerminated(actor);

        Assert.True(await actor.GracefulStop(Patience));
    }
}
