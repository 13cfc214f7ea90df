using System.Net;
using KvServer.Resp;

namespace KvServer.Server;

/// <summary>The server's bounds. Whatever waits has one, and README.md says what is answered when it is reached.</summary>
internal sealed record ServerOptions
{
    public IPEndPoint Endpoint { get; init; } = new(IPAddress.Loopback, 0);

    public RespLimits Limits { get; init; } = new();

    /// <summary>Connections at a time; one more is told so and closed.</summary>
    public int MaxConnections { get; init; } = 10_000;

    /// <summary>Unanswered commands of one connection; beyond it the connection is not read.</summary>
    public int MaxPipeline { get; init; } = 4096;

    /// <summary>Bytes of unanswered writes of one connection; beyond it the connection is not read.</summary>
    public long MaxConnectionBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>Bytes of writes that wait for the log, of all connections; beyond it writes are refused with OVERLOADED.</summary>
    public long MaxQueuedBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Writes that go into one log entry.</summary>
    public int MaxBatchOperations { get; init; } = 4096;

    /// <summary>Bytes of writes that share one log entry; a larger write has an entry of its own.</summary>
    public int MaxBatchBytes { get; init; } = 512 * 1024;

    /// <summary>Log entries proposed and not yet answered.</summary>
    public int MaxProposals { get; init; } = 1;

    /// <summary>How long a command waits for a leader before it is refused with NOLEADER.</summary>
    public TimeSpan LeaderWait { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>The pause before a refused proposal or read is tried again.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>How long open commands may take to be answered when the server stops.</summary>
    public TimeSpan StopGrace { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Milliseconds since 1970, UTC.</summary>
    public Func<long> Now { get; init; } = () => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

    /// <summary>Where a line about something unusual goes.</summary>
    public Action<string> Warn { get; init; } = _ => { };
}
