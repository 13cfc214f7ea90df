using System.Collections.Immutable;
using Akka.Actor;
using Akka.Actor.Internal;
using Akka.Dispatch;
using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Remote;

/// <summary>
/// Watches remote actors for all local ones. Each node with a watched actor is asked for heartbeats; when its failure
/// detector gives it up, the watchers are told and the node is quarantined. A heartbeat from a new incarnation makes
/// it watch again, which tells the watchers of everything that died with the old one.
/// </summary>
public class RemoteWatcher : UntypedActor, IRequiresMessageQueue<IUnboundedMessageQueueSemantics>
{
    protected readonly ILoggingAdapter Log = Context.GetLogger();
    protected readonly Dictionary<IInternalActorRef, HashSet<IInternalActorRef>> Watching = new();
    protected readonly Dictionary<Address, HashSet<IInternalActorRef>> WatcheeByNodes = new();

    private readonly IFailureDetectorRegistry<Address> _failureDetector;
    private readonly TimeSpan _heartbeatExpectedResponseAfter;
    private readonly ICancelable _heartbeatTimer;
    private readonly ICancelable _reaperTimer;
    private readonly Dictionary<Address, int> _uids = new();
    private readonly HeartbeatRsp _selfHeartbeatRsp;
    private readonly IRemoteActorRefProvider _provider;

    public RemoteWatcher(IFailureDetectorRegistry<Address> failureDetector, TimeSpan heartbeatInterval, TimeSpan unreachableReaperInterval, TimeSpan heartbeatExpectedResponseAfter)
    {
        _failureDetector = failureDetector;
        _heartbeatExpectedResponseAfter = heartbeatExpectedResponseAfter;
        _provider = ((ExtendedActorSystem)Context.System).Provider as IRemoteActorRefProvider
            ?? throw new InvalidOperationException("The remote watcher needs a provider that can reach other systems.");
        _selfHeartbeatRsp = new HeartbeatRsp(AddressUidExtension.Uid(Context.System));
        _heartbeatTimer = Context.System.Scheduler.ScheduleTellRepeatedlyCancelable(heartbeatInterval, heartbeatInterval, Self, HeartbeatTick.Instance, Self);
        _reaperTimer = Context.System.Scheduler.ScheduleTellRepeatedlyCancelable(unreachableReaperInterval, unreachableReaperInterval, Self, ReapUnreachableTick.Instance, Self);
    }

    protected HashSet<Address> Unreachable { get; } = new();

    protected ICollection<Address> WatchingNodes => WatcheeByNodes.Keys;

    public static Props Props(IFailureDetectorRegistry<Address> failureDetector, TimeSpan heartbeatInterval, TimeSpan unreachableReaperInterval, TimeSpan heartbeatExpectedResponseAfter) =>
        Actor.Props.Create(() => new RemoteWatcher(failureDetector, heartbeatInterval, unreachableReaperInterval, heartbeatExpectedResponseAfter));

