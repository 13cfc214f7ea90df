namespace Akka.Contract.Tests.Messaging;

/// <summary>
/// Nothing is lost, doubled or reordered over many messages. How many says the environment variable
/// AKKA_SOAK_MESSAGES (default one million).
/// </summary>
public sealed class SoakSpec : ContractSpec
{
    private const int Producers = 4;
    private const int Window = 8_000;

    private static int Total =>
        int.TryParse(Environment.GetEnvironmentVariable("AKKA_SOAK_MESSAGES"), out var total) ? total : 1_000_000;

    private static TimeSpan Limit => TimeSpan.FromSeconds(60 + (Total / 50_000));

    [Fact]
    public void A_window_of_messages_between_many_producers_and_one_consumer_must_lose_and_reorder_nothing()
    {
        var each = Total / Producers;
        var consumer = Sys.ActorOf(Props.Create(() => new Consumer(TestActor, each)));
        for (var producer = 0; producer < Producers; producer++)
        {
            var id = producer;
            Sys.ActorOf(Props.Create(() => new Producer(id, each, consumer))).Tell(new Credit(Window));
        }

        for (var producer = 0; producer < Producers; producer++)
        {
            ExpectMsg("complete", Limit);
        }
    }

    [Fact]
    public void One_message_at_a_time_between_two_actors_must_never_stall()
    {
        // Each message finds an idle mailbox: this is what a lost wake-up would stop.
        const int Pairs = 4;
        var rounds = Total / 10 / Pairs;
        for (var pair = 0; pair < Pairs; pair++)
        {
            var back = Sys.ActorOf(Props.Create(() => new Back()));
            Sys.ActorOf(Props.Create(() => new Forth(TestActor, back, rounds)));
        }

        for (var pair = 0; pair < Pairs; pair++)
        {
            ExpectMsg("complete", Limit);
        }
    }

    private sealed record Item(int Producer, int Number);

    private sealed record Credit(int More);

    private sealed class Producer : ReceiveActor
    {
        private int _next;

        public Producer(int id, int total, IActorRef consumer)
        {
            Receive<Credit>(credit =>
            {
                for (var left = credit.More; left > 0 && _next < total; left--)
                {
                    consumer.Tell(new Item(id, _next++));
                }
            });
        }
    }

    private sealed class Consumer : ReceiveActor
    {
        private readonly int[] _next = new int[Producers];

        public Consumer(IActorRef report, int each)
        {
            Receive<Item>(item =>
            {
                var expected = _next[item.Producer]++;
                if (expected != item.Number)
                {
                    report.Tell($"{item} came when {expected} was due");
                    Context.Stop(Self);
                    return;
                }

                if (_next[item.Producer] % (Window / 4) == 0)
                {
                    Sender.Tell(new Credit(Window / 4));
                }

                if (_next[item.Producer] == each)
                {
                    report.Tell("complete");
                }
            });
        }
    }

    private sealed class Back : UntypedActor
    {
        protected override void OnReceive(object message) => Sender.Tell(message);
    }

    private sealed class Forth : UntypedActor
    {
        private readonly IActorRef _report;
        private readonly IActorRef _back;
        private int _left;

        public Forth(IActorRef report, IActorRef back, int rounds)
        {
            _report = report;
            _back = back;
            _left = rounds;
        }

        protected override void PreStart() => _back.Tell("ball");

        protected override void OnReceive(object message)
        {
            if (--_left == 0)
            {
                _report.Tell("complete");
            }
            else
            {
                _back.Tell(message);
            }
        }
    }
}
