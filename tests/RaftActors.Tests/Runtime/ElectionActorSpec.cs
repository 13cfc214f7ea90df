using System.Collections.Frozen;
using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit;
using RaftActors.Configuration;
using RaftActors.Runtime;

namespace RaftActors.Tests.Runtime;

/// <summary>The protocol's timers and vote rounds, in virtual time.</summary>
public sealed class ElectionActorSpec : Akka.TestKit.Xunit2.TestKit
{
    private static readonly RequestVote Request = new(new Term(4), EntryId.Zero, PreVote: true);

    private readonly TestProbe _two;
    private readonly TestProbe _three;
    private readonly IActorRef _election;

    public ElectionActorSpec()
        : base(ConfigurationFactory.ParseString("akka.scheduler.implementation = \"Akka.TestKit.TestScheduler, Akka.TestKit\"\nakka.loglevel = OFF").WithFallback(RaftSettings.Reference()))
    {
        _two = CreateTestProbe();
        _three = CreateTestProbe();
        StreamSettings settings = new RaftSettings(RaftSettings.Reference()).StreamDefaults;
        FrozenDictionary<NodeId, IActorRef> channels = new Dictionary<NodeId, IActorRef> { [new NodeId(2)] = _two, [new NodeId(3)] = _three }.ToFrozenDictionary();
        RaftClock clock = new(Sys.Scheduler, calendar: true);
        _election = ActorOfAsTestActorRef<UntypedActor>(Props.Create(() => new ElectionActor(settings, clock, channels)).WithDispatcher(CallingThreadDispatcher.Id), TestActor);
    }

    private TestScheduler Time => (TestScheduler)Sys.Scheduler;

    [Fact]
    public void Timer_must_tick_once_with_its_generation()
    {
        Start(RaftTimer.Election, 7, 100);

        Advance(99);
        ExpectNothing();
        Advance(2);
        Assert.Equal(new RaftInput.TimerElapsed(RaftTimer.Election, 7), ExpectMsg<RaftInput.TimerElapsed>());
        Advance(1000);
        ExpectNothing();
    }

    [Fact]
    public void Timer_that_is_put_off_must_tick_at_its_newest_time_only()
    {
        for (int i = 0; i < 10; i++)
        {
            Start(RaftTimer.Election, i, 100);
            Advance(60);
        }

        ExpectNothing();
        Advance(50);
        Assert.Equal(9, ExpectMsg<RaftInput.TimerElapsed>().Generation);
        Advance(1000);
        ExpectNothing();
    }

    [Fact]
    public void Timer_that_is_brought_forward_must_tick_earlier()
    {
        Start(RaftTimer.Election, 1, 1000);
        Start(RaftTimer.Election, 2, 50);

        Advance(51);
        Assert.Equal(2, ExpectMsg<RaftInput.TimerElapsed>().Generation);
        Advance(2000);
        ExpectNothing();
    }

    [Fact]
    public void Stopped_timer_must_not_tick()
    {
        Start(RaftTimer.Heartbeat, 1, 100);
        _election.Tell(new Effect.StopTimer(RaftTimer.Heartbeat));

        Advance(500);
        ExpectNothing();
    }

    [Fact]
    public void Silent_peers_must_be_asked_again_until_the_round_ends()
    {
        _election.Tell(new Effect.BeginVoteRound(Request, [new NodeId(2), new NodeId(3)]));
        _two.ExpectMsg(Request);
        _three.ExpectMsg(Request);

        _election.Tell(new VoteAnswered(new NodeId(2), Request.Term, PreVote: true));
        Advance(251);
        _three.ExpectMsg(Request);

        // An answer to another round says nothing about this one.
        _election.Tell(new VoteAnswered(new NodeId(3), new Term(3), PreVote: true));
        _election.Tell(new VoteAnswered(new NodeId(3), Request.Term, PreVote: false));
        Advance(251);
        _three.ExpectMsg(Request);

        _election.Tell(new Effect.EndVoteRound());
        Advance(1000);
        _two.ExpectNoMsg(TimeSpan.Zero);
        _three.ExpectNoMsg(TimeSpan.Zero);
    }

    private void Start(RaftTimer timer, long generation, int milliseconds) =>
        _election.Tell(new Effect.StartTimer(timer, generation, TimeSpan.FromMilliseconds(milliseconds)));

    private void Advance(int milliseconds) => Time.Advance(TimeSpan.FromMilliseconds(milliseconds));

    private void ExpectNothing() => ExpectNoMsg(TimeSpan.Zero);
}
