using System.Collections.Frozen;
using System.Globalization;
using Akka.Configuration;
using RaftActors.Configuration;
using RaftActors.Protocol;

namespace RaftActors.Dcf;

/// <summary>Every parameter that DCF knows (<c>dcf_set_param</c>), in its words.</summary>
internal static class DcfParams
{
    public const string DataPath = "DATA_PATH";
    public const string LogLevel = "LOG_LEVEL";
    public const string MajorityGroups = "MAJORITY_GROUPS";
    public const string DataFileSize = "DATA_FILE_SIZE";
    public const string HeartbeatInterval = "HEARTBEAT_INTERVAL";

    private const string Stream = "raft-actors.stream-defaults.";
    private const string Tcp = "akka.remote.dot-netty.tcp.";
    private const string Mega = "M bytes";
    private const string LogFiles = "log lines go to Akka's loggers (akka.loggers); files, their names, sizes and permissions are the logger's";
    private const string Threads = "actors share the threads of their dispatchers; see raft-actors.dispatchers and akka.remote";
    private const string Memory = "memory comes from the runtime and not from pools; what may wait is bounded by max-in-flight-bytes, max-uncommitted-bytes, max-unapplied-bytes and in-memory-tail-bytes of raft-actors.stream-defaults";
    private const string Tls = "TLS is set with akka.remote.dot-netty.tcp.ssl in DcfOptions.Config; certificate and key are one PFX file";
    private const string Thresholds = "there is no such threshold; max-unapplied-* and max-uncommitted-* bound what it would be a symptom of, DN_FLOW_CONTROL_RTO how far a node may be behind";
    private const string Compression = "entries are not compressed on the wire; compress what you write";

