using Akka.Configuration;

namespace Akka.TestKit.Configs;

/// <summary>The configurations that ship with the test kit.</summary>
public static class TestConfigs
{
    /// <summary>The test kit's defaults.</summary>
    public static Config DefaultConfig => TestKitBase.DefaultConfig;

    /// <summary>The defaults with <see cref="TestScheduler"/> in place of the real scheduler.</summary>
    public static Config TestSchedulerConfig =>
        ConfigurationFactory.FromResource("Akka.TestKit.Configs.TestScheduler.conf", typeof(TestConfigs).Assembly)
            .WithFallback(DefaultConfig);
}
