namespace Akka.Contract.Tests.Messaging;

public sealed class MessageOrderSpec : ContractSpec
{
    [Fact]
    public void Messages_of_one_sender_must_arrive_in_order_while_others_send_too()
    {
        const int Producers = 8;
        const int Each = 20_000;
        var collector = Sys.ActorOf(Props.Create(() => new Collector(TestActor, Producers, Each)));

        var threads = Enumerable.Range(0, Producers).Select(producer => new Thread(() =>
        {
            for (var number = 0; number < Each; number++)
            {
                collector.Tell(new Numbered(producer, number), ActorRefs.NoSender);
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());

        ExpectMsg("all in order", TimeSpan.FromSeconds(60));
        threads.ForEach(thread => thread.Join());
    }

    [Fact]
    public void Order_must_hold_through_a_chain_of_actors()
    {
        const int Each = 20_000;
        var next = Sys.ActorOf(Props.Create(() => new Collector(TestActor, 1, Each)));
        for (var hop = 0; hop < 5; hop++)
        {
            var to = next;
            next = Sys.ActorOf(Props.Create(() => new Relay(to)));
        }

        for (var number = 0; number < Each; number++)
        {
            next.Tell(new Numbered(0, number));
        }

        ExpectMsg("all in order", TimeSpan.FromSeconds(60));
    }

    [Fact]
    public void A_message_that_an_actor_sends_to_itself_must_come_after_those_that_wait_already()
    {
        var actor = Sys.ActorOf(Props.Create(() => new SelfTeller(TestActor)));

        WhileBlocked(actor, () =>
        {
            actor.Tell("to self");
            actor.Tell("waiting");
        });

        ExpectMsg("to self");
        ExpectMsg("waiting");
        ExpectMsg("from self");
    }

    private sealed record Numbered(int Producer, int Number);

    private sealed class Collector : ReceiveActor
    {
        private readonly int[] _next;
        private int _left;

        public Collector(IActorRef report, int producers, int each)
        {
            _next = new int[producers];
            _left = producers * each;
            Receive<Numbered>(message =>
            {
                if (_next[message.Producer]++ != message.Number)
                {
                    report.Tell($"{message} came when {_next[message.Producer] - 1} was due");
                    Context.Stop(Self);
                }
                else if (--_left == 0)
                {
                    report.Tell("all in order");
                }
            });
        }
    }

    private sealed class Relay : UntypedActor
    {
        private readonly IActorRef _to;

        public Relay(IActorRef to)
        {
            _to = to;
        }

        protected override void OnReceive(object message) => _to.Forward(message);
    }

    private sealed class SelfTeller : ReceiveActor
    {
        public SelfTeller(IActorRef report)
        {
            Receive<Block>(block => block.Hold());
            Receive<string>(text =>
            {
                report.Tell(text);
                if (text == "to self")
                {
                    Self.Tell("from self");
                }
            });
        }
    }
}
