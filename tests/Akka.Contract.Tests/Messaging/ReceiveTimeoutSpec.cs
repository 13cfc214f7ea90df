namespace Akka.Contract.Tests.Messaging;

/// <summary>In virtual time, on the thread of the test.</summary>
public sealed class ReceiveTimeoutSpec : ContractSpec
{
    private readonly TestActorRef<Waiting> _actor;

    public ReceiveTimeoutSpec()
        : base("akka.scheduler.implementation = \"Akka.TestKit.TestScheduler, Akka.TestKit\"")
    {
        _actor = ActorOfAsTestActorRef<Waiting>(Props.Create(() => new Waiting(TestActor)));
        _actor.Tell(TimeSpan.FromSeconds(10));
        ExpectMsg("set");
    }

    private TestScheduler Time => (TestScheduler)Sys.Scheduler;

    [Fact]
    public void Silence_must_end_in_a_ReceiveTimeout()
    {
        Time.Advance(TimeSpan.FromSeconds(10));

        ExpectMsg<ReceiveTimeout>();
    }

    [Fact]
    public void A_message_must_start_the_wait_anew()
    {
        Time.Advance(TimeSpan.FromSeconds(9));
        _actor.Tell("hello");
        ExpectMsg("hello");

        Time.Advance(TimeSpan.FromSeconds(9));
        Fence();
    }

    [Fact]
    public void A_message_marked_as_not_influencing_must_not_start_the_wait_anew()
    {
        Time.Advance(TimeSpan.FromSeconds(9));
        _actor.Tell(new Unnoticed());
        ExpectMsg<Unnoticed>();

        Time.Advance(TimeSpan.FromSeconds(1));

        ExpectMsg<ReceiveTimeout>();
    }

    [Fact]
    public void The_timeout_must_repeat_until_it_is_cancelled()
    {
        Time.Advance(TimeSpan.FromSeconds(10));
        ExpectMsg<ReceiveTimeout>();
        Time.Advance(TimeSpan.FromSeconds(10));
        ExpectMsg<ReceiveTimeout>();

        _actor.Tell("cancel");
        ExpectMsg("cancelled");

        Time.Advance(TimeSpan.FromSeconds(10));
        Fence();
    }

    private void Fence()
    {
        _actor.Tell("fence");
        ExpectMsg("fence");
    }

    private sealed record Unnoticed : INotInfluenceReceiveTimeout;

    private sealed class Waiting : ReceiveActor
    {
        public Waiting(IActorRef report)
        {
            Receive<TimeSpan>(timeout =>
            {
                Context.SetReceiveTimeout(timeout);
                report.Tell("set");
            });
            Receive<string>(text => text == "cancel", _ =>
            {
                Context.SetReceiveTimeout(null);
                report.Tell("cancelled");
            });
            ReceiveAny(message => report.Tell(message));
        }
    }
}