    private static readonly DcfParam[] All =
    [
        DcfParam.Number(
            "ELECTION_TIMEOUT", 1000, 600_000, "ms",
            ElectionTimeout,
            c => Ms(c, Stream + "election-timeout-min")),
        DcfParam.Number(
            HeartbeatInterval, 1, 200_000, "ms, at most a third of ELECTION_TIMEOUT",
            (ms, _) => $"{Stream}heartbeat-interval = {ms}ms",
            c => Ms(c, Stream + "heartbeat-interval")),
        DcfParam.Number(
            "RUN_MODE", 0, 1, "(0: elections by themselves, 1: only when told; 2, elections disabled, is 1 here)",
            (mode, _) => $"{Stream}manual-election = {(mode == 1 ? "on" : "off")}",
            c => c.GetBoolean(Stream + "manual-election") ? 1 : 0,
            mode => new RaftTuning { ManualElection = mode == 1 },
            t => t.ManualElection is { } manual ? (manual ? 1 : 0) : null),
        DcfParam.Number(
            "ELECTION_SWITCH_THRESHOLD", 0, 2_000_000, "s (0: priorities are not obeyed)",
            (s, _) => $"{Stream}priority-switch-after = {s}s",
            c => Ms(c, Stream + "priority-switch-after") / 1000,
            s => new RaftTuning { PrioritySwitchAfter = TimeSpan.FromSeconds(s) },
            t => t.PrioritySwitchAfter is { } after ? (long)after.TotalSeconds : null),
        DcfParam.Refused("AUTO_ELC_PRIORITY_EN", "priorities are in force where members have different ones (the cluster JSON, ChangeMemberRoleAsync); set ELECTION_SWITCH_THRESHOLD to 0 to have them ignored"),
        DcfParam.Refused("INSTANCE_NAME", "the name of a node's ActorSystem is DcfOptions.SystemName, and must be the same on all nodes"),
        DcfParam.Words(DataPath, "a folder", text => text.Trim().Length > 0 ? text : null, _ => string.Empty, _ => string.Empty),
        DcfParam.Words(LogLevel, "RUN_ERR, RUN_WAR, RUN_INF, DEBUG_ERR, DEBUG_WAR, DEBUG_INF, MEC, OPER, TRACE and PROFILE joined by |, or NONE", DcfLogLevel.Parse, level => $"akka.loglevel = {DcfLogLevel.ToAkka(level)}", c => DcfLogLevel.FromAkka(c.GetString("akka.loglevel", "INFO"))),
        DcfParam.Number(
            "DN_FLOW_CONTROL_RTO", 0, 2_000_000, "s (0: no bound)",
            (s, _) => $"{Stream}pace-apply-time = {s}s",
            c => Ms(c, Stream + "pace-apply-time") / 1000,
            s => new RaftTuning { PaceApplyTime = TimeSpan.FromSeconds(s) },
            t => t.PaceApplyTime is { } time ? (long)time.TotalSeconds : null),
        DcfParam.Number(
            "DN_FLOW_CONTROL_RPO", 0, 0, "(0: no bound; it is counted in entries or bytes here and not in seconds: DcfOptions.FlowControl before the start, RaftStream.TuneAsync later)",
            (_, _) => $"{Stream}pace-lag-entries = 0\n{Stream}pace-lag-bytes = 0",
            c => c.GetInt(Stream + "pace-lag-entries"),
            _ => new RaftTuning { PaceLagEntries = 0, PaceLagBytes = 0 },
            t => t.PaceLagEntries),
        DcfParam.Words(MajorityGroups, "numbers of groups above 0 joined by commas, or nothing", Groups, _ => string.Empty, _ => string.Empty),
        DcfParam.Number(
            "MEC_BATCH_SIZE", 0, 1024, "(0: every entry by itself)",
            (entries, _) => $"{Stream}max-batch-entries = {Math.Max(1, entries)}",
            c => c.GetInt(Stream + "max-batch-entries")),
        DcfParam.Number(
            "MEC_FRAGMENT_SIZE", 32, 10_240, "K bytes, the same on all nodes",
            (kilo, _) => $"{Tcp}maximum-frame-size = {kilo * 1024}b",
            c => (c.GetByteSize(Tcp + "maximum-frame-size", 128_000) ?? 128_000) / 1024),
        DcfParam.Number(
            "CONNECT_TIMEOUT", 10, 600_000, "ms",
            (ms, _) => $"{Tcp}connection-timeout = {ms}ms",
            c => (long)c.GetTimeSpan(Tcp + "connection-timeout", TimeSpan.FromSeconds(15)).TotalMilliseconds),
        DcfParam.Number(
            "STG_POOL_MAX_SIZE", 32, 1 << 20, Mega,
            (mega, _) => $"{Stream}in-memory-tail-bytes = {mega}MiB",
            c => (c.GetByteSize(Stream + "in-memory-tail-bytes", null) ?? 0) >> 20),
        DcfParam.Number(
            DataFileSize, 10, 2048, Mega + ", for the journal raft-actors.journal.wal",
            (mega, _) => $"raft-actors.journal.wal.segment-size = {mega}MiB",
            c => (c.GetByteSize("raft-actors.journal.wal.segment-size", 32 << 20) ?? 0) >> 20),
        DcfParam.Number("COMPRESS_ALGORITHM", 0, 0, $"(0: none; {Compression})", (_, _) => string.Empty, _ => 0),
        DcfParam.Refused("COMPRESS_LEVEL", Compression),
        DcfParam.Refused("SOCKET_TIMEOUT", "a silent connection is noticed by heartbeats; see akka.remote.transport-failure-detector, and HEARTBEAT_INTERVAL for streams"),
        DcfParam.Refused("LOG_PATH", LogFiles),
        DcfParam.Refused("LOG_FILENAME_FORMAT", LogFiles),
        DcfParam.Refused("LOG_BACKUP_FILE_COUNT", LogFiles),
        DcfParam.Refused("MAX_LOG_FILE_SIZE", LogFiles),
        DcfParam.Refused("LOG_FILE_PERMISSION", LogFiles),
        DcfParam.Refused("LOG_PATH_PERMISSION", LogFiles),
        DcfParam.Refused("LOG_SUPPRESS_ENABLE", LogFiles + "; problems with peers are logged once in raft-actors.remoting.log-interval"),
        DcfParam.Refused("MEC_AGENT_THREAD_NUM", Threads),
        DcfParam.Refused("MEC_REACTOR_THREAD_NUM", Threads),
        DcfParam.Refused("MEC_CHANNEL_NUM", "two nodes share one connection in each direction; what is urgent overtakes before it is sent"),
        DcfParam.Refused("REP_APPEND_THREAD_NUM", Threads),
        DcfParam.Refused("MEM_POOL_INIT_SIZE", Memory),
        DcfParam.Refused("MEM_POOL_MAX_SIZE", Memory),
        DcfParam.Refused("MEC_POOL_MAX_SIZE", Memory),
        DcfParam.Refused("STG_POOL_INIT_SIZE", Memory),
        DcfParam.Refused("FLOW_CONTROL_CPU_THRESHOLD", Thresholds),
        DcfParam.Refused("FLOW_CONTROL_NET_QUEUE_MESSAGE_NUM_THRESHOLD", Thresholds),
        DcfParam.Refused("FLOW_CONTROL_DISK_RAWAIT_THRESHOLD", Thresholds),
        DcfParam.Refused("SSL_CA", Tls),
        DcfParam.Refused("SSL_KEY", Tls),
        DcfParam.Refused("SSL_CRL", Tls),
        DcfParam.Refused("SSL_CERT", Tls),
        DcfParam.Refused("SSL_CIPHER", Tls),
        DcfParam.Refused("SSL_PWD_PLAINTEXT", Tls),
        DcfParam.Refused("SSL_PWD_CIPHERTEXT", Tls),
        DcfParam.Refused("SSL_CERT_NOTIFY_TIME", Tls + ", and nothing warns before a certificate expires"),
    ];