    protected override void PostStop()
    {
        base.PostStop();
        _heartbeatTimer.Cancel();
        _reaperTimer.Cancel();
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case HeartbeatTick:
                SendHeartbeats();
                break;
            case Heartbeat:
                Sender.Tell(_selfHeartbeatRsp);
                break;
            case HeartbeatRsp response:
                ReceiveHeartbeatRsp(response.AddressUid);
                break;
            case ReapUnreachableTick:
                ReapUnreachable();
                break;
            case ExpectedFirstHeartbeat expected:
                // Silence from the start is a heartbeat that never came: the detector needs a point to count from.
                if (WatcheeByNodes.ContainsKey(expected.From) && !_failureDetector.IsMonitoring(expected.From))
                    _failureDetector.Heartbeat(expected.From);
                break;
            case WatchRemote watch:
                AddWatching(watch.Watchee, watch.Watcher);
                break;
            case UnwatchRemote unwatch:
                RemoveWatch(unwatch.Watchee, unwatch.Watcher);
                break;
            case Terminated terminated:
                ProcessTerminated((IInternalActorRef)terminated.ActorRef, terminated.ExistenceConfirmed, terminated.AddressTerminated);
                break;
            case Stats:
                Sender.Tell(CurrentStats());
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    protected void AddWatching(IInternalActorRef watchee, IInternalActorRef watcher)
    {
        if (!Watching.TryGetValue(watchee, out var watchers))
            Watching[watchee] = watchers = new HashSet<IInternalActorRef>();
        watchers.Add(watcher);
        WatchNode(watchee);

        // The one watch that goes over the network, whoever else wants to know.
        Context.Watch(watchee);
    }

    protected virtual void WatchNode(IInternalActorRef watchee)
    {
        var node = watchee.Path.Address;
        if (!WatcheeByNodes.TryGetValue(node, out var watchees))
            WatcheeByNodes[node] = watchees = new HashSet<IInternalActorRef>();
        if (Unreachable.Remove(node))
            _failureDetector.Remove(node);
        watchees.Add(watchee);
    }

    protected void RemoveWatch(IInternalActorRef watchee, IInternalActorRef watcher)
    {
        if (!Watching.TryGetValue(watchee, out var watchers))
            return;
        watchers.Remove(watcher);
        if (watchers.Count > 0)
            return;
        Context.Unwatch(watchee);
        RemoveWatchee(watchee);
    }

    protected void RemoveWatchee(IInternalActorRef watchee)
    {
        Watching.Remove(watchee);
        var node = watchee.Path.Address;
        if (!WatcheeByNodes.TryGetValue(node, out var watchees))
            return;
        watchees.Remove(watchee);
        if (watchees.Count == 0)
            UnwatchNode(node);
    }

    protected void UnwatchNode(Address watcheeAddress)
    {
        WatcheeByNodes.Remove(watcheeAddress);
        _uids.Remove(watcheeAddress);
        _failureDetector.Remove(watcheeAddress);
    }

    protected virtual void Quarantine(Address address, int? addressUid) => _provider.Quarantine(address, addressUid);

    protected virtual void PublishAddressTerminated(Address address)
    {
        // Reaches every cell that watches, or is watched from, that address; this one too.
        ((ActorSystemImpl)Context.System).AddressTerminatedTopic.Publish(address);
    }

    private void SendHeartbeats()
    {
        foreach (var node in WatcheeByNodes.Keys)
        {
            if (Unreachable.Contains(node))
                continue;
            if (!_failureDetector.IsMonitoring(node))
                Context.System.Scheduler.ScheduleTellOnce(_heartbeatExpectedResponseAfter, Self, new ExpectedFirstHeartbeat(node), Self);
            Context.ActorSelection(new RootActorPath(node) / Self.Path.Elements).Tell(Heartbeat.Instance, Self);
        }
    }

    private void ReceiveHeartbeatRsp(int uid)
    {
        var from = Sender.Path.Address;
        if (!WatcheeByNodes.TryGetValue(from, out var watchees) || Unreachable.Contains(from))
            return;
        if (!_uids.TryGetValue(from, out var known) || known != uid)
        {
            foreach (var watchee in watchees)
                watchee.SendSystemMessage(new Watch(watchee, (IInternalActorRef)Self));
        }

        _uids[from] = uid;
        _failureDetector.Heartbeat(from);
    }

    private void ReapUnreachable()
    {
        foreach (var node in WatcheeByNodes.Keys.ToArray())
        {
            if (Unreachable.Contains(node) || _failureDetector.IsAvailable(node))
                continue;
            Log.Warning("Detected unreachable: [{0}]", node);
            Quarantine(node, _uids.TryGetValue(node, out var uid) ? uid : null);
            Unreachable.Add(node);
            PublishAddressTerminated(node);
        }
    }

    private void ProcessTerminated(IInternalActorRef watchee, bool existenceConfirmed, bool addressTerminated)
    {
        // What was watched by path alone has a reference without an incarnation.
        var watched = Watching.ContainsKey(watchee)
            ? watchee
            : Watching.Keys.FirstOrDefault(w => w.Path.Uid == ActorCell.UndefinedUid && w.Path.Equals(watchee.Path));
        if (watched == null)
            return;
        var watchers = Watching[watched];
        if (!addressTerminated)
        {
            foreach (var watcher in watchers)
                watcher.SendSystemMessage(new DeathWatchNotification(watchee, existenceConfirmed, addressTerminated: false));
        }

        RemoveWatchee(watched);
    }

    private Stats CurrentStats() => new(
        Watching.Sum(w => w.Value.Count),
        WatcheeByNodes.Count,
        Watching.SelectMany(w => w.Value.Select(watcher => ((IActorRef)w.Key, (IActorRef)watcher))).ToImmutableHashSet(),
        WatcheeByNodes.Keys.ToImmutableHashSet());

    public abstract class WatchCommand
    {
        protected WatchCommand(IInternalActorRef watchee, IInternalActorRef watcher)
        {
            Watchee = watchee;
            Watcher = watcher;
        }

        public IInternalActorRef Watchee { get; }

        public IInternalActorRef Watcher { get; }
    }

    public sealed class WatchRemote : WatchCommand
    {
        public WatchRemote(IInternalActorRef watchee, IInternalActorRef watcher)
            : base(watchee, watcher)
        {
        }
    }

    public sealed class UnwatchRemote : WatchCommand
    {
        public UnwatchRemote(IInternalActorRef watchee, IInternalActorRef watcher)
            : base(watchee, watcher)
        {
        }
    }

    public sealed class Heartbeat
    {
        private Heartbeat()
        {
        }

        public static Heartbeat Instance { get; } = new();
    }

    public class HeartbeatRsp
    {
        public HeartbeatRsp(int addressUid) => AddressUid = addressUid;

        public int AddressUid { get; }
    }

    public class HeartbeatTick
    {
        private HeartbeatTick()
        {
        }

        public static HeartbeatTick Instance { get; } = new();
    }

    public class ReapUnreachableTick
    {
        private ReapUnreachableTick()
        {
        }

        public static ReapUnreachableTick Instance { get; } = new();
    }

    public sealed class ExpectedFirstHeartbeat
    {
        public ExpectedFirstHeartbeat(Address from) => From = from;

        public Address From { get; }
    }

    /// <summary>Sent: a question. Received: how much is watched.</summary>
    public sealed class Stats
    {
        public static Stats Empty = Counts(0, 0);

        public Stats(int watching, int watchingNodes)
            : this(watching, watchingNodes, ImmutableHashSet<(IActorRef, IActorRef)>.Empty, ImmutableHashSet<Address>.Empty)
        {
        }

        public Stats(int watching, int watchingNodes, ImmutableHashSet<(IActorRef, IActorRef)> watchingRefs, ImmutableHashSet<Address> watchingAddresses)
        {
            Watching = watching;
            WatchingNodes = watchingNodes;
            WatchingRefs = watchingRefs;
            WatchingAddresses = watchingAddresses;
        }

        public int Watching { get; }

        public int WatchingNodes { get; }

        public ImmutableHashSet<(IActorRef, IActorRef)> WatchingRefs { get; }

        public ImmutableHashSet<Address> WatchingAddresses { get; }

        public static Stats Counts(int watching, int watchingNodes) => new(watching, watchingNodes);

        public override bool Equals(object obj) =>
            obj is Stats other && Watching == other.Watching && WatchingNodes == other.WatchingNodes;

        public override int GetHashCode() => HashCode.Combine(Watching, WatchingNodes);

        public override string ToString() => "Stats(watching=" + Watching + ", watchingNodes=" + WatchingNodes + ")";
    }
}
