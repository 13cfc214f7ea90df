using System.Collections.Concurrent;
using System.Collections.Frozen;
using Akka.Actor;
using RaftActors.Configuration;
using RaftActors.Dispatch;
using RaftActors.Remoting;

namespace RaftActors.Runtime;

/// <summary>
/// What the handles, the supervisor and the actors of one stream share: where its node is now, and whether it is. Thread-safe.
/// </summary>
internal sealed class StreamLink(StreamDefinition definition, StreamSettings settings)
{
    private readonly ConcurrentDictionary<NodeId, PeerMemory> _peers = new();
    private volatile NodeRun? _run;
    private volatile StreamEnd? _end;

    // Then a client's thread could find itself in the state machine.
    private readonly bool _runsUserCodeThere = settings.RunsUserCodeOnConsensus;
    private RaftTuning _tuning = RaftTuning.None;
    private int _readOnly;
    private int _open;
    private long _lastPeerActivity;

    public StreamDefinition Definition { get; } = definition;

    public StreamSettings Settings { get; } = settings;

    public StreamId Id => Definition.Id;

    public NodeId Self => Definition.NodeId;

    /// <summary>What the frames of this member say about itself. Set by the node before it sends anything.</summary>
    public FrameIdentity Identity { get; set; }

    /// <summary>The stream's own actor, for what arrives while there is no node.</summary>
    public IActorRef Stream { get; set; } = ActorRefs.Nobody;

    /// <summary>Proposals that are used again. Here and not in the node: a client may take its answer when the node is gone.</summary>
    public ProposalPool Proposals { get; } = new();

    public int OpenRequests => Volatile.Read(ref _open);

    /// <summary>This member takes in no writes while it leads. Here and not in the node: it outlives the node's crashes.</summary>
    public bool IsReadOnly => Volatile.Read(ref _readOnly) != 0;

    /// <summary>Where a peer's frames go; null while there is no node.</summary>
    public FrozenDictionary<NodeId, IActorRef>? Channels => _run is { Closed: false } run ? run.Channels : null;

    /// <summary>The last time something of this stream came from a peer, by the calendar; null when nothing did.</summary>
    public DateTimeOffset? LastPeerActivity =>
        Volatile.Read(ref _lastPeerActivity) is var ticks and not 0 ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    /// <summary>What is known when a node has ended and has not said why.</summary>
    public static (string Reason, RefusalCode Code) Closed { get; } = ("the stream's node has stopped", RefusalCode.Stopping);

    /// <summary>Why the node that ran last takes nothing more.</summary>
    public (string Reason, RefusalCode Code) WhyClosed => _run is { Closed: true } run ? (run.Reason, run.Code) : Closed;

    /// <summary>The node that ran last has failed for good.</summary>
    public bool HasFailed => WhyClosed.Code == RefusalCode.StreamFailed;

    /// <summary>The stream's actors are gone.</summary>
    public bool Ended => _end is not null;

    /// <summary>The node, while there is one that takes part.</summary>
    public IActorRef? Node => _run is { Closed: false } run ? run.Node : null;

    /// <summary>True when that changed the mode.</summary>
    public bool SetReadOnly(bool isReadOnly) => Interlocked.Exchange(ref _readOnly, isReadOnly ? 1 : 0) != (isReadOnly ? 1 : 0);

    /// <summary>What was changed while the stream runs. Here and not in the node: it outlives the node's crashes.</summary>
    public RaftTuning Tuning => Volatile.Read(ref _tuning);

    /// <summary>Changes come one after the other.</summary>
    public void Tune(RaftTuning tuning)
    {
        RaftTuning before = Tuning;
        while (Interlocked.CompareExchange(ref _tuning, tuning.After(before), before) is var found && !ReferenceEquals(found, before))
        {
            before = found;
        }
    }

    /// <summary>What is remembered of a peer while this stream runs, whatever becomes of its actors.</summary>
    public PeerMemory Peer(NodeId id) => _peers.GetOrAdd(id, static (_, limit) => new PeerMemory(limit), Settings.UserMessageQueueBytes);

