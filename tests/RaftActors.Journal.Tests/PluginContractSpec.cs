using Akka.Configuration;
using Akka.TestKit.Xunit2;

namespace RaftActors.Journal.Tests;

/// <summary>A plugin of Akka.Persistence, asked as persistent actors ask it; its folder, if it has one, goes when the test ends.</summary>
public abstract class PluginContractSpec : TestKit
{
    /// <summary>Starts the plugin that the configuration names.</summary>
    protected PluginContractSpec(Config config, string? folder = null)
        : base(config.WithFallback(ConfigurationFactory.ParseString("akka { loglevel = WARNING, test.single-expect-default = 60s }")), "contract", null) => Folder = folder;

    /// <summary>Where the plugin keeps its files; null for none.</summary>
    protected string? Folder { get; }

    /// <summary>A folder for one test.</summary>
    protected static string NewFolder() => Directory.CreateTempSubdirectory("raft-journal-").FullName;

    /// <inheritdoc/>
    protected override void AfterAll()
    {
        base.AfterAll();
        if (Folder is not null)
        {
            Directory.Delete(Folder, recursive: true);
        }
    }
}
