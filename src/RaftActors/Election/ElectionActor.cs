using System.Collections.Frozen;
using Akka.Actor;
using RaftActors.Configuration;

namespace RaftActors.Runtime;

/// <summary>
/// Runs the protocol's timers and asks for votes until they are answered. Everything it knows can be told again: when it is restarted, the node
/// does so.
/// </summary>
internal sealed class ElectionActor : UntypedActor, IWithTimers
{
    private static readonly object RetryKey = new();
    private static readonly object RetryTick = new();

    private readonly StreamSettings _settings;
    private readonly RaftClock _clock;
    private FrozenDictionary<NodeId, IActorRef> _channels;
    private readonly RunningTimer[] _timers;
    private readonly HashSet<NodeId> _silent = [];
    private Effect.BeginVoteRound? _round;

    public ElectionActor(StreamSettings settings, RaftClock clock, FrozenDictionary<NodeId, IActorRef> channels)
    {
        _clock = clock;
        _settings = settings;
        _channels = channels;
        _timers = [.. Enum.GetValues<RaftTimer>().Select(t => new RunningTimer(t))];
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => _clock.Now;

    public static Props Props(StreamSettings settings, RaftClock clock, FrozenDictionary<NodeId, IActorRef> channels) =>
        Akka.Actor.Props.Create(() => new ElectionActor(settings, clock, channels)).WithDispatcher(NodeEnvironment.Consensus);

    protected override void PostRestart(Exception reason)
    {
        base.PostRestart(reason);
        Context.Parent.Tell(ElectionRestarted.Instance);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Effect.StartTimer start:
                Start(start);
                break;
            case RunningTimer tick:
                Tick(tick);
                break;
            case Effect.StopTimer stop:
                _timers[(int)stop.Timer].Deadline = null;
                break;
            case Effect.BeginVoteRound round:
                Begin(round);
                break;
            case VoteAnswered answered:
                if (_round is { } current && answered.RequestTerm == current.Request.Term && answered.PreVote == current.Request.PreVote)
                {
                    _silent.Remove(answered.From);
                }

                break;
            case ChannelsChanged changed:
                _channels = changed.Channels;
                break;
            case Effect.EndVoteRound:
                End();
                break;
            default:
                if (ReferenceEquals(message, RetryTick))
                {
                    Ask();
                }
                else
                {
                    Unhandled(message);
                }

                break;
        }
    }

    private void Start(Effect.StartTimer start)
    {
        RunningTimer timer = _timers[(int)start.Timer];
        timer.Deadline = Now + start.After;
        timer.Generation = start.Generation;

        // A follower's election timer is put off by every append. The tick that is already scheduled finds out and waits for the rest:
        // no scheduler work per append.
        if (timer.Armed is not { } armed || armed > timer.Deadline)
        {
            Arm(timer, start.After);
        }
    }

    private void Tick(RunningTimer timer)
    {
        timer.Armed = null;
        if (timer.Deadline is not { } deadline)
        {
            return;
        }

        TimeSpan rest = deadline - Now;
        if (rest > TimeSpan.Zero)
        {
            Arm(timer, rest);
            return;
        }

        timer.Deadline = null;
        Context.Parent.Tell(new RaftInput.TimerElapsed(timer.Timer, timer.Generation));
    }

    private void Arm(RunningTimer timer, TimeSpan after)
    {
        timer.Armed = Now + after;
        Timers.StartSingleTimer(timer.Timer, timer, after);
    }

    private void Begin(Effect.BeginVoteRound round)
    {
        _round = round;
        _silent.Clear();
        _silent.UnionWith(round.Peers);
        Ask();
        Timers.StartPeriodicTimer(RetryKey, RetryTick, _settings.VoteRetryInterval, _settings.VoteRetryInterval);
    }

    private void Ask()
    {
        if (_round is not { } round)
        {
            return;
        }

        foreach (NodeId peer in _silent)
        {
            if (_channels.TryGetValue(peer, out IActorRef? channel))
            {
                channel.Tell(round.Request);
            }
        }
    }

    private void End()
    {
        _round = null;
        _silent.Clear();
        Timers.Cancel(RetryKey);
    }

    /// <summary>One of the protocol's timers; also the message that says that its scheduled tick has come.</summary>
    private sealed class RunningTimer(RaftTimer timer)
    {
        public RaftTimer Timer { get; } = timer;

        public long Generation { get; set; }

        public TimeSpan? Deadline { get; set; }

        public TimeSpan? Armed { get; set; }
    }
}
