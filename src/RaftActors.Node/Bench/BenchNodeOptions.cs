using RaftActors.Protocol;

namespace RaftActors.Node.Bench;

/// <summary>Where a benchmark node keeps its log.</summary>
internal enum BenchJournal
{
    Wal,
    Sqlite,
    PostgreSql,
    Memory,
}

/// <summary>One of the nodes of a benchmark.</summary>
internal sealed record BenchNodeOptions
{
    /// <summary>How far above its remoting port a node listens for commands.</summary>
    public const int CommandPortOffset = 1000;

    /// <summary>Which of <see cref="Ports"/> is this node's, from 0.</summary>
    public required int Id { get; init; }

    public required string Data { get; init; }

    public required IReadOnlyList<int> Ports { get; init; }

    public BenchJournal Journal { get; init; } = BenchJournal.Wal;

    /// <summary>How to connect to the server, for <see cref="BenchJournal.PostgreSql"/>.</summary>
    public string? PostgreSql { get; init; }

    public int Streams { get; init; } = 1;

    public int ElectionTimeout { get; init; } = 1000;

    /// <summary>Off keeps the whole log: a start has to replay all of it.</summary>
    public bool Snapshots { get; init; } = true;

    /// <summary>Entries in one batch at the most; 0 for the default.</summary>
    public int BatchEntries { get; init; }

    /// <summary>More settings of the streams, KEY=VALUE each; they win over what the benchmark sets.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];

    /// <summary>State machine and clients run where consensus does, and the follower that is not needed gets larger portions; otherwise all is as by default.</summary>
    public bool UserCodeOnConsensus { get; init; } = true;

    /// <summary>Says nothing: standard output belongs to somebody else.</summary>
    public bool Quiet { get; init; }

    public int Port => Ports[Id];

    public NodeId NodeId => new((uint)Id + 1);
}
