using Akka.Actor;
using Akka.Configuration;

namespace Akka.Remote;

/// <summary>The section <c>akka.remote</c>, read once.</summary>
public class RemoteSettings
{
    public static readonly string AkkaScheme = "akka.remote";

    public RemoteSettings(Config config)
    {
        Config = config;
        LogReceive = config.GetBoolean("akka.remote.log-received-messages");
        LogSend = config.GetBoolean("akka.remote.log-sent-messages");
        UntrustedMode = config.GetBoolean("akka.remote.untrusted-mode");
        TrustedSelectionPaths = new HashSet<string>(config.GetStringList("akka.remote.trusted-selection-paths", []));
        RemoteLifecycleEventsLogLevel = config.GetString("akka.remote.log-remote-lifecycle-events", "on") ?? "on";
        if (RemoteLifecycleEventsLogLevel is "true" or "false")
            RemoteLifecycleEventsLogLevel = RemoteLifecycleEventsLogLevel == "true" ? "on" : "off";
        Dispatcher = config.GetString("akka.remote.use-dispatcher", "") ?? "";
        FlushWait = config.GetTimeSpan("akka.remote.flush-wait-on-shutdown", TimeSpan.FromSeconds(2));
        ShutdownTimeout = config.GetTimeSpan("akka.remote.shutdown-timeout", TimeSpan.FromSeconds(10));
        StartupTimeout = config.GetTimeSpan("akka.remote.startup-timeout", TimeSpan.FromSeconds(10));
        CommandAckTimeout = config.GetTimeSpan("akka.remote.command-ack-timeout", TimeSpan.FromSeconds(30));
        RetryGateClosedFor = config.GetTimeSpan("akka.remote.retry-gate-closed-for", TimeSpan.FromSeconds(5));
        UsePassiveConnections = config.GetBoolean("akka.remote.use-passive-connections", true);
        BackoffPeriod = config.GetTimeSpan("akka.remote.backoff-interval", TimeSpan.FromMilliseconds(50));
        LogBufferSizeExceeding = SizeOrOff("akka.remote.log-buffer-size-exceeding", 50000) ?? int.MaxValue;
        LogFrameSizeExceeding = SizeOrOff("akka.remote.log-frame-size-exceeding", null);

        SysMsgAckTimeout = config.GetTimeSpan("akka.remote.system-message-ack-piggyback-timeout", TimeSpan.FromMilliseconds(300));
        SysResendTimeout = config.GetTimeSpan("akka.remote.resend-interval", TimeSpan.FromSeconds(2));
        SysResendLimit = config.GetInt("akka.remote.resend-limit", 200);
        SysMsgBufferSize = config.GetInt("akka.remote.system-message-buffer-size", 20000);
        InitialSysMsgDeliveryTimeout = config.GetTimeSpan("akka.remote.initial-system-message-delivery-timeout", TimeSpan.FromMinutes(3));
        QuarantineSilentSystemTimeout = config.GetTimeSpan("akka.remote.quarantine-after-silence", TimeSpan.FromDays(2));
        QuarantineDuration = config.GetTimeSpan("akka.remote.prune-quarantine-marker-after", TimeSpan.FromDays(5));
        HandshakeTimeout = config.GetTimeSpan("akka.remote.handshake-timeout", TimeSpan.FromSeconds(15));

        WatchFailureDetectorConfig = config.GetConfig("akka.remote.watch-failure-detector");
        WatchFailureDetectorImplementationClass = WatchFailureDetectorConfig.GetString("implementation-class");
        WatchHeartBeatInterval = WatchFailureDetectorConfig.GetTimeSpan("heartbeat-interval", TimeSpan.FromSeconds(1));
        WatchUnreachableReaperInterval = WatchFailureDetectorConfig.GetTimeSpan("unreachable-nodes-reaper-interval", TimeSpan.FromSeconds(1));
        WatchHeartbeatExpectedResponseAfter = WatchFailureDetectorConfig.GetTimeSpan("expected-response-after", TimeSpan.FromSeconds(1));

        TransportFailureDetectorConfig = config.GetConfig("akka.remote.transport-failure-detector");
        TransportFailureDetectorClass = TransportFailureDetectorConfig.GetString("implementation-class");
        TransportHeartbeatInterval = TransportFailureDetectorConfig.GetTimeSpan("heartbeat-interval", TimeSpan.FromSeconds(4));

        Adapters = new Dictionary<string, string>();
        TransportNames = config.GetStringList("akka.remote.enabled-transports", []);
        Transports = TransportNames.Select(name => new TransportSettings(
            config.GetConfig(name) ?? throw new ConfigurationException("Enabled transport '" + name + "' has no section in the configuration."))).ToArray();
        if (Transports.Length != 1)
            throw new ConfigurationException("Setting 'akka.remote.enabled-transports' names " + Transports.Length + " transports; supported is exactly one.");
        if (Transports[0].Adapters.Count > 0)
            throw new ConfigurationException("Setting '" + TransportNames[0] + ".applied-adapters' is not supported here; it must be empty.");
    }