    private static readonly FrozenDictionary<string, DcfParam> ByName = All.ToFrozenDictionary(p => p.Name, StringComparer.Ordinal);

    /// <summary>The parameter of that name, one that can be used.</summary>
    /// <exception cref="DcfConfigurationException">There is none, or it has no meaning here.</exception>
    public static DcfParam Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!ByName.TryGetValue(name, out DcfParam? found))
        {
            throw new DcfConfigurationException($"There is no parameter \"{name}\". Allowed: {string.Join(", ", All.Where(p => p.WhyNot is null).Select(p => p.Name).Order(StringComparer.Ordinal))}.");
        }

        return found.WhyNot is { } why ? throw new DcfConfigurationException($"The parameter {name} has no meaning here: {why}.") : found;
    }

    /// <summary>The numbers of groups in a value.</summary>
    public static int[] GroupsOf(string value) => [.. value.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(g => int.Parse(g, CultureInfo.InvariantCulture))];

    public static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    public static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    public static bool TryNumber(string text, out long value) => long.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out value);

    /// <summary>What has to fit to the election timeout follows it, unless something else says more.</summary>
    private static string ElectionTimeout(long ms, Config behind)
    {
        long session = Ms(behind, Stream + "session-timeout");
        string sessions = session < 4 * ms ? $"\n{Stream}session-timeout = {4 * ms}ms" : string.Empty;
        return $"{Stream}election-timeout-min = {ms}ms\n{Stream}election-timeout-max = {2 * ms}ms\n{Stream}heartbeat-interval = {ms / 10}ms{sessions}";
    }

    private static long Ms(Config config, string key) => (long)config.GetTimeSpan(key).TotalMilliseconds;

    private static string? Groups(string text)
    {
        List<long> groups = [];
        foreach (string part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!TryNumber(part, out long group) || group is 0 or > int.MaxValue || groups.Contains(group))
            {
                return null;
            }

            groups.Add(group);
        }

        return string.Join(',', groups);
    }
}
