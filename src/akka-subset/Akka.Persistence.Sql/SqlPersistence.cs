using Akka.Actor;
using Akka.Configuration;

namespace Akka.Persistence.Sql;

public sealed class SqlPersistenceProvider : ExtensionIdProvider<SqlPersistence>
{
    public override SqlPersistence CreateExtension(ExtendedActorSystem system) => new(system);
}

/// <summary>
/// Makes the defaults of the SQL journal and snapshot store part of the system's configuration. The plugins do not
/// need it: each falls back to its own defaults.
/// </summary>
public sealed class SqlPersistence : IExtension
{
    public const string JournalConfigPath = "akka.persistence.journal.sql";
    public const string SnapshotStoreConfigPath = "akka.persistence.snapshot-store.sql";

    public static readonly Akka.Configuration.Config DefaultJournalConfiguration =
        ConfigurationFactory.FromResource<SqlPersistence>("Akka.Persistence.Sql.persistence.conf").GetConfig(JournalConfigPath);

    public static readonly Akka.Configuration.Config DefaultSnapshotConfiguration =
        ConfigurationFactory.FromResource<SqlPersistence>("Akka.Persistence.Sql.snapshot.conf").GetConfig(SnapshotStoreConfigPath);

    public static readonly Akka.Configuration.Config DefaultConfiguration =
        ConfigurationFactory.FromResource<SqlPersistence>("Akka.Persistence.Sql.persistence.conf")
            .WithFallback(ConfigurationFactory.FromResource<SqlPersistence>("Akka.Persistence.Sql.snapshot.conf"));

    public SqlPersistence(ActorSystem system)
    {
        system.Settings.InjectTopLevelFallback(DefaultConfiguration);
    }

    public static SqlPersistence Get(ActorSystem system) => system.WithExtension<SqlPersistence, SqlPersistenceProvider>();
}
