using Akka.Configuration;
using Akka.Util;

namespace Akka.Actor;

/// <summary>Which kind of provider a system has, without naming its class.</summary>
public abstract class ProviderSelection
{
    private protected ProviderSelection(string identifier, string fqn, bool hasCluster)
    {
        Identifier = identifier;
        Fqn = fqn;
        HasCluster = hasCluster;
    }

    internal string Identifier { get; }

    internal string Fqn { get; }

    internal bool HasCluster { get; }

    internal static ProviderSelection GetProvider(string providerClass)
    {
        switch (providerClass)
        {
            case "local" or "Akka.Actor.LocalActorRefProvider":
                return Local.Instance;
            case "remote" or "Akka.Remote.RemoteActorRefProvider, Akka.Remote":
                return Remote.Instance;
            default:
                return new Custom(providerClass);
        }
    }

    public sealed class Local : ProviderSelection
    {
        public static readonly Local Instance = new();

        private Local()
            : base("local", typeof(LocalActorRefProvider).FullName, false)
        {
        }
    }

    public sealed class Remote : ProviderSelection
    {
        public static readonly Remote Instance = new();

        private Remote()
            : base("remote", "Akka.Remote.RemoteActorRefProvider, Akka.Remote", false)
        {
        }
    }

    public sealed class Custom : ProviderSelection
    {
        public Custom(string fqn, string identifier = null, bool hasCluster = false)
            : base(identifier ?? "custom", fqn, hasCluster)
        {
        }
    }
}

/// <summary>What a system needs to start: its configuration and its provider.</summary>
public sealed class BootstrapSetup : Setup.Setup
{
    internal BootstrapSetup()
        : this(Option<Config>.None, Option<ProviderSelection>.None)
    {
    }

    private BootstrapSetup(Option<Config> config, Option<ProviderSelection> provider)
    {
        Config = config;
        ActorRefProvider = provider;
    }

    public Option<Config> Config { get; }

    public Option<ProviderSelection> ActorRefProvider { get; }

    public static BootstrapSetup Create() => new();

    public BootstrapSetup WithActorRefProvider(ProviderSelection name) => new(Config, new Option<ProviderSelection>(name));

    public BootstrapSetup WithConfig(Config config) => new(new Option<Config>(config), ActorRefProvider);

    public BootstrapSetup WithConfigFallback(Config config) =>
        new(new Option<Config>(Config.HasValue ? Config.Value.WithFallback(config) : config), ActorRefProvider);
}
