namespace Akka.Contract.Tests.Actors;

public sealed class DeathWatchSpec : ContractSpec
{
    private readonly TestProbe _seen;

    public DeathWatchSpec()
    {
        _seen = CreateTestProbe();
    }

    [Fact]
    public void A_watcher_must_be_told_when_the_watched_actor_ends()
    {
        var target = Sys.ActorOf(BlackHole);
        var watcher = Watcher();
        watcher.Tell(new StartWatching(target));
        _seen.ExpectMsg("watching");

        Sys.Stop(target);

        var terminated = _seen.ExpectMsg<Told>().News;
        Assert.Equal(target, terminated.ActorRef);
        Assert.True(terminated.ExistenceConfirmed);
        Assert.False(terminated.AddressTerminated);
    }

    [Fact]
    public void A_watcher_must_be_told_of_an_actor_that_had_ended_before()
    {
        var target = Ended();

        Watcher().Tell(new StartWatching(target));

        _seen.ExpectMsg("watching");
        Assert.Equal(target, _seen.ExpectMsg<Told>().News.ActorRef);
    }

    [Fact]
    public void A_watcher_must_be_told_of_an_actor_that_never_existed()
    {
        var nobody = ((ExtendedActorSystem)Sys).Provider.ResolveActorRef("akka://contract/user/nobody-here");

        Watcher().Tell(new StartWatching(nobody));

        _seen.ExpectMsg("watching");
        Assert.False(_seen.ExpectMsg<Told>().News.ExistenceConfirmed);
    }

    [Fact]
    public void Watching_twice_must_be_told_once()
    {
        var target = Sys.ActorOf(BlackHole);
        var watcher = Watcher();
        watcher.Tell(new StartWatching(target));
        watcher.Tell(new StartWatching(target));
        _seen.ExpectMsg("watching");
        _seen.ExpectMsg("watching");

        Sys.Stop(target);

        _seen.ExpectMsg<Told>();
        watcher.Tell("fence");
        _seen.ExpectMsg("fence");
    }

    [Fact]
    public void WatchWith_must_deliver_the_message_instead()
    {
        var target = Sys.ActorOf(BlackHole);
        var watcher = Watcher();
        watcher.Tell(new StartWatching(target, "it is gone"));
        _seen.ExpectMsg("watching");

        Sys.Stop(target);

        _seen.ExpectMsg("it is gone");
    }

    [Fact]
    public void Unwatch_must_end_it()
    {
        var target = Sys.ActorOf(BlackHole);
        var watcher = Watcher();
        watcher.Tell(new StartWatching(target));
        _seen.ExpectMsg("watching");
        watcher.Tell(new StopWatching(target));
        _seen.ExpectMsg("not watching");

        End(target);

        watcher.Tell("fence");
        _seen.ExpectMsg("fence");
    }

    [Fact]
    public void Unwatch_must_hold_even_when_the_news_is_in_the_mailbox_already()
    {
        var target = Sys.ActorOf(BlackHole);
        var watcher = Watcher();
        watcher.Tell(new StartWatching(target));
        _seen.ExpectMsg("watching");

        WhileBlocked(watcher, () =>
        {
            watcher.Tell(new StopWatching(target));
            End(target);
        });

        _seen.ExpectMsg("not watching");
        watcher.Tell("fence");
        _seen.ExpectMsg("fence");
    }

    [Fact]
    public void Terminated_that_nobody_handles_must_be_the_watchers_own_end()
    {
        var target = Sys.ActorOf(BlackHole);
        var heartbroken = Sys.ActorOf(Props.Create(() => new Heartbroken()));
        Watch(heartbroken);
        heartbroken.Tell(target);
        ExpectMsg("watching");

        EventFilter.Exception<DeathPactException>().ExpectOne(() => Sys.Stop(target));

        ExpectTerminated(heartbroken);
    }

    [Fact]
    public void A_restart_must_not_count_as_an_end()
    {
        var events = CreateTestProbe();
        var target = Sys.ActorOf(Reporter.Props(events.Ref));
        var watcher = Watcher();
        watcher.Tell(new StartWatching(target));
        _seen.ExpectMsg("watching");

        EventFilter.Exception<Boom>().ExpectOne(() => target.Tell(new Boom()));
        target.Tell("alive");
        events.FishForMessage<string>(it => it == "it:alive");

        watcher.Tell("fence");
        _seen.ExpectMsg("fence");
        Sys.Stop(target);
        _seen.ExpectMsg<Told>();
    }

    [Fact]
    public void A_parent_must_be_able_to_reuse_the_name_of_a_child_it_was_told_the_end_of()
    {
        var parent = Sys.ActorOf(Props.Create(() => new Replacer()));

        for (var round = 0; round < 50; round++)
        {
            parent.Tell("replace");
            ExpectMsg(round + 1);
        }
    }

    private static Props BlackHole => Props.Create(() => new Hole());

    private IActorRef Watcher() => Sys.ActorOf(Props.Create(() => new WatchingActor(_seen.Ref)));

    private IActorRef Ended()
    {
        var actor = Sys.ActorOf(BlackHole);
        End(actor);
        return actor;
    }

    private void End(IActorRef actor)
    {
        var witness = CreateTestProbe();
        witness.Watch(actor);
        Sys.Stop(actor);
        witness.ExpectTerminated(actor);
    }

    private sealed record StartWatching(IActorRef Target, object With = null);

    private sealed record StopWatching(IActorRef Target);

    private sealed record Told(Terminated News);

    private sealed class Hole : UntypedActor
    {
        protected override void OnReceive(object message)
        {
        }
    }

    private sealed class WatchingActor : ReceiveActor
    {
        public WatchingActor(IActorRef seen)
        {
            Receive<Block>(block => block.Hold());
            Receive<StartWatching>(watch =>
            {
                _ = watch.With is null ? Context.Watch(watch.Target) : Context.WatchWith(watch.Target, watch.With);
                seen.Tell("watching");
            });
            Receive<StopWatching>(unwatch =>
            {
                Context.Unwatch(unwatch.Target);
                seen.Tell("not watching");
            });

            // Wrapped: a Terminated that is passed on is dropped by its receiver, which does not watch that actor itself.
            Receive<Terminated>(news => seen.Tell(new Told(news)));
            ReceiveAny(message => seen.Tell(message));
        }
    }

    private sealed class Heartbroken : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if (message is IActorRef target)
            {
                Context.Watch(target);
                Sender.Tell("watching");
            }
            else
            {
                Unhandled(message);
            }
        }
    }

    private sealed class Replacer : ReceiveActor
    {
        private IActorRef _asker;
        private int _replaced;

        public Replacer()
        {
            Receive<string>(_ =>
            {
                _asker = Sender;
                Context.Stop(Context.Child("child"));
            });
            Receive<Terminated>(_ =>
            {
                Start();
                _asker.Tell(++_replaced);
            });
        }

        protected override void PreStart() => Start();

        private static void Start() => Context.Watch(Context.ActorOf(BlackHole, "child"));
    }
}
