using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using RaftActors.TestKit.Local;
using RaftActors.TestKit.Simulation;

namespace RaftActors.TestKit;

/// <summary>
/// Members of one stream in this process, with the user's state machine and the real actors, in virtual time: nothing happens between two calls, and everything that happens
/// is decided by one seed. Time moves with <see cref="Advance"/> and <see cref="RunUntil"/>; faults are method calls. Not thread-safe; one test uses one cluster.
/// </summary>
/// <remarks>
/// Each member is an actor system of its own. Dispatchers, scheduler, peer transport, journal and snapshot store are replaced through Akka's extension points; the actors
/// of the product are the ones that run in production.
/// </remarks>
public sealed partial class LocalCluster : IDisposable
{
    private static readonly TimeSpan DefaultLimit = TimeSpan.FromMinutes(1);
    private readonly LocalClusterOptions _options;
    private readonly SortedDictionary<NodeId, LocalMember> _members = [];
    private readonly ImmutableArray<Member> _definition;
    private readonly ClusterRandom _schedule;
    private readonly ClusterRandom _starts;
    private bool _disposed;

    /// <summary>Makes and starts the members. No time passes: nobody leads yet, see <see cref="WaitForLeader"/>.</summary>
    /// <param name="options">What it is made of.</param>
    public LocalCluster(LocalClusterOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.StateMachine is null || options.Members is < 1 or > 15)
        {
            throw new ArgumentException("There must be a state machine and 1 to 15 members.", nameof(options));
        }

        _options = options;
        Seed = options.Seed ?? FreshSeed();
        _schedule = ClusterRandom.For(Seed, 1);
        _starts = ClusterRandom.For(Seed, 2);
        Mirror = new ClusterMirror(this);
        if (options.Recorder is { } recorder)
        {
            Mirror.Record(recorder);
        }

        Network = new LocalNetwork(this, ClusterRandom.For(Seed, 3), options.Network);
        _definition = [.. Enumerable.Range(1, options.Members).Select(i => new NodeId((uint)i)).Select(NewMember)];
        foreach (Member member in _definition)
        {
            AddLocal(member.Id).Membership = new StreamMembership(_definition);
        }

