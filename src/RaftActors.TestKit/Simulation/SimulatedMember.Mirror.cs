using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

// A member that somebody else runs: the invariants look at the image of it here.
public sealed partial class SimulatedMember
{
    internal void MirrorStart(RaftCore core)
    {
        Run++;
        RestoredAt = core.AppliedIndex;
        Core = core;
    }

    internal void MirrorEnd() => Core = null;

    internal void MirrorDurable(RaftEvent fact)
    {
        Journal.Write(default, fact);
        Journal.Sync();
    }

    internal void MirrorWipe()
    {
        Core = null;
        Journal = new SimulatedJournal();
        Incarnation++;
    }
}
