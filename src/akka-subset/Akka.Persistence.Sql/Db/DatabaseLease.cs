using Akka.Actor;

namespace Akka.Persistence.Sql.Db;

/// <summary>Lets go of a database when the plugin whose child it is stops or restarts.</summary>
internal sealed class DatabaseLease(SqlDatabase database) : UntypedActor
{
    protected override void OnReceive(object message) => Unhandled(message);

    protected override void PostStop() => database.Release();
}
