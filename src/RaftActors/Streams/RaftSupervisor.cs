using Akka.Actor;
using Akka.Event;
using RaftActors.Administration;
using RaftActors.Dispatch;
using RaftActors.Remoting;

namespace RaftActors.Runtime;

/// <summary>
/// <c>/user/raft</c>: the one place where frames of all streams arrive, and the parent of all streams. A frame is routed by the ids in its header; what is in it is checked by whoever gets it.
/// </summary>
internal sealed class RaftSupervisor : UntypedActor
{
    private readonly RaftStreams _streams;
    private readonly NodeEnvironment _environment;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly RateLimitedLog _badFrames;
    private readonly RateLimitedLog _unknown;
    private readonly Dictionary<StreamId, Entry> _entries = [];
    private readonly Dictionary<IActorRef, StreamId> _byActor = [];
    private readonly HashSet<string> _keptDispatchers = [];

    public RaftSupervisor(RaftStreams streams, NodeEnvironment environment)
    {
        _streams = streams;
        _environment = environment;
        _badFrames = new RateLimitedLog(environment.Settings.Remoting.LogInterval);
        _unknown = new RateLimitedLog(environment.Settings.Remoting.LogInterval);
    }

    private TimeSpan Now => _environment.Clock.Now;

    public static Props Props(RaftStreams streams, NodeEnvironment environment) =>
        Akka.Actor.Props.Create(() => new RaftSupervisor(streams, environment)).WithDispatcher(NodeEnvironment.Consensus);

    // A stream's actor handles what happens below it; when it crashes itself, nothing can be trusted any more.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    protected override void OnReceive(object message)
    {
        try
        {
            Handle(message);
        }
        catch (Exception e)
        {
            // A restart of this actor would restart every stream. One message that cannot be handled is no reason for that.
            LogLines.NotHandled(_log, e, message.GetType());
            TaskCompletionSource? waiting = (message as AddStream)?.Started ?? (message as RemoveStream)?.Stopped;
            waiting?.TrySetException(new RaftActorsException($"It could not be done: {e.Message}", e));
        }
    }

