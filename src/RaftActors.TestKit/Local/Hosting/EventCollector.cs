using Akka.Actor;
using Akka.Event;

namespace RaftActors.TestKit.Local;

/// <summary>Subscribed to a member's event stream: what its streams publish and what it warns of goes into the trace.</summary>
internal sealed class EventCollector : UntypedActor
{
    private readonly MemberRun _run;

    public EventCollector(MemberRun run) => _run = run;

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case StreamEvent streamEvent:
                _run.Cluster.OnEvent(_run, streamEvent);
                break;
            case LogEvent log:
                _run.Cluster.Note(_run.Member.Id, $"{log.LogLevel()}: {log.Message}{(log.Cause is { } cause ? " - " + cause.Message : string.Empty)}");
                break;
        }
    }
}
