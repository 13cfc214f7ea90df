namespace Akka.Contract.Tests.Systems;

public sealed class ExtensionSpec : ContractSpec
{
    public ExtensionSpec()
        : base("""
            akka.extensions = ["Akka.Contract.Tests.Systems.ExtensionSpec+AtStartId, Akka.Contract.Tests"]
            my-extension.greeting = "from configuration"
            """)
    {
    }

    [Fact]
    public void An_extension_named_in_configuration_must_be_created_with_the_system()
    {
        Assert.True(Sys.HasExtension<AtStart>());
        Assert.Equal("from configuration", Sys.GetExtension<AtStart>().Greeting);
        Assert.Same(Sys.GetExtension<AtStart>(), new AtStartId().Get(Sys));
    }

    [Fact]
    public void An_extension_must_be_created_once_per_system()
    {
        Assert.False(Sys.HasExtension<OnDemand>());

        var creations = 0;
        var created = Enumerable.Range(0, 8).AsParallel().Select(_ => new OnDemandId(() => Interlocked.Increment(ref creations)).Apply(Sys)).ToList();

        Assert.All(created, one => Assert.Same(created[0], one));
        Assert.Equal(1, creations);
        Assert.True(Sys.TryGetExtension<OnDemand>(out var found));
        Assert.Same(created[0], found);
    }

    [Fact]
    public void An_extension_may_create_actors()
    {
        var extension = new OnDemandId().Apply(Sys);

        extension.Actor.Tell(new Identify(1));

        Assert.Equal(extension.Actor, ExpectMsg<ActorIdentity>().Subject);
    }

    public sealed class AtStartId : ExtensionIdProvider<AtStart>
    {
        public override AtStart CreateExtension(ExtendedActorSystem system) => new(system.Settings.Config.GetString("my-extension.greeting"));
    }

    public sealed class AtStart : IExtension
    {
        public AtStart(string greeting)
        {
            Greeting = greeting;
        }

        public string Greeting { get; }
    }

    private sealed class OnDemandId : ExtensionIdProvider<OnDemand>
    {
        private readonly Action _creating;

        public OnDemandId(Action creating = null)
        {
            _creating = creating;
        }

        public override OnDemand CreateExtension(ExtendedActorSystem system)
        {
            _creating?.Invoke();
            return new OnDemand(system.ActorOf(Props.Create(() => new Nothing())));
        }
    }

    private sealed class OnDemand : IExtension
    {
        public OnDemand(IActorRef actor)
        {
            Actor = actor;
        }

        public IActorRef Actor { get; }
    }

    private sealed class Nothing : UntypedActor
    {
        protected override void OnReceive(object message)
        {
        }
    }
}
