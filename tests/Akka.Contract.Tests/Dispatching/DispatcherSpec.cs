using System.Collections.Concurrent;

namespace Akka.Contract.Tests.Dispatching;

public sealed class DispatcherSpec : ContractSpec
{
    public DispatcherSpec()
        : base("""
            dedicated {
              type = ForkJoinDispatcher
              executor = fork-join-executor
              throughput = 10
              dedicated-thread-pool { thread-count = 2 }
            }
            single {
              type = ForkJoinDispatcher
              executor = fork-join-executor
              throughput = 1
              dedicated-thread-pool { thread-count = 1 }
            }
            generous {
              type = ForkJoinDispatcher
              executor = fork-join-executor
              throughput = 5
              dedicated-thread-pool { thread-count = 1 }
            }
            pinned {
              type = PinnedDispatcher
              executor = fork-join-executor
            }
            akka.actor.deployment {
              /deployed.dispatcher = pinned
              "/parent/*".dispatcher = pinned
            }
            """)
    {
    }

    [Fact]
    public void A_fork_join_dispatcher_must_use_its_own_threads_and_no_more_of_them_than_configured()
    {
        for (var number = 0; number < 20; number++)
        {
            var actor = Sys.ActorOf(Props.Create(() => new WhereAmI()).WithDispatcher("dedicated"));
            for (var message = 0; message < 20; message++)
            {
                actor.Tell("where");
            }
        }

        var places = ReceiveN(400).Cast<Place>().ToList();

        Assert.All(places, place => Assert.False(place.InPool));
        Assert.InRange(places.Select(place => place.Thread).Distinct().Count(), 1, 2);
    }

    [Fact]
    public void A_pinned_dispatcher_must_give_every_actor_a_thread_of_its_own()
    {
        var one = Sys.ActorOf(Props.Create(() => new WhereAmI()).WithDispatcher("pinned"));
        var two = Sys.ActorOf(Props.Create(() => new WhereAmI()).WithDispatcher("pinned"));

        var ofOne = Threads(one);
        var ofTwo = Threads(two);

        Assert.Single(ofOne);
        Assert.Single(ofTwo);
        Assert.NotEqual(ofOne.Single(), ofTwo.Single());
    }

    [Theory]
    [InlineData("single", 1)]
    [InlineData("generous", 5)]
    public void An_actor_must_let_others_run_after_as_many_messages_as_the_throughput_says(string dispatcher, int throughput)
    {
        var order = new ConcurrentQueue<string>();
        var blocker = Sys.ActorOf(Props.Create(() => new Recorder(order)).WithDispatcher(dispatcher));
        var a = Sys.ActorOf(Props.Create(() => new Recorder(order)).WithDispatcher(dispatcher));
        var b = Sys.ActorOf(Props.Create(() => new Recorder(order)).WithDispatcher(dispatcher));
        foreach (var actor in new[] { blocker, a, b })
        {
            actor.Tell("ready?");
            ExpectMsg("ready");
        }

        WhileBlocked(blocker, () =>
        {
            for (var message = 0; message < 50; message++)
            {
                a.Tell('a');
                b.Tell('b');
            }

            a.Tell("ready?");
            b.Tell("ready?");
        });

        ExpectMsg("ready");
        ExpectMsg("ready");
        Assert.Equal(100, order.Count);
        var longest = LongestRun(order);
        Assert.True(longest <= throughput, $"One actor handled {longest} messages in a row: {string.Concat(order)}");
    }

    [Fact]
    public void The_default_dispatcher_must_run_actors_in_parallel()
    {
        var barrier = new Barrier(2);
        var one = Sys.ActorOf(Props.Create(() => new Meeting(barrier)));
        var two = Sys.ActorOf(Props.Create(() => new Meeting(barrier)));

        one.Tell("meet");
        two.Tell("meet");

        ExpectMsg(true);
        ExpectMsg(true);
    }

    [Fact]
    public void The_dispatcher_must_come_from_the_deployment_of_a_path()
    {
        var deployed = Sys.ActorOf(Props.Create(() => new WhereAmI()), "deployed");

        Assert.Single(Threads(deployed));
        deployed.Tell("where");
        Assert.False(ExpectMsg<Place>().InPool);
    }

    [Fact]
    public void An_unknown_dispatcher_must_be_refused() =>
        Assert.ThrowsAny<Exception>(() => Sys.ActorOf(Props.Create(() => new WhereAmI()).WithDispatcher("no-such-dispatcher")));

    [Fact]
    public void The_calling_thread_dispatcher_must_handle_a_message_before_Tell_returns()
    {
        var handled = new ConcurrentQueue<string>();
        var actor = ActorOfAsTestActorRef<Recorder>(Props.Create(() => new Recorder(handled)));

        actor.Tell('x');

        Assert.Equal(["x"], handled);
    }

    private static int LongestRun(IEnumerable<string> items)
    {
        var (longest, run, last) = (0, 0, string.Empty);
        foreach (var item in items)
        {
            run = item == last ? run + 1 : 1;
            last = item;
            longest = Math.Max(longest, run);
        }

        return longest;
    }

    private HashSet<int> Threads(IActorRef actor)
    {
        for (var message = 0; message < 50; message++)
        {
            actor.Tell("where");
        }

        return ReceiveN(50).Cast<Place>().Select(place => place.Thread).ToHashSet();
    }

    private sealed record Place(int Thread, bool InPool);

    private sealed class WhereAmI : UntypedActor
    {
        protected override void OnReceive(object message) =>
            Sender.Tell(new Place(Environment.CurrentManagedThreadId, Thread.CurrentThread.IsThreadPoolThread));
    }

    private sealed class Recorder : ReceiveActor
    {
        public Recorder(ConcurrentQueue<string> order)
        {
            Receive<Block>(block => block.Hold());
            Receive<string>(_ => Sender.Tell("ready"));
            Receive<char>(one => order.Enqueue(one.ToString()));
        }
    }

    private sealed class Meeting : UntypedActor
    {
        private readonly Barrier _barrier;

        public Meeting(Barrier barrier)
        {
            _barrier = barrier;
        }

        protected override void OnReceive(object message) => Sender.Tell(_barrier.SignalAndWait(TimeSpan.FromSeconds(20)));
    }
}
