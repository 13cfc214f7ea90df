using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using Akka.Configuration;
using RaftActors.Dcf;
using RaftActors.Tests.Shared;
using Xunit;

namespace RaftActors.Node.Tests;

/// <summary>Every file under config/ is loaded: what we ship as an example has to be right.</summary>
public sealed class ConfigFilesSpec
{
    public static TheoryData<string> HoconFiles => Files("*.conf");

    public static TheoryData<string> JsonFiles => Files("*.json");

    [Theory]
    [MemberData(nameof(HoconFiles))]
    public async Task Every_HOCON_sample_is_valid(string file)
    {
        Config config = await HoconFile.LoadAsync(Path.Combine(Repository.Root, "config", file), CancellationToken.None);

        if (config.HasPath("raft-actors.node-id"))
        {
            // The journal, TLS and ports of the sample would touch this machine; its raft-actors part is what is proven here.
            Config local = ConfigurationFactory.ParseString("""
                akka.loglevel = ERROR
                akka.actor.provider = local
                akka.persistence.journal.plugin = "akka.persistence.journal.inmem"
                akka.persistence.journal.inmem.replay-filter.mode = fail
                akka.persistence.snapshot-store.plugin = "akka.persistence.no-snapshot-store"
                raft-actors.streams = []
                """).WithFallback(config);
            using ActorSystem system = ActorSystem.Create("samples", local);
            Assert.Equal((uint)config.GetInt("raft-actors.node-id"), RaftStreams.Get(system).NodeId.Value);
            await system.Terminate();
        }
    }

    /// <summary>Connections that something in between has forgotten are given up soon, and a peer that comes back is tried again soon.</summary>
    [Theory]
    [MemberData(nameof(HoconFiles))]
    public async Task Every_sample_with_peers_gives_a_dead_connection_up_soon(string file)
    {
        Config config = await HoconFile.LoadAsync(Path.Combine(Repository.Root, "config", file), CancellationToken.None);
        if (!config.HasPath("akka.remote.dot-netty.tcp.hostname"))
        {
            return;
        }

        Config remote = config.GetConfig("akka.remote");
        Assert.InRange(remote.GetTimeSpan("retry-gate-closed-for"), TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(1));
        TimeSpan silence = remote.GetTimeSpan("transport-failure-detector.heartbeat-interval") + remote.GetTimeSpan("transport-failure-detector.acceptable-heartbeat-pause");
        Assert.InRange(silence, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(10));
    }

    /// <summary>PostgreSQL needs a server, and is left to those who have one.</summary>
    [Theory]
    [InlineData("single-node.conf")]
    [InlineData("three-nodes/node1.conf")]
    [InlineData("three-nodes/node2.conf")]
    [InlineData("three-nodes/node3.conf")]
    [InlineData("many-streams/node.conf")]
    [InlineData("tls/node.conf")]
    [InlineData("wal/node.conf")]
    [InlineData("wal/node2.conf")]
    [InlineData("wal/node3.conf")]
    [InlineData("in-memory.conf")]
    public async Task Every_sample_of_a_node_starts_and_keeps_its_data_in_one_folder(string file)
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder.File("data/tls"));
        WriteCertificate(folder.File("data/tls/node.pfx"));
        int port = FreePort.Next();
        string config = folder.File("data/node.conf");
        await File.WriteAllTextAsync(config, $$"""
            include "{{Path.Combine(Repository.Root, "config", file)}}"
            akka.remote.dot-netty.tcp.port = {{port}}
            raft-actors.stream-defaults.snapshot-every-entries = 1
            """);
        using Run node = Run.In(folder.Path, "node", "--config", config);
        for (int i = 0; !node.Output.Contains("is up", StringComparison.Ordinal); i++)
        {
            Assert.True(i < 2400 && !node.HasEnded, node.Output + node.Errors);
            await Task.Delay(50);
        }

        node.Terminate();
        Assert.True(await node.WaitAsync() == ExitCode.Ok, node.Output + node.Errors);
        Assert.Equal(["data"], Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Nodes_of_the_samples_share_no_journal_and_no_snapshots()
    {
        List<string> places = [];
        foreach (string file in Directory.GetFiles(Path.Combine(Repository.Root, "config"), "*.conf", SearchOption.AllDirectories))
        {
            Config config = await HoconFile.LoadAsync(file, CancellationToken.None);
            if (config.HasPath("raft-actors.node-id"))
            {
                string[] keys = config.GetString("akka.persistence.snapshot-store.plugin") switch
                {
                    "akka.persistence.snapshot-store.local" => ["akka.persistence.journal.sql.connection-string", "akka.persistence.snapshot-store.local.dir"],
                    "raft-actors.snapshot-store.file" => ["raft-actors.journal.wal.directory", "raft-actors.snapshot-store.file.directory"],
                    _ => [],
                };
                places.AddRange(keys.Select(key => config.GetString(key)));
            }
        }

        Assert.True(places.Count >= 18);
        Assert.Equal(places.Count, places.Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(JsonFiles))]
    public void Every_cluster_JSON_is_valid(string file) =>
        Assert.NotEmpty(DcfClusterConfig.Parse(File.ReadAllText(Path.Combine(Repository.Root, "config", file))).Nodes);

    private static void WriteCertificate(string file)
    {
        using RSA key = RSA.Create(2048);
        CertificateRequest request = new("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(2));
        File.WriteAllBytes(file, certificate.Export(X509ContentType.Pfx, "secret"));
    }

    private static TheoryData<string> Files(string pattern)
    {
        string folder = Path.Combine(Repository.Root, "config");
        TheoryData<string> files = [];
        foreach (string file in Directory.GetFiles(folder, pattern, SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            files.Add(Path.GetRelativePath(folder, file));
        }

        return files;
    }
}
