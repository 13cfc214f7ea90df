using System.Collections.Concurrent;

namespace Akka.Contract.Tests.Systems;

public sealed class TerminationSpec
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Terminate_must_wait_until_every_actor_has_ended()
    {
        var ended = new ConcurrentQueue<string>();
        var system = Create();
        for (var number = 0; number < 100; number++)
        {
            system.ActorOf(Props.Create(() => new Ending(ended)), $"actor-{number}");
        }

        await system.Terminate().WaitAsync(Patience);

        Assert.Equal(200, ended.Count);
        Assert.True(system.WhenTerminated.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Terminate_must_run_what_was_registered_for_it()
    {
        var ran = new TaskCompletionSource();
        var system = Create();
        system.RegisterOnTermination(ran.SetResult);

        await system.Terminate().WaitAsync(Patience);

        await ran.Task.WaitAsync(Patience);
    }

    [Fact]
    public async Task Terminating_twice_must_be_fine()
    {
        var system = Create();

        await Task.WhenAll(system.Terminate(), system.Terminate()).WaitAsync(Patience);
        await system.Terminate().WaitAsync(Patience);
    }

    [Fact]
    public async Task Messages_to_a_terminated_system_must_be_harmless()
    {
        var system = Create();
        var actor = system.ActorOf(Props.Create(() => new Ending(new ConcurrentQueue<string>())));

        await system.Terminate().WaitAsync(Patience);

        actor.Tell("late");
        system.ActorSelection("/user/nobody").Tell("late");
        system.EventStream.Publish("late");
    }

    [Fact]
    public async Task Systems_in_one_process_must_not_know_each_other()
    {
        var one = Create();
        var two = Create();

        Assert.NotEqual(one.ActorOf(Props.Create(() => new Ending(new ConcurrentQueue<string>())), "same"), two.ActorOf(Props.Create(() => new Ending(new ConcurrentQueue<string>())), "same"));
        await one.Terminate().WaitAsync(Patience);
        Assert.False(two.WhenTerminated.IsCompleted);

        await two.Terminate().WaitAsync(Patience);
    }

    [Theory]
    [InlineData("")]
    [InlineData("with space")]
    [InlineData("-dash")]
    public void A_name_that_does_not_fit_an_address_must_be_refused(string name) =>
        Assert.Throws<ArgumentException>(() => ActorSystem.Create(name));

    [Fact]
    public async Task A_system_must_run_many_actors_and_end_quickly()
    {
        var system = Create();
        var parents = Enumerable.Range(0, 20).Select(_ => system.ActorOf(Props.Create(() => new Crowd(500)))).ToList();
        foreach (var parent in parents)
        {
            Assert.Equal(500, await parent.Ask<int>("how many", Patience));
        }

        await system.Terminate().WaitAsync(Patience);
    }

    private static ActorSystem Create() => ActorSystem.Create("ending", ConfigurationFactory.ParseString("""
        akka.stdout-loglevel = OFF
        akka.loglevel = OFF
        akka.coordinated-shutdown.run-by-clr-shutdown-hook = off
        """));

    private sealed class Ending : UntypedActor
    {
        private readonly ConcurrentQueue<string> _ended;

        public Ending(ConcurrentQueue<string> ended)
        {
            _ended = ended;
        }

        protected override void PreStart()
        {
            if (Self.Path.Name != "child")
            {
                Context.ActorOf(Props.Create(() => new Ending(_ended)), "child");
            }
        }

        protected override void PostStop() => _ended.Enqueue(Self.Path.ToString());

        protected override void OnReceive(object message)
        {
        }
    }

    private sealed class Crowd : ReceiveActor
    {
        public Crowd(int size)
        {
            for (var number = 0; number < size; number++)
            {
                Context.ActorOf(Props.Create(() => new Crowd(0)));
            }

            Receive<string>(_ => Sender.Tell(Context.GetChildren().Count()));
        }
    }
}
