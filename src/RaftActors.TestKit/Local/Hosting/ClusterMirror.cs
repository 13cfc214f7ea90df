using RaftActors.Persistence;
using RaftActors.Runtime;
using RaftActors.TestKit.Simulation;

namespace RaftActors.TestKit.Local;

/// <summary>
/// The image of the members' cores and disks that the invariants of the simulation look at, after every effect and every step of every core: the same ones that judge the
/// simulated cores. What clients are told is judged elsewhere, by the cluster itself and by the linearizability checker.
/// </summary>
internal sealed class ClusterMirror
{
    private const int MaxNodes = 60;
    private const int LargestBatch = 64 * 1024;
    private readonly LocalCluster _cluster;
    private readonly CoreCluster _cores;

    public ClusterMirror(LocalCluster cluster)
    {
        _cluster = cluster;
        _cores = new CoreCluster(new SimulationProfile { Voters = 0, Spares = MaxNodes }, cluster.Seed, history => AllInvariants.OfCores(history, LargestBatch));
    }

    /// <summary>Where events are recorded as values, for pictures; null when nobody wants to know.</summary>
    public SimulationTrace? Recorder { get; private set; }

    /// <summary>How often members decided what about entries of sessions, by <see cref="SessionDecision"/>.</summary>
    public IReadOnlyList<long> SessionDecisions => _cores.SessionDecisions;

    /// <summary>The invariant that was found broken; null while all hold.</summary>
    public string? Broken { get; private set; }

    public void Record(SimulationTrace trace)
    {
        Recorder = trace;
        trace.Follow(() => _cluster.Now);
    }

    public ICoreWatcher Watch(MemberRun run) => new Watcher(this, run, Of(run.Member.Id));

    public void Durable(NodeId member, object payload)
    {
        RaftEvent? fact = payload switch
        {
            JournaledEntries entries => entries.Entries,
            JournaledTermState state => state.State,
            JournaledIncarnation incarnation => incarnation.Event,
            JournaledCompaction compaction => compaction.Compaction,
            JournaledRecovery recovery => recovery.Event,
            _ => null,
        };
        if (fact is not null)
        {
            Of(member).MirrorDurable(fact);
        }
    }

    public void Ended(NodeId member) => Of(member).MirrorEnd();

    public void Wiped(NodeId member) => Of(member).MirrorWipe();

    private SimulatedMember Of(NodeId member) => _cores[member.Value];

    private void Check(Action check)
    {
        try
        {
            check();
        }
        catch (InvariantBrokenException e)
        {
            Broken ??= e.Invariant;
            Recorder?.Add(TraceKind.Violation, NodeId.None, NodeId.None, e.Message);
            _cluster.Violate($"{e.Invariant}: {e.Message}");
        }
    }

    private sealed class Watcher(ClusterMirror mirror, MemberRun run, SimulatedMember image) : ICoreWatcher
    {
        public void OnStarted(RaftCore core)
        {
            if (run.Alive)
            {
                image.MirrorStart(core);
                run.Member.Membership = core.Membership;
            }
        }

        public void OnInput(RaftCore core, RaftInput input)
        {
            if (run.Alive && input is not RaftInput.Received)
            {
                mirror.Recorder?.Add(TraceKind.Input, image.Id, NodeId.None, input);
            }
        }

        public void OnEffect(RaftCore core, Effect effect)
        {
            if (!run.Alive || !ReferenceEquals(image.Core, core))
            {
                return;
            }

            if (effect is not Effect.Send)
            {
                mirror.Recorder?.Add(TraceKind.Effect, image.Id, NodeId.None, effect);
            }

            mirror.Check(() => mirror._cores.TellEffect(image, effect));
        }

        public void OnSession(in LogEntry entry, SessionVerdict verdict)
        {
            if (run.Alive)
            {
                LogEntry decided = entry;
                mirror.Check(() => mirror._cores.TellSession(image, decided, verdict));
            }
        }

        public void OnStepped(RaftCore core)
        {
            if (run.Alive && ReferenceEquals(image.Core, core))
            {
                mirror.Check(() => mirror._cores.TellStepped(image));
            }
        }
    }
}
