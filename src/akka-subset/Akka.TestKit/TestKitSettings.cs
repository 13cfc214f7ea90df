using Akka.Actor;
using Akka.Configuration;

namespace Akka.TestKit;

/// <summary>The section akka.test of a system's configuration.</summary>
public class TestKitSettings : IExtension
{
    /// <summary>Reads the section out of <paramref name="config"/>, a whole system configuration.</summary>
    public TestKitSettings(Config config)
    {
        DefaultTimeout = config.GetTimeSpan("akka.test.default-timeout", TimeSpan.FromSeconds(5), allowInfinite: false);
        SingleExpectDefault = config.GetTimeSpan("akka.test.single-expect-default", TimeSpan.FromSeconds(3), allowInfinite: false);
        TestEventFilterLeeway = config.GetTimeSpan("akka.test.filter-leeway", TimeSpan.FromSeconds(3), allowInfinite: false);
        TestTimeFactor = config.GetDouble("akka.test.timefactor", 1.0);
        if (TestTimeFactor <= 0)
        {
            throw new ConfigurationException($"akka.test.timefactor is {TestTimeFactor}; it must be greater than 0.");
        }
    }

    /// <summary>akka.test.default-timeout.</summary>
    public TimeSpan DefaultTimeout { get; }

    /// <summary>akka.test.single-expect-default.</summary>
    public TimeSpan SingleExpectDefault { get; }

    /// <summary>akka.test.filter-leeway.</summary>
    public TimeSpan TestEventFilterLeeway { get; }

    /// <summary>akka.test.timefactor.</summary>
    public double TestTimeFactor { get; }
}

/// <summary>Makes <see cref="TestKitSettings"/> available from a system.</summary>
public class TestKitExtension : ExtensionIdProvider<TestKitSettings>
{
    /// <summary>The settings of <paramref name="system"/>.</summary>
    public static TestKitSettings For(ActorSystem system) => system.GetExtension<TestKitSettings>();

    /// <inheritdoc/>
    public override TestKitSettings CreateExtension(ExtendedActorSystem system) => new(system.Settings.Config);
}
