using System.Globalization;
using Akka.Actor;
using Akka.Remote;
using RaftActors.Remoting;

namespace RaftActors.Administration;

/// <summary>
/// One request to a node, from the asking until there is an answer or nobody left to give one. What changes something may take a minute, and its answer is lost with the connection or with the node:
/// whoever asked is told at once, not at the deadline.
/// </summary>
internal sealed class AdminQuestion : UntypedActor, IWithTimers
{
    /// <summary>How long a node that is silent, although its connection stands, is believed to be there.</summary>
    public static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(5);

    private const string Unknown = "whether it does what was asked is unknown";

    private static readonly TimeSpan SignOfLifeEvery = TimeSpan.FromSeconds(1);

    private readonly ActorSelection _node;
    private readonly Address _peer;
    private readonly string _verb;
    private readonly TimeSpan _timeout;
    private readonly TaskCompletionSource<AdminReply> _answer;
    private IActorRef _answering = ActorRefs.Nobody;

    public AdminQuestion(ActorSelection node, Address peer, string verb, TimeSpan timeout, TaskCompletionSource<AdminReply> answer)
    {
        _node = node;
        _peer = peer;
        _verb = verb;
        _timeout = timeout;
        _answer = answer;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <param name="node">The actor that is asked.</param>
    /// <param name="peer">The node that it is on.</param>
    /// <param name="verb">The request.</param>
    /// <param name="timeout">When to give up in any case.</param>
    /// <param name="answer">Gets the reply, or the <see cref="NodeUnreachableException"/>.</param>
    public static Props Props(ActorSelection node, Address peer, string verb, TimeSpan timeout, TaskCompletionSource<AdminReply> answer) =>
        Akka.Actor.Props.Create(() => new AdminQuestion(node, peer, verb, timeout, answer));

    protected override void PreStart()
    {
        RemotingEvents.Subscribe(Context.System, Self);
        Timers.StartSingleTimer(Signal.Deadline, Signal.Deadline, _timeout);
        Timers.StartPeriodicTimer(Signal.AskForLife, Signal.AskForLife, SignOfLifeEvery);
        HasSpoken();
        _node.Tell(new AdminRequest(_verb), Self);
        _node.Tell(new Identify(_verb), Self);
    }

    protected override void PostStop()
    {
        RemotingEvents.Unsubscribe(Context.System, Self);
        _answer.TrySetException(new NodeUnreachableException($"This actor system ended before {_peer} answered; {Unknown}."));
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case AdminReply reply:
                _answer.TrySetResult(reply);
                Context.Stop(Self);
                break;
            case ActorIdentity identity:
                Identified(identity.Subject);
                break;
            case Signal.AskForLife:
                _node.Tell(new Identify(_verb), Self);
                break;
            case Signal.Silence:
                GiveUp($"{_peer} has said nothing for {Seconds(LongestSilence)} s");
                break;
            case Signal.Deadline:
                GiveUp($"{_peer} did not answer within {Seconds(_timeout)} s");
                break;
            case RemotingLifecycleEvent change when RemotingEvents.Interpret(change, _peer) == PeerConnectionChange.Lost:
                GiveUp($"the connection to {_peer} was lost before there was an answer");
                break;
        }
    }

    /// <summary>A node that was started again has another incarnation of the actor, which knows nothing of the request.</summary>
    private void Identified(IActorRef? subject)
    {
        bool isKnown = !_answering.IsNobody();
        if (isKnown && subject?.Path.Uid != _answering.Path.Uid)
        {
            GiveUp(subject is null ? $"{_peer} ended before there was an answer" : $"{_peer} was started again before there was an answer");
        }
        else if (subject is not null)
        {
            _answering = subject;
            HasSpoken();
        }
    }

    private void HasSpoken() => Timers.StartSingleTimer(Signal.Silence, Signal.Silence, LongestSilence);

    private void GiveUp(string reason)
    {
        _answer.TrySetException(new NodeUnreachableException($"{reason}; {Unknown}."));
        Context.Stop(Self);
    }

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture);

    private enum Signal
    {
        AskForLife,
        Silence,
        Deadline,
    }
}
