namespace RaftActors.TestKit.Simulation;

/// <summary>What <see cref="RandomFaults"/> may do to a cluster.</summary>
[Flags]
public enum FaultKinds
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>A member loses power between two steps, and comes back later.</summary>
    Crash = 1,

    /// <summary>A member loses power between two effects of one step.</summary>
    CrashBetweenEffects = 1 << 1,

    /// <summary>Nobody in one half hears anybody in the other.</summary>
    Partition = 1 << 2,

    /// <summary>Messages get through in one direction only: one link, or everything to or from a member.</summary>
    OneWayCut = 1 << 3,

    /// <summary>A link takes longer than an election timeout.</summary>
    SlowLink = 1 << 4,

    /// <summary>A disk takes as long as a heartbeat, or an election.</summary>
    SlowDisk = 1 << 5,

    /// <summary>A write fails; the member stops, as it must, and comes back later with some or none of what it had not on disk.</summary>
    FailedWrite = 1 << 6,

    /// <summary>The disk is full: every write fails until the fault ends, restarts included.</summary>
    FullDisk = 1 << 7,

    /// <summary>A process stands still (collection, suspended machine) and does not know it.</summary>
    Pause = 1 << 8,

    /// <summary>A connection breaks; the member hears of it.</summary>
    LostConnection = 1 << 9,

    /// <summary>A leader is asked to step down.</summary>
    StepDown = 1 << 10,

    /// <summary>Everything above.</summary>
    All = (1 << 11) - 1,
}
