using System.Collections.Concurrent;
using Akka.Dispatch;
using Akka.Dispatch.MessageQueues;

namespace Akka.Contract.Tests.Dispatching;

public sealed class MailboxSpec : ContractSpec
{
    public MailboxSpec()
        : base("""
            by-length.mailbox-type = "Akka.Contract.Tests.Dispatching.MailboxSpec+ByLength, Akka.Contract.Tests"
            by-length-stable.mailbox-type = "Akka.Contract.Tests.Dispatching.MailboxSpec+ByLengthStable, Akka.Contract.Tests"
            counting {
              mailbox-type = "Akka.Contract.Tests.Dispatching.MailboxSpec+Counting, Akka.Contract.Tests"
              label = "from configuration"
            }
            bounded {
              mailbox-type = "Akka.Dispatch.BoundedMailbox, Akka"
              mailbox-capacity = 3
              mailbox-push-timeout-time = 10ms
            }
            akka.actor.deployment {
              /deployed.mailbox = by-length-stable
            }
            """)
    {
    }

    [Fact]
    public void A_priority_mailbox_must_deliver_the_lowest_number_first()
    {
        var actor = Sys.ActorOf(Receiver.WithMailbox("by-length"));

        WhileBlocked(actor, () =>
        {
            foreach (var text in new[] { "333", "1", "55555", "22", "4444" })
            {
                actor.Tell(text);
            }
        });

        foreach (var text in new[] { "1", "22", "333", "4444", "55555" })
        {
            ExpectMsg(text);
        }
    }

    [Fact]
    public void A_stable_priority_mailbox_must_keep_the_order_of_equals() => ExpectStablePriority(Sys.ActorOf(Receiver.WithMailbox("by-length-stable")));

    [Fact]
    public void The_mailbox_must_come_from_the_deployment_of_a_path() => ExpectStablePriority(Sys.ActorOf(Receiver, "deployed"));

    [Fact]
    public void A_bounded_mailbox_must_send_what_does_not_fit_to_dead_letters()
    {
        var letters = CreateTestProbe();
        Sys.EventStream.Subscribe(letters.Ref, typeof(DeadLetter));
        var actor = Sys.ActorOf(Receiver.WithMailbox("bounded"));

        WhileBlocked(actor, () =>
        {
            for (var number = 1; number <= 5; number++)
            {
                actor.Tell($"{number}");
            }

            Assert.Equal("4", letters.ExpectMsg<DeadLetter>().Message);
            Assert.Equal("5", letters.ExpectMsg<DeadLetter>().Message);
        });

        ExpectMsg("1");
        ExpectMsg("2");
        ExpectMsg("3");
    }

    [Fact]
    public void A_mailbox_type_of_ones_own_must_be_created_from_its_section()
    {
        var before = Counting.Created.Count;
        var actor = Sys.ActorOf(Receiver.WithMailbox("counting"), "counted");

        actor.Tell("hello");
        ExpectMsg("hello");

        Assert.Contains(Counting.Created.Skip(before), created => created == ("counted", "from configuration"));
    }

    [Fact]
    public void An_unknown_mailbox_must_be_refused() =>
        Assert.ThrowsAny<Exception>(() => Sys.ActorOf(Receiver.WithMailbox("no-such-mailbox")));

    private Props Receiver => Props.Create(() => new Reporting(TestActor));

    private void ExpectStablePriority(IActorRef actor)
    {
        WhileBlocked(actor, () =>
        {
            for (var number = 0; number < 100; number++)
            {
                actor.Tell($"long {number:00}");
                actor.Tell($"{number:00}");
            }
        });

        for (var number = 0; number < 100; number++)
        {
            ExpectMsg($"{number:00}");
        }

        for (var number = 0; number < 100; number++)
        {
            ExpectMsg($"long {number:00}");
        }
    }

    public sealed class ByLength : UnboundedPriorityMailbox
    {
        public ByLength(Settings settings, Config config)
            : base(settings, config)
        {
        }

        protected override int PriorityGenerator(object message) => message is string text ? text.Length : 0;
    }

    public sealed class ByLengthStable : UnboundedStablePriorityMailbox
    {
        public ByLengthStable(Settings settings, Config config)
            : base(settings, config)
        {
        }

        protected override int PriorityGenerator(object message) => message is string text ? text.Length : 0;
    }

    public sealed class Counting : MailboxType, IProducesMessageQueue<UnboundedMessageQueue>
    {
        public Counting(Settings settings, Config config)
            : base(settings, config)
        {
        }

        public static ConcurrentQueue<(string Owner, string Label)> Created { get; } = new();

        public override IMessageQueue Create(IActorRef owner, ActorSystem system)
        {
            Created.Enqueue((owner.Path.Name, Config.GetString("label")));
            return new UnboundedMessageQueue();
        }
    }

    private sealed class Reporting : ReceiveActor
    {
        public Reporting(IActorRef report)
        {
            Receive<Block>(block => block.Hold());
            Receive<string>(text => report.Tell(text));
        }
    }
}
