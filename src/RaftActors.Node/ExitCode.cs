namespace RaftActors.Node;

/// <summary>What the program's exit code says. Documented in docs/CONFIGURATION.md; scripts depend on it.</summary>
internal static class ExitCode
{
    public const int Ok = 0;

    /// <summary>Something unexpected; the log has it.</summary>
    public const int Failure = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;

    /// <summary>The configuration is wrong; nothing was started and nothing written.</summary>
    public const int Configuration = 3;

    /// <summary>The port is taken, or the address is not this machine's.</summary>
    public const int Address = 4;

    /// <summary>The data folder or a journal cannot be used.</summary>
    public const int Storage = 5;

    /// <summary>A stream failed while running, for instance because a journal write failed. A restart recovers.</summary>
    public const int StreamFailed = 6;

    /// <summary>A node that was asked did not answer.</summary>
    public const int Unreachable = 7;

    /// <summary>A simulated cluster broke a promise.</summary>
    public const int SimulationFailed = 8;

    /// <summary>Acknowledged writes were missing after all nodes of a benchmark had been killed.</summary>
    public const int WritesMissing = 9;
}