    public Config Config { get; }
    public HashSet<string> TrustedSelectionPaths { get; set; }
    public bool UntrustedMode { get; set; }
    public bool LogSend { get; set; }
    public bool LogReceive { get; set; }
    public int LogBufferSizeExceeding { get; set; }
    public string RemoteLifecycleEventsLogLevel { get; set; }
    public string Dispatcher { get; set; }
    public TimeSpan ShutdownTimeout { get; set; }
    public TimeSpan FlushWait { get; set; }
    public IList<string> TransportNames { get; set; }
    public IDictionary<string, string> Adapters { get; set; }
    public TransportSettings[] Transports { get; set; }
    public TimeSpan BackoffPeriod { get; set; }
    public TimeSpan RetryGateClosedFor { get; set; }
    public bool UsePassiveConnections { get; set; }
    public int SysMsgBufferSize { get; set; }
    public int SysResendLimit { get; set; }
    public TimeSpan SysResendTimeout { get; set; }
    public TimeSpan InitialSysMsgDeliveryTimeout { get; set; }
    public TimeSpan QuarantineSilentSystemTimeout { get; set; }
    public TimeSpan SysMsgAckTimeout { get; set; }
    public TimeSpan? QuarantineDuration { get; set; }
    public TimeSpan StartupTimeout { get; set; }
    public TimeSpan CommandAckTimeout { get; set; }
    public Config WatchFailureDetectorConfig { get; set; }
    public string WatchFailureDetectorImplementationClass { get; set; }
    public TimeSpan WatchHeartBeatInterval { get; set; }
    public TimeSpan WatchUnreachableReaperInterval { get; set; }
    public TimeSpan WatchHeartbeatExpectedResponseAfter { get; set; }

    internal TimeSpan HandshakeTimeout { get; }
    internal int? LogFrameSizeExceeding { get; }
    internal Config TransportFailureDetectorConfig { get; }
    internal string TransportFailureDetectorClass { get; }
    internal TimeSpan TransportHeartbeatInterval { get; }
    internal Config TcpConfig => Transports[0].Config;

    public Props ConfigureDispatcher(Props props) =>
        string.IsNullOrEmpty(Dispatcher) ? props : props.WithDispatcher(Dispatcher);

    private int? SizeOrOff(string key, int? fallback)
    {
        var text = Config.GetString(key, null);
        if (text == null)
            return fallback;
        if (text is "off" or "false" or "none")
            return null;
        return (int)Math.Min(int.MaxValue, Config.GetByteSize(key, fallback) ?? int.MaxValue);
    }

    public class TransportSettings
    {
        public TransportSettings(Config config)
        {
            Config = config;
            TransportClass = config.GetString("transport-class");
            Adapters = config.GetStringList("applied-adapters", []).Reverse().ToList();
        }

        public IList<string> Adapters { get; set; }
        public Config Config { get; set; }
        public string TransportClass { get; set; }
    }
}
