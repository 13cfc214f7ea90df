using System.Globalization;
using System.Net;
using Akka.Configuration;
using KvServer.Resp;
using KvServer.Server;
using KvServer.State;

namespace KvServer.Hosting;

/// <summary>The settings of this program, read and checked: <c>kv-server</c> in HOCON, with the command line before it.</summary>
internal sealed record KvSettings
{
    private const string Root = "kv-server";

    /// <summary>Everything, for the ActorSystem.</summary>
    public required Config Config { get; init; }

    public required string ClusterName { get; init; }

    public required ServerOptions Server { get; init; }

    public required long CheckJournalBelow { get; init; }

    /// <summary>True when snapshots are files and their folder was not set by hand.</summary>
    public required bool SnapshotsInDataFolder { get; init; }

    /// <summary>True when the SQL journal is the one in use and its file was not set by hand.</summary>
    public required bool JournalInDataFolder { get; init; }

    /// <exception cref="StartException">A file cannot be read, or a setting is unknown or impossible.</exception>
    public static KvSettings Load(CommandLineOptions options)
    {
        Config defaults = Defaults();
        Config own = options.ConfigFile is { } file ? ReadFile(Path.GetFullPath(file)) : ConfigurationFactory.Empty;
        CheckKeys(own, defaults);
        Config config = own.WithFallback(defaults);
        Reader read = new(config);
        string host = options.Bind ?? config.GetString(Root + ".resp.host", "");
        if (!IPAddress.TryParse(host == "localhost" ? "127.0.0.1" : host, out IPAddress? address))
        {
            throw Bad(options.Bind is null ? Root + ".resp.host" : "--bind", host, "an IP address of this machine, 0.0.0.0 or :: for all");
        }

        int port = options.RespPort ?? (int)read.Number("resp.port", 0, 65535);
        RespLimits limits = new()
        {
            MaxArgument = (int)read.Size("max-value-size", 1, KvFormat.MaxValueLength),
            MaxKey = (int)read.Size("max-key-size", 1, 1024 * 1024),
            MaxArguments = (int)read.Number("max-arguments", 3, 1024 * 1024),
            MaxInline = (int)read.Size("max-inline-size", 64, 1024 * 1024),
        };

        // Room for a value with its key, and for what stands around them in an entry.
        int request = limits.MaxArgument + limits.MaxKey + 1024;
        limits = limits with { MaxRequest = request };
        long entry = config.GetByteSize("raft-actors.stream-defaults.max-entry-size") ?? 0;
        if (entry < request)
        {
            throw Bad("raft-actors.stream-defaults.max-entry-size", entry.ToString(CultureInfo.InvariantCulture), $"at least {request} bytes: kv-server.max-value-size, max-key-size and 1 KiB");
        }

        ServerOptions server = new()
        {
            Endpoint = new IPEndPoint(address, port),
            Limits = limits,
            MaxConnections = (int)read.Number("max-connections", 1, 1_000_000),
            MaxPipeline = (int)read.Number("max-pipeline", 1, 1_000_000),
            MaxConnectionBytes = read.Size("max-connection-bytes", 1024, long.MaxValue),
            MaxQueuedBytes = read.Size("max-queued-bytes", 1024, long.MaxValue),
            MaxBatchOperations = (int)read.Number("max-batch-operations", 1, 100_000),
            MaxBatchBytes = (int)read.Size("max-batch-size", 1, request),
            MaxProposals = (int)read.Number("max-proposals", 1, 1024),
            LeaderWait = read.Duration("leader-wait"),
            StopGrace = read.Duration("stop-grace"),
        };
        return new KvSettings
        {
            Config = config,
            ClusterName = config.GetString(Root + ".cluster-name", ""),
            Server = server,
            CheckJournalBelow = read.Size("check-journal-below", 0, long.MaxValue),
            SnapshotsInDataFolder = config.GetString("akka.persistence.snapshot-store.plugin", "") == "akka.persistence.snapshot-store.local"
                && !own.HasPath("akka.persistence.snapshot-store.local.dir"),
            JournalInDataFolder = config.GetString("akka.persistence.journal.plugin", "") == "akka.persistence.journal.sql"
                && !own.HasPath("akka.persistence.journal.sql.connection-string"),
        };
    }

    private static Config Defaults()
    {
        using Stream stream = typeof(KvSettings).Assembly.GetManifestResourceStream("kv-server.conf")!;
        using StreamReader reader = new(stream);
        return ConfigurationFactory.ParseString(reader.ReadToEnd());
    }

    private static Config ReadFile(string path)
    {
        try
        {
            // An include names a file beside the one that includes it.
            return ConfigurationFactory.ParseString(File.ReadAllText(path), name => Include(path, name, 1));
        }
        catch (Exception e) when (e is not StartException)
        {
            throw new StartException(ExitCode.Configuration, $"The configuration file {path} cannot be used: {e.Message}", e);
        }
    }

    private static Akka.Configuration.Hocon.HoconRoot Include(string from, string name, int depth)
    {
        string path = Path.GetFullPath(name, Path.GetDirectoryName(from)!);
        return depth <= 16
            ? Akka.Configuration.Hocon.Parser.Parse(File.ReadAllText(path), next => Include(path, next, depth + 1))
            : throw new StartException(ExitCode.Configuration, $"{from}: more than 16 includes in each other; does a file include itself?");
    }

    private static void CheckKeys(Config own, Config defaults)
    {
        foreach (string section in (string[])[Root, Root + ".resp"])
        {
            if (!own.HasPath(section))
            {
                continue;
            }

            HashSet<string> known = [.. Keys(defaults, section)];
            foreach (string key in Keys(own, section))
            {
                if (!known.Contains(key))
                {
                    throw new StartException(ExitCode.Configuration, $"There is no setting {section}.{key}. Allowed are: {string.Join(", ", known.Order(StringComparer.Ordinal))}.");
                }
            }
        }
    }

    private static IEnumerable<string> Keys(Config config, string section) => config.GetConfig(section).AsEnumerable().Select(p => p.Key.Trim('"'));

    private static StartException Bad(string key, string value, string allowed) =>
        new(ExitCode.Configuration, $"{key} is '{value}'; allowed is {allowed}.");

    private readonly struct Reader(Config config)
    {
        public long Number(string key, long least, long most)
        {
            string text = config.GetString($"{Root}.{key}", "");
            return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) && value >= least && value <= most
                ? value
                : throw Bad($"{Root}.{key}", text, $"a number from {least} to {most}");
        }

        public long Size(string key, long least, long most)
        {
            long? value;
            try
            {
                value = config.GetByteSize($"{Root}.{key}");
            }
            catch (Exception)
            {
                value = null; // Said below, with the key.
            }

            return value >= least && value <= most
                ? value.Value
                : throw Bad($"{Root}.{key}", config.GetString($"{Root}.{key}", ""), $"a size like 64KiB, from {least} to {most} bytes");
        }

        public TimeSpan Duration(string key)
        {
            TimeSpan value;
            try
            {
                value = config.GetTimeSpan($"{Root}.{key}", allowInfinite: false);
            }
            catch (Exception)
            {
                value = TimeSpan.Zero;
            }

            return value > TimeSpan.Zero && value < TimeSpan.FromHours(1)
                ? value
                : throw Bad($"{Root}.{key}", config.GetString($"{Root}.{key}", ""), "a duration like 500ms, more than 0 and less than 1h");
        }
    }
}
