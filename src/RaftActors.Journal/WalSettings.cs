using Akka.Configuration;

namespace RaftActors.Journal;

/// <summary>How hard a write is pushed to the disk before it is acknowledged.</summary>
internal enum FsyncMode
{
    Data,
    Full,
    Off,
}

/// <summary>The settings of one write-ahead log; reference.conf says what each trades.</summary>
internal sealed record WalSettings
{
    /// <summary>The reserve for deletions and the alignment of records set the lower bound, 32-bit offsets the upper.</summary>
    public const int SmallestSegment = 64 * 1024;
    public const int LargestSegment = 1024 * 1024 * 1024;

    public required string Directory { get; init; }

    public int SegmentSize { get; init; } = 32 * 1024 * 1024;

    public FsyncMode Fsync { get; init; } = FsyncMode.Data;

    /// <summary>Writes go past the system's cache where the file system takes that.</summary>
    public bool DirectIo { get; init; } = true;

    /// <summary>Largest write of a thread that asks for it, in bytes; 0: the writer's thread does them all.</summary>
    public int InlineWritesBelow { get; init; }

    public int MaxBatchBytes { get; init; } = 8 * 1024 * 1024;

    public int MaxAtomicWriteBytes { get; init; } = 256 * 1024 * 1024;

    public int SpareSegments { get; init; } = 8;

    public double RewriteGarbageRatio { get; init; } = 0.5;

    public TimeSpan IdleMark { get; init; } = TimeSpan.FromMilliseconds(500);

    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(5);

    public int MaxConcurrentReplays { get; init; } = 2;

    /// <exception cref="ConfigurationException">A value makes no sense; says which and why.</exception>
    public static WalSettings From(Config config)
    {
        WalSettings settings = new()
        {
            Directory = config.GetString("directory") ?? "",
            SegmentSize = Bytes(config, "segment-size", SmallestSegment, LargestSegment) & ~4095,
            Fsync = config.GetString("fsync") switch
            {
                "data" or "on" or "true" => FsyncMode.Data,
                "full" => FsyncMode.Full,
                "off" or "false" => FsyncMode.Off,
                var other => throw new ConfigurationException($"fsync is [{other}]; allowed are data, full and off."),
            },
            DirectIo = config.Read("direct-io", key => config.GetBoolean(key)),
            InlineWritesBelow = Bytes(config, "inline-writes-below", 0, 1024 * 1024),
            MaxBatchBytes = Bytes(config, "max-batch-bytes", 4096, LargestSegment),
            MaxAtomicWriteBytes = Bytes(config, "max-atomic-write-bytes", 4096, LargestSegment - (1024 * 1024)),
            SpareSegments = config.Read("spare-segments", key => config.GetInt(key)),
            RewriteGarbageRatio = config.Read("rewrite-garbage-ratio", key => config.GetDouble(key)),
            IdleMark = config.Read("idle-mark", key => config.GetTimeSpan(key)),
            LockTimeout = config.Read("lock-timeout", key => config.GetTimeSpan(key)),
            MaxConcurrentReplays = config.Read("max-concurrent-replays", key => config.GetInt(key)),
        };
        return settings switch
        {
            { Directory: "" } => throw new ConfigurationException("directory is empty."),
            { SpareSegments: < 0 or > 1000 } => throw new ConfigurationException("spare-segments is not between 0 and 1000."),
            { RewriteGarbageRatio: < 0.1 or > 1 } => throw new ConfigurationException("rewrite-garbage-ratio is not between 0.1 and 1."),
            { MaxConcurrentReplays: < 1 or > 1000 } => throw new ConfigurationException("max-concurrent-replays is not between 1 and 1000."),
            _ => settings,
        };
    }

    private static int Bytes(Config config, string key, int least, int most)
    {
        long value = config.Read(key, k => config.GetByteSize(k)) ?? throw new ConfigurationException($"{key} is not a size.");
        return value >= least && value <= most
            ? (int)value
            : throw new ConfigurationException($"{key} is {value}; allowed are {least} to {most} bytes.");
    }
}
