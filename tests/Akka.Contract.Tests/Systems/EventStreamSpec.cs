namespace Akka.Contract.Tests.Systems;

public sealed class EventStreamSpec : ContractSpec
{
    private interface IMarked
    {
    }

    [Fact]
    public void A_subscriber_must_get_events_of_its_type_and_of_types_derived_from_it()
    {
        Assert.True(Sys.EventStream.Subscribe(TestActor, typeof(Animal)));

        Sys.EventStream.Publish(new Animal("any"));
        Sys.EventStream.Publish("not for us");
        Sys.EventStream.Publish(new Dog("Rex"));

        ExpectMsg(new Animal("any"));
        ExpectMsg<Animal>(new Dog("Rex"));
    }

    [Fact]
    public void A_subscriber_must_get_events_by_their_interface()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(IMarked));

        Sys.EventStream.Publish(new Dog("Rex"));

        ExpectMsg(new Dog("Rex"));
    }

    [Fact]
    public void A_subscriber_of_two_types_that_fit_must_get_the_event_once()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(Animal));
        Sys.EventStream.Subscribe(TestActor, typeof(Dog));

        Sys.EventStream.Publish(new Dog("Rex"));
        Sys.EventStream.Publish(new Animal("fence"));

        ExpectMsg(new Dog("Rex"));
        ExpectMsg(new Animal("fence"));
    }

    [Fact]
    public void Subscribing_twice_must_change_nothing()
    {
        Assert.True(Sys.EventStream.Subscribe(TestActor, typeof(Dog)));
        Assert.False(Sys.EventStream.Subscribe(TestActor, typeof(Dog)));

        Sys.EventStream.Publish(new Dog("1"));
        Sys.EventStream.Publish(new Dog("2"));

        ExpectMsg(new Dog("1"));
        ExpectMsg(new Dog("2"));
    }

    [Fact]
    public void Unsubscribe_must_end_one_type_or_all()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(Dog));
        Sys.EventStream.Subscribe(TestActor, typeof(Cat));

        Sys.EventStream.Unsubscribe(TestActor, typeof(Dog));
        Sys.EventStream.Publish(new Dog("unheard"));
        Sys.EventStream.Publish(new Cat("heard"));
        ExpectMsg(new Cat("heard"));

        Sys.EventStream.Unsubscribe(TestActor);
        Sys.EventStream.Publish(new Cat("unheard"));
        TestActor.Tell("fence");
        ExpectMsg("fence");
    }

    [Fact]
    public void Events_of_one_publisher_must_arrive_in_order()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(string));

        for (var number = 0; number < 1_000; number++)
        {
            Sys.EventStream.Publish($"{number}");
        }

        for (var number = 0; number < 1_000; number++)
        {
            ExpectMsg($"{number}");
        }
    }

    [Fact]
    public void A_message_to_an_actor_that_has_ended_must_be_published_as_a_dead_letter()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(DeadLetter));
        var ended = Ended();

        ended.Tell("too late", TestActor);

        var letter = ExpectMsg<DeadLetter>();
        Assert.Equal("too late", letter.Message);
        Assert.Equal(TestActor, letter.Sender);
        Assert.Equal(ended.Path, letter.Recipient.Path);
    }

    [Fact]
    public void A_message_to_DeadLetters_must_be_published()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(DeadLetter));

        Sys.DeadLetters.Tell("dead from the start", TestActor);

        Assert.Equal("dead from the start", ExpectMsg<DeadLetter>().Message);
    }

    [Fact]
    public void A_message_that_asks_for_it_must_not_become_a_dead_letter()
    {
        var suppressed = CreateTestProbe();
        Sys.EventStream.Subscribe(TestActor, typeof(DeadLetter));
        Sys.EventStream.Subscribe(suppressed.Ref, typeof(SuppressedDeadLetter));
        var ended = Ended();

        ended.Tell(new Quiet());
        ended.Tell("loud");

        Assert.IsType<Quiet>(suppressed.ExpectMsg<SuppressedDeadLetter>().Message);
        Assert.Equal("loud", ExpectMsg<DeadLetter>().Message);
    }

    private IActorRef Ended()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Actors.Reporter(ActorRefs.Nobody, "it")));
        var witness = CreateTestProbe();
        witness.Watch(actor);
        Sys.Stop(actor);
        witness.ExpectTerminated(actor);
        return actor;
    }

    private record Animal(string Name);

    private sealed record Dog(string Name) : Animal(Name), IMarked;

    private sealed record Cat(string Name) : Animal(Name);

    private sealed record Quiet : IDeadLetterSuppression;
}
