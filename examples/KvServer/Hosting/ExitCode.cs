namespace KvServer.Hosting;

/// <summary>What the exit code says; README.md lists them, supervisors depend on them.</summary>
internal static class ExitCode
{
    public const int Ok = 0;

    /// <summary>Something unexpected.</summary>
    public const int Failure = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;

    /// <summary>Configuration or cluster file: wrong, or the node is not in it.</summary>
    public const int Configuration = 3;

    /// <summary>A port is taken, or an address is not this machine's.</summary>
    public const int Address = 4;

    /// <summary>The data folder or the journal cannot be used.</summary>
    public const int Storage = 5;

    /// <summary>The stream failed while running. A restart recovers.</summary>
    public const int StreamFailed = 6;
}

/// <summary>A start that cannot work: one line for people, a code for supervisors.</summary>
internal sealed class StartException(int exitCode, string message, Exception? inner = null) : Exception(message, inner)
{
    public int ExitCode => exitCode;
}
