namespace KvServer.Hosting;

/// <summary>The command line, parsed.</summary>
internal sealed record CommandLineOptions
{
    public required uint NodeId { get; init; }

    public required string ClusterFile { get; init; }

    public required string DataFolder { get; init; }

    public string? ConfigFile { get; init; }

    public int? RespPort { get; init; }

    public string? Bind { get; init; }

    public uint? Stream { get; init; }

    /// <summary>The cluster exists; this node waits until it is added to it.</summary>
    public bool Join { get; init; }

    /// <summary>Stop when standard input ends: a program that starts this one and dies leaves nothing behind.</summary>
    public bool StopWithInput { get; init; }
}