    /// <summary>From now on requests go straight to this node.</summary>
    public void Open(IActorRef node, FrozenDictionary<NodeId, IActorRef> channels) => _run = new NodeRun(node, channels);

    /// <summary>
    /// That node takes nothing more. Called by the node when it ends, before its mailbox is emptied: whoever put a request into it sees
    /// either this or has the request answered by the mailbox. The first reason stands: a node that has failed also stops.
    /// </summary>
    public void Close(IActorRef node, string reason, RefusalCode code)
    {
        if (_run is { Closed: false } run && run.Node.Equals(node))
        {
            run.Code = code;
            run.Reason = reason;
            run.Closed = true;
        }
    }

    /// <summary>The stream's own actor ends: nobody will answer any more.</summary>
    public void End(string reason, RefusalCode code) => _end = new StreamEnd(reason, code);

    /// <summary>Hands a request to the actors, or answers it here when there is nobody to hand it to.</summary>
    public void Submit(ClientRequest request)
    {
        if (TryCount(request))
        {
            Hand(request);
        }
    }

    /// <summary>False when too much is open; then the request is answered.</summary>
    public bool TryCount(ClientRequest request)
    {
        if (Interlocked.Increment(ref _open) > Settings.MaxOpenRequests)
        {
            Leave();
            request.Overload($"more than {Settings.MaxOpenRequests} requests are open (max-open-requests)");
            return false;
        }

        request.CountedBy(this);
        return true;
    }

    /// <summary>Hands a request to the stream's own actor, whether there is a node or not.</summary>
    public void HandToStream(ClientRequest request)
    {
        Stream.Tell(request, ActorRefs.NoSender);
        if (_end is { } end)
        {
            request.Abandon(end.Reason, end.Code);
        }
    }

    /// <summary>The same for requests that are not counted.</summary>
    public void Hand(ClientRequest request)
    {
        if (_run is { Closed: false } run)
        {
            Tell(run.Node, request);
            if (run.Closed)
            {
                request.Abandon(run.Reason, run.Code);
            }

            return;
        }

        HandToStream(request);
    }

    // A request that is alone has nothing to be batched with, and its client nothing to do but wait: it may as well carry it on. A thread that is not of the pool may be one that an application counts on,
    // and what runs under a scheduler of the application's (an actor's await among them) would go on there after an await.
    private void Tell(IActorRef node, ClientRequest request)
    {
        if (OpenRequests > 1
            || _runsUserCodeThere
            || !Thread.CurrentThread.IsThreadPoolThread
            || SynchronizationContext.Current is not null
            || TaskScheduler.Current != TaskScheduler.Default
            || ConsensusThreads.NoContext is not { } none)
        {
            node.Tell(request, ActorRefs.NoSender);
            return;
        }

        // Not in the client's context: its values (AsyncLocal) are none of the actors' business.
        ExecutionContext.Run(none, LendAndTell, (node, request));
    }

    private static void LendAndTell(object? state)
    {
        (IActorRef node, ClientRequest request) = ((IActorRef, ClientRequest))state!;
        ThreadLoan.Offer();
        node.Tell(request, ActorRefs.NoSender);
        ThreadLoan.Withdraw();
    }

    /// <summary>Something of this stream came from a peer.</summary>
    public void Touch(DateTimeOffset now) => Volatile.Write(ref _lastPeerActivity, now.UtcTicks);

    internal void Leave() => Interlocked.Decrement(ref _open);

    private sealed class NodeRun(IActorRef node, FrozenDictionary<NodeId, IActorRef> channels)
    {
        private volatile bool _closed;

        public IActorRef Node { get; } = node;

        public FrozenDictionary<NodeId, IActorRef> Channels { get; } = channels;

        public string Reason { get; set; } = StreamLink.Closed.Reason;

        public RefusalCode Code { get; set; } = StreamLink.Closed.Code;

        public bool Closed
        {
            get => _closed;
            set => _closed = value;
        }
    }

    private sealed record StreamEnd(string Reason, RefusalCode Code);
}
