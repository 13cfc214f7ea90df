using Akka.Actor;
using Akka.Configuration;
using RaftActors.Configuration;
using RaftActors.Runtime;
using RaftActors.Tests.Support;

namespace RaftActors.Tests.Runtime;

/// <summary>The node's mailbox: control before clients, order within each, and nobody forgotten in it.</summary>
public sealed class TwoLaneMailboxSpec : Akka.TestKit.Xunit2.TestKit
{
    public TwoLaneMailboxSpec()
        : base(RaftSettings.Reference().WithFallback("akka { loglevel = OFF, test.single-expect-default = 30s }"))
    {
    }

    [Fact]
    public void Control_messages_must_overtake_client_requests()
    {
        using ManualResetEventSlim gate = new();
        IActorRef actor = Make(gate);
        actor.Tell("hold");
        ExpectMsg("hold");
        actor.Tell(new Propose(new byte[1]));
        actor.Tell(FlushRequests.Instance);
        actor.Tell(new Propose(new byte[2]));
        actor.Tell("first");
        actor.Tell(new RaftInput.StepDown());
        gate.Set();

        Assert.Equal("first", ExpectMsg<string>());
        ExpectMsg<RaftInput.StepDown>();
        Assert.Equal(1, ExpectMsg<Propose>().Data.Length);
        ExpectMsg<FlushRequests>();
        Assert.Equal(2, ExpectMsg<Propose>().Data.Length);
    }

    [Fact]
    public async Task Requests_left_in_it_must_be_answered_when_its_actor_ends()
    {
        using ManualResetEventSlim gate = new();
        IActorRef actor = Make(gate);
        actor.Tell("hold");
        ExpectMsg("hold");
        LocalProposal proposal = new(new byte[1], ProposeOptions.Default);
        LocalRead read = new(default, isBarrier: true, ReadConsistency.Stale);
        actor.Tell(PoisonPill.Instance);
        actor.Tell(proposal);
        actor.Tell(read);
        actor.Tell(new Propose(default), TestActor);
        actor.Tell(new Query(default), TestActor);
        gate.Set();

        Assert.Equal(RefusalCode.Stopping, Assert.IsType<ProposalRefused>(await proposal.Task.WaitAsync(TimeSpan.FromSeconds(30))).Code);
        Assert.IsType<ReadFailed>(await read.Task.WaitAsync(TimeSpan.FromSeconds(30)));
        ExpectMsg<ProposalRefused>();
        ExpectMsg<ReadFailed>();
    }

    private IActorRef Make(ManualResetEventSlim gate)
    {
        IActorRef test = TestActor;
        return Sys.ActorOf(Props.Create(() => new Holding(test, gate)).WithMailbox(NodeEnvironment.TwoLanes).WithDispatcher("akka.actor.default-fork-join-dispatcher"));
    }

    private sealed class Holding(IActorRef test, ManualResetEventSlim gate) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            test.Tell(message);
            if (message is "hold")
            {
                gate.Wait();
            }
        }
    }
}