    private void Handle(object message)
    {
        switch (message)
        {
            case PeerFrame frame:
                Route(frame);
                break;
            case AddStream add:
                Add(add);
                break;
            case RemoveStream remove:
                Remove(remove);
                break;
            case StreamUp up:
                if (_entries.TryGetValue(up.Id, out Entry? entry) && Sender.Equals(entry.Link.Stream))
                {
                    entry.Failed = up.Failure is not null;
                    entry.Report(up.Failure);
                }

                break;
            case Terminated terminated:
                Removed(terminated.ActorRef);
                break;
            case AdminRequest request:
                Answer(request, Sender);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    protected override void PostStop()
    {
        foreach (Entry entry in _entries.Values)
        {
            entry.Link.End("the node is shutting down", RefusalCode.Stopping);
            entry.Report(new StreamStartException(entry.Link.Id, "the node is shutting down"));
            entry.Replacement?.Started.TrySetException(new StreamStartException(entry.Link.Id, "the node is shutting down"));
            entry.Stopped();
        }

        _streams.SupervisorEnded();
    }

    private void Route(PeerFrame frame)
    {
        _environment.Traffic.Received(frame.Bytes.Length);
        if (!PeerFrameHeader.TryReadRoute(frame.Bytes.Span, out PeerFrameHeader header, out string? error))
        {
            _environment.Traffic.BadFrame();
            if (_badFrames.MayWrite(Now, out long suppressed))
            {
                LogLines.BadFrame(_log, Sender.Path.Address.ToString(), error, suppressed);
            }

            return;
        }

        if (!_entries.TryGetValue(header.Stream, out Entry? entry) || !header.IsFor(entry.Link.Self))
        {
            Unknown(frame, header);
            return;
        }

        entry.Link.Touch(_environment.Clock.Date);
        if (entry.Link.Channels is not { } channels)
        {
            // Recovering, or failed: as good as lost, and the protocol lives with loss.
            return;
        }

        if (channels.TryGetValue(header.Source, out IActorRef? channel))
        {
            channel.Tell(new InboundFrame(frame), Sender);
        }
        else if (header.Source != entry.Link.Self && entry.Link.Node is { } node && MayComeFromStrangers(header.Type) && _environment.Transport.AddressOf(Sender) is { } address)
        {
            node.Tell(new StrangerFrame(header.Source, address, frame));
        }
        else
        {
            Unknown(frame, header);
        }
    }

    // What a leader or candidate says that has joined the stream while this member was away.
    private static bool MayComeFromStrangers(PeerFrameType type) =>
        type is PeerFrameType.RequestVote or PeerFrameType.AppendEntries or PeerFrameType.SnapshotBlock or PeerFrameType.Fragment or PeerFrameType.RecoveryNotice;

    private void Answer(AdminRequest request, IActorRef asker)
    {
        if (request.Verb == AdminRequest.Status)
        {
            _ = _streams.GetStatusAsync().PipeTo(
                asker,
                Self,
                statuses => new AdminReply(true, [.. statuses.Select(StreamStatusJson.Write)]),
                failure => new AdminReply(false, [failure.GetBaseException().Message]));
        }
        else
        {
            string verb = request.Verb;
            Task<AdminReply> done = _environment.Settings.AdministrationEnabled
                ? AdminCommands.RunAsync(_streams, verb)
                : Task.FromResult(new AdminReply(false, ["administration is disabled on this node (raft-actors.administration.enabled)"]));
            _ = done.PipeTo(asker, Self, failure: e => new AdminReply(false, [e.GetBaseException().Message]));
        }
    }

    private void Unknown(PeerFrame frame, in PeerFrameHeader header)
    {
        // Answer only what is really a frame, and never an answer of this kind: two nodes must not play ball.
        if (!PeerFrameHeader.TryRead(frame.Bytes, out _, out _, out string? error))
        {
            _environment.Traffic.BadFrame();
            if (_badFrames.MayWrite(Now, out long bad))
            {
                LogLines.BadFrame(_log, Sender.Path.Address.ToString(), error, bad);
            }

            return;
        }

        _environment.Traffic.UnknownStream();
        if (_unknown.MayWrite(Now, out long suppressed))
        {
            LogLines.UnknownStream(_log, $"{Sender.Path.Address} (node {header.Source})", header.Stream, header.Destination, suppressed);
        }

        // Whom a frame without a destination was meant for is not known here; the heartbeats are addressed, and are answered.
        if (header.Type != PeerFrameType.UnknownStream && !header.Destination.IsNone)
        {
            PeerFrameHeader answer = new(PeerFrameType.UnknownStream, header.Destination, header.Source, Term.Zero, LogIndex.Zero, false, header.Stream);
            Sender.Tell(PeerFrameHeader.Seal(answer.Allocate(0)));
        }
    }

    private void Add(AddStream add)
    {
        if (_entries.TryGetValue(add.Link.Id, out Entry? present))
        {
            if (!(present.Failed || present.Link.HasFailed) || present.Replacement is not null)
            {
                add.Started.TrySetException(new StreamStartException(add.Link.Id, "it runs already"));
                return;
            }

            // Starting a failed stream again is how an operator brings it back.
            present.Replacement = add;
            present.Link.Stream.Tell(StopStream.Instance);
            return;
        }

        if (_keptDispatchers.Add(add.Link.Settings.StateMachineDispatcher))
        {
            Context.ActorOf(DispatcherKeeper.Props(add.Link.Settings.StateMachineDispatcher));
        }

        Entry entry = new(add.Link, add.Started);
        IActorRef stream = Context.ActorOf(StreamActor.Props(add.Link, _environment), $"stream-{add.Link.Id}");
        Context.Watch(stream);
        add.Link.Stream = stream;
        _entries.Add(add.Link.Id, entry);
        _byActor.Add(stream, add.Link.Id);
        _streams.Registered(add.Link);
    }

    private void Remove(RemoveStream remove)
    {
        if (!_entries.TryGetValue(remove.Id, out Entry? entry))
        {
            remove.Stopped.TrySetException(new StreamNotFoundException(remove.Id));
            return;
        }

        entry.WaitForStop(remove.Stopped);
        entry.Link.Stream.Tell(StopStream.Instance);
    }

    private void Removed(IActorRef actor)
    {
        if (!_byActor.Remove(actor, out StreamId id) || !_entries.Remove(id, out Entry? entry))
        {
            return;
        }

        entry.Link.End("the stream has stopped", RefusalCode.Stopping);
        _streams.Unregistered(entry.Link);
        entry.Report(new StreamStartException(id, "it was stopped"));
        entry.Stopped();
        if (entry.Replacement is { } replacement)
        {
            Add(replacement);
        }
    }

    private sealed class Entry(StreamLink link, TaskCompletionSource started)
    {
        private readonly List<TaskCompletionSource> _stops = [];

        public StreamLink Link { get; } = link;

        public bool Failed { get; set; }

        public AddStream? Replacement { get; set; }

        public void Report(RaftActorsException? failure)
        {
            if (failure is null)
            {
                started.TrySetResult();
            }
            else
            {
                started.TrySetException(failure);
            }
        }

        public void WaitForStop(TaskCompletionSource stopped) => _stops.Add(stopped);

        public void Stopped()
        {
            foreach (TaskCompletionSource stop in _stops)
            {
                stop.TrySetResult();
            }
        }
    }
}