        foreach (LocalMember member in _members.Values)
        {
            Start(member);
        }
    }

    /// <summary>Makes and starts a cluster.</summary>
    /// <param name="members">How many members.</param>
    /// <param name="stateMachine">Makes a state machine for each start of a member.</param>
    /// <param name="seed">Decides everything that chance decides; null for <c>RAFT_SEED</c> or a fresh one.</param>
    public LocalCluster(int members, Func<IStateMachine> stateMachine, ulong? seed = null)
        : this(new LocalClusterOptions { Members = members, StateMachine = _ => stateMachine(), Seed = seed })
    {
    }

    /// <summary>The seed of this run: the same seed and the same calls give the same run.</summary>
    public ulong Seed { get; }

    /// <summary>Virtual time since the start.</summary>
    public TimeSpan Now => Timeline.Now;

    /// <summary>The members, crashed ones among them.</summary>
    public IReadOnlyList<NodeId> Members => [.. _members.Keys];

    /// <summary>The members that run, paused ones among them.</summary>
    public IReadOnlyList<NodeId> Running => [.. _members.Values.Where(m => m.IsRunning).Select(m => m.Id)];

    /// <summary>What happened so far.</summary>
    public ClusterTrace Trace { get; } = new();

    internal static StreamId Stream { get; } = new(0);

    internal Timeline Timeline { get; } = new();

    internal LocalNetwork Network { get; }

    internal ClusterMirror Mirror { get; }

    internal string? BrokenInvariant => Mirror.Broken;

    /// <summary>The state machine of a member's current life, or of its last one.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="member">The member.</param>
    public T StateMachine<T>(NodeId member)
        where T : IStateMachine => MemberOf(member).StateMachine is T machine ? machine : throw Error($"member {member} has no state machine of type {typeof(T).Name} yet");

    /// <summary>Ends all members.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        foreach (LocalMember member in _members.Values)
        {
            End(member);
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"cluster of {_members.Count} members, seed {Seed}, at {Now.TotalMilliseconds:0.###}ms";

    internal LocalMember MemberOf(NodeId id) =>
        _members.TryGetValue(id, out LocalMember? member) ? member : throw new ArgumentException($"There is no member {id}; members are {string.Join(", ", _members.Keys)}.", nameof(id));

    internal void Note(NodeId member, string text) => Trace.Add(Now, _steps, member, text);

    internal LocalClusterException Error(string message, Exception? cause = null) => new(
        $"""
        {message}
        seed {Seed} (set RAFT_SEED={Seed} or LocalClusterOptions.Seed to repeat), virtual time {Now.TotalMilliseconds:0.####}ms, {_steps} turns{(ForeignWork > 0 ? $", {ForeignWork} turns asked for by foreign threads: not repeatable" : string.Empty)}
        {string.Join(Environment.NewLine, _members.Values.Select(Describe))}
        last events:
        {Trace.Tail(40)}
        """,
        Seed,
        cause);

    private static ulong FreshSeed() =>
        ulong.TryParse(Environment.GetEnvironmentVariable("RAFT_SEED"), out ulong given) ? given : (ulong)Random.Shared.Next();

    private static string Describe(LocalMember m) =>
        $"  member {m.Id}: {(m.IsRunning ? m.Paused ? "paused" : "running" : "down")}, {m.Role} in term {m.Term}, applied up to {m.LastApplied}{(m.Failure is { } failure ? ", failed: " + failure : string.Empty)}";

    private Member NewMember(NodeId id) =>
        new(id, _options.Kind?.Invoke(id) ?? MemberKind.Voter, LocalTransport.AddressOf(id)) { Priority = _options.Priority?.Invoke(id) ?? 0 };

    private LocalMember AddLocal(NodeId id)
    {
        LocalMember member = new(id, new LocalJournalStore(this, id, ClusterRandom.For(Seed, 100 + id.Value), _options.Journal));
        _members.Add(id, member);
        return member;
    }

    private void Start(LocalMember member)
    {
        Note(member.Id, "start");
        Mirror.Recorder?.Add(TraceKind.Started, member.Id, NodeId.None, string.Empty);
        member.Starts++;
        member.Role = Role.Follower;
        member.Failure = null;
        member.LastApplied = LogIndex.Zero;
        MemberRun run = new(this, member);
        member.Run = run;
        using (Enter())
        {
            ActorSystem system = ActorSystem.Create($"member-{member.Id}", MemberConfig.For(run, _starts.Next() | 1));
            run.System = system;
            IActorRef collector = system.ActorOf(Props.Create(() => new EventCollector(run)), "collector");
            system.EventStream.Subscribe(collector, typeof(StreamEvent));
            system.EventStream.Subscribe(collector, typeof(Error));
            system.EventStream.Subscribe(collector, typeof(Warning));
            run.Streams = RaftStreams.Get(system);
            run.Streams.Environment.AskSnapshotStore = (_, request, timeout) => member.Store.Ask(run, request, timeout);
            run.Streams.Environment.Watcher = Mirror.Watch(run);
            Task<RaftStream> started = run.Streams.StartStreamAsync(new StreamDefinition
            {
                Id = Stream,
                NodeId = member.Id,
                Join = member.Joins,
                Members = member.Joins ? [] : _definition,
                StateMachine = () =>
                {
                    // A node that is made anew within the same process applies again from the beginning.
                    member.LastApplied = LogIndex.Zero;
                    return member.StateMachine = _options.StateMachine(member.Id);
                },
                Settings = _options.Settings,
                Observer = new AppliedObserver(run),
            });

            // What is wrong with settings is known at once; what goes wrong later is a StreamFailed event. Nothing of the run waits for this task.
            if (started.IsFaulted)
            {
                throw started.Exception.GetBaseException();
            }

            _ = started.ContinueWith(t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        }
    }

    private void End(LocalMember member)
    {
        if (member.Run is not { } run)
        {
            return;
        }

        member.Run = null;
        member.Paused = false;
        member.Held.Clear();
        member.Role = Role.Follower;
        run.End();
        Mirror.Ended(member.Id);
        Mirror.Recorder?.Add(TraceKind.Crashed, member.Id, NodeId.None, string.Empty);
        foreach (IClusterCall call in _calls.Where(c => c.Member == member.Id).ToList())
        {
            call.MemberCrashed();
            _calls.Remove(call);
        }
    }
}
