using Akka.Actor;
using Akka.Configuration;

namespace Akka.Persistence;

/// <summary>What <c>akka.persistence</c> sets for the module as a whole.</summary>
public sealed class PersistenceSettings : Settings
{
    public PersistenceSettings(ActorSystem system, Config config)
        : base(system, config)
    {
        Internal = new InternalSettings(config);
    }

    public InternalSettings Internal { get; private set; }

    public sealed class InternalSettings
    {
        public InternalSettings(Config config)
        {
            PublishPluginCommands = config.HasPath("publish-plugin-commands") && config.GetBoolean("publish-plugin-commands");
            PublishConfirmations = config.HasPath("publish-confirmations") && config.GetBoolean("publish-confirmations");
        }

        /// <summary>Whether plugins publish each command on the event stream when it is done; for tests of plugins.</summary>
        public bool PublishPluginCommands { get; private set; }

        public bool PublishConfirmations { get; private set; }
    }
}
