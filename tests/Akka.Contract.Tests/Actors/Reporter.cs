namespace Akka.Contract.Tests.Actors;

/// <summary>Tells a probe about everything that happens to it: its hooks, and every message it gets.</summary>
public class Reporter : UntypedActor
{
    private readonly IActorRef _probe;
    private readonly string _name;
    private int _handled;

    public Reporter(IActorRef probe, string name = "it")
    {
        _probe = probe;
        _name = name;
    }

    public static Props Props(IActorRef probe, string name = "it") => Akka.Actor.Props.Create(() => new Reporter(probe, name));

    protected override void PreStart() => Report("PreStart");

    protected override void PostStop() => Report("PostStop");

    protected override void PreRestart(Exception reason, object message)
    {
        Report($"PreRestart({reason.Message},{Text(message)})");
        base.PreRestart(reason, message);
    }

    protected override void PostRestart(Exception reason)
    {
        Report($"PostRestart({reason.Message})");
        base.PostRestart(reason);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Exception failure:
                throw failure;
            case Block block:
                block.Hold();
                break;
            case "count":
                Sender.Tell(_handled);
                break;
            case "stop":
                Context.Stop(Self);
                break;
            case Props child:
                Sender.Tell(Context.ActorOf(child));
                break;
            default:
                _handled++;
                Report(Text(message));
                break;
        }
    }

    private static string Text(object message) => message is Exception ? "failure" : message?.ToString();

    private void Report(string what) => _probe.Tell($"{_name}:{what}");
}

/// <summary>A parent that supervises as the test says and tells a probe what it decided about.</summary>
public sealed class Parent : UntypedActor
{
    private readonly SupervisorStrategy _strategy;

    public Parent(SupervisorStrategy strategy)
    {
        _strategy = strategy;
    }

    public static Props Props(SupervisorStrategy strategy) => Akka.Actor.Props.Create(() => new Parent(strategy));

    protected override SupervisorStrategy SupervisorStrategy() => _strategy;

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case (Props props, string name):
                Sender.Tell(Context.ActorOf(props, name));
                break;
            case Exception failure:
                throw failure;
            default:
                Sender.Tell(message);
                break;
        }
    }
}
