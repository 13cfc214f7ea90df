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

    [Theory]
    [MemberData(nameof(JsonFiles))]
    public void Every_cluster_JSON_is_valid(string file) =>
        Assert.NotEmpty(DcfClusterConfig.Parse(File.ReadAllText(Path.Combine(Repository.Root, "config", file))).Nodes);

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
