using System.Reflection;
using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Akka.TestKit;
using Npgsql;
using Xunit.Abstractions;

namespace RaftActors.Journal.Tests.PostgreSql;

/// <summary>Akka.Persistence.Sql on a real PostgreSQL server: the contracts of journals and snapshot stores, a server that dies, and a cluster that keeps its logs there.</summary>
public sealed class PostgreSqlSpec(PostgreSqlServer server, ITestOutputHelper output) : IClassFixture<PostgreSqlServer>
{
    [PostgreSqlFact]
    public async Task The_journal_must_keep_the_contract_of_journals() =>
        await KeepContractAsync(typeof(JournalContractSpec), connection => new Journal(connection));

    [PostgreSqlFact]
    public async Task The_snapshot_store_must_keep_the_contract_of_snapshot_stores() =>
        await KeepContractAsync(typeof(SnapshotStoreContractSpec), connection => new Snapshots(connection));

    [PostgreSqlFact]
    public async Task The_contract_must_hold_with_the_tables_of_the_older_plugin_and_with_a_table_for_deletions() =>
        await KeepContractAsync(typeof(JournalContractSpec), connection => new Journal(
            connection,
            """
            akka.persistence.journal.sql { table-mapping = postgresql, delete-compatibility-mode = true, tag-write-mode = Csv }
            """,
            writesWriter: false));

    [PostgreSqlFact]
    public async Task The_tables_must_have_the_plugins_names_and_types()
    {
        string connection = await server.NewDatabaseAsync();
        using (ActorSystem system = Start(connection))
        {
            IActorRef writer = system.ActorOf(Writer.Props("p"));
            Assert.Equal("stored 1", await writer.Ask<string>("one", TimeSpan.FromSeconds(30)));
            await system.Terminate();
        }

        Assert.Equal(
            "ordering bigint, created bigint, deleted boolean, persistence_id character varying, sequence_number bigint, message bytea, manifest character varying, identifier integer, writer_uuid character varying",
            await ScalarAsync(connection, "SELECT string_agg(column_name || ' ' || data_type, ', ' ORDER BY ordinal_position) FROM information_schema.columns WHERE table_name = 'journal'"));
        Assert.Equal("p 1 False", await ScalarAsync(connection, "SELECT persistence_id || ' ' || sequence_number || ' ' || CASE WHEN deleted THEN 'True' ELSE 'False' END FROM journal"));
    }

    [PostgreSqlFact]
    public async Task Tags_must_be_written_to_their_table()
    {
        string connection = await server.NewDatabaseAsync();
        using (ActorSystem system = Start(connection))
        {
            IActorRef writer = system.ActorOf(Writer.Props("p"));
            foreach (object e in new object[] { "plain", new Akka.Persistence.Journal.Tagged("both", ["blue", "red"]), new Akka.Persistence.Journal.Tagged("one", ["red"]) })
            {
                await writer.Ask<string>(e, TimeSpan.FromSeconds(30));
            }

            await system.Terminate();
        }

        Assert.Equal(
            "2 blue, 2 red, 3 red",
            await ScalarAsync(connection, "SELECT string_agg(j.sequence_number || ' ' || t.tag, ', ' ORDER BY j.sequence_number, t.tag) FROM tags t JOIN journal j ON j.ordering = t.ordering_id"));
    }

    [PostgreSqlFact]
    public async Task No_acknowledged_event_must_be_lost_when_the_server_is_killed()
    {
        const int writers = 8;
        using PostgreSqlServer mortal = new();
        await mortal.InitializeAsync();
        string connection = await mortal.NewDatabaseAsync();
        long[] acknowledged = new long[writers];
        for (int round = 0; round < 3; round++)
        {
            using ActorSystem system = Start(connection);
            IActorRef[] actors = [.. Enumerable.Range(0, writers).Select(w => system.ActorOf(Writer.Props($"w{w}")))];
            using CancellationTokenSource stop = new();
            Task[] loads = [.. Enumerable.Range(0, writers).Select(w => LoadAsync(actors[w], n => acknowledged[w] = n, stop.Token))];
            long before = acknowledged.Sum();
            while (acknowledged.Sum() < before + 200)
            {
                await Task.Delay(10);
            }

            await mortal.KillAsync();
            await stop.CancelAsync();
            await Task.WhenAll(loads);
            await system.Terminate();
            await mortal.StartAsync();
        }

        using ActorSystem reader = Start(connection);
        for (int w = 0; w < writers; w++)
        {
            string id = $"w{w}";
            long recovered = await reader.ActorOf(Writer.Props(id)).Ask<long>(Writer.Query.HowMany, TimeSpan.FromSeconds(30));
            output.WriteLine($"{id}: {acknowledged[w]} acknowledged, {recovered} recovered");
            Assert.True(recovered >= acknowledged[w], $"{id}: {acknowledged[w]} events were acknowledged, {recovered} are there.");
        }

        await reader.Terminate();
        await mortal.DisposeAsync();
    }

    [PostgreSqlFact]
    public async Task A_server_that_is_not_there_must_be_named_in_the_failure()
    {
        using ActorSystem system = Start("Host=127.0.0.1;Port=1;Username=raft;Database=none");
        TestProbe probe = new Akka.TestKit.Xunit2.TestKit(system).CreateTestProbe();
        IActorRef journal = Akka.Persistence.Persistence.Instance.Apply(system).JournalFor("");
        journal.Tell(new ReplayMessages(0, long.MaxValue, long.MaxValue, "p", probe.Ref));
        ReplayMessagesFailure failure = probe.ExpectMsg<ReplayMessagesFailure>(TimeSpan.FromSeconds(30));
        Assert.Contains("127.0.0.1:1", failure.Cause.ToString(), StringComparison.Ordinal);
        await system.Terminate();
    }

    [PostgreSqlFact]
    public async Task A_cluster_must_keep_its_log_and_snapshots_there_over_a_restart_of_all_nodes()
    {
        string[] databases = [await server.NewDatabaseAsync(), await server.NewDatabaseAsync(), await server.NewDatabaseAsync()];
        await using ThreeNodes cluster = new(node => PluginsOf(databases[node - 1]).WithFallback(ConfigurationFactory.ParseString(
            "raft-actors.stream-defaults { snapshot-every-entries = 300, snapshot-reserved-entries = 100 }")));
        ulong written = await cluster.WriteAndStopAsync(1000);
        Assert.Equal(written, await cluster.StartAndHashAsync());
    }

    private static async Task LoadAsync(IActorRef writer, Action<long> acknowledged, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                string answer = await writer.Ask<string>("event", TimeSpan.FromSeconds(30), stop);
                acknowledged(long.Parse(answer["stored ".Length..], System.Globalization.CultureInfo.InvariantCulture));
            }
            catch (Exception e) when (e is OperationCanceledException or AskTimeoutException)
            {
                return;
            }
        }
    }

    private async Task KeepContractAsync(Type contract, Func<string, Akka.TestKit.Xunit2.TestKit> make)
    {
        MethodInfo[] tests = [.. contract.GetMethods().Where(m => m.GetCustomAttribute<FactAttribute>() is not null)];
        Assert.NotEmpty(tests);
        foreach (MethodInfo test in tests)
        {
            output.WriteLine(test.Name);
            using Akka.TestKit.Xunit2.TestKit spec = make(await server.NewDatabaseAsync());
            if (test.Invoke(spec, null) is Task task)
            {
                await task;
            }
        }
    }

    private static ActorSystem Start(string connection) => ActorSystem.Create("postgresql", PluginsOf(connection));

    private static Config PluginsOf(string connection, string more = "") => ConfigurationFactory.ParseString($$"""
        akka.loglevel = OFF
        akka.stdout-loglevel = OFF
        akka.coordinated-shutdown.exit-clr = off
        {{more}}
        akka.persistence {
          journal.plugin = "akka.persistence.journal.sql"
          snapshot-store.plugin = "akka.persistence.snapshot-store.sql"
          journal.sql {
            class = "Akka.Persistence.Sql.Journal.SqlWriteJournal, Akka.Persistence.Sql"
            provider-name = "PostgreSQL.15"
            connection-string = "{{connection}}"
            replay-filter.mode = fail
          }
          snapshot-store.sql {
            class = "Akka.Persistence.Sql.Snapshot.SqlSnapshotStore, Akka.Persistence.Sql"
            provider-name = "PostgreSQL.15"
            connection-string = "{{connection}}"
          }
        }
        """);

    private static async Task<object?> ScalarAsync(string connection, string sql)
    {
        await using NpgsqlConnection open = new(connection);
        await open.OpenAsync();
        await using NpgsqlCommand command = new(sql, open);
        return await command.ExecuteScalarAsync();
    }

    private sealed class Journal(string connection, string more = "", bool writesWriter = true) : JournalContractSpec(PluginsOf(connection, more))
    {
        protected override string ManifestRead => string.Empty;

        protected override string WriterRead => writesWriter ? base.WriterRead : string.Empty;
    }

    private sealed class Snapshots(string connection) : SnapshotStoreContractSpec(PluginsOf(connection));

    private sealed class Writer : UntypedPersistentActor
    {
        private long _count;

        public Writer(string id) => PersistenceId = id;

        public enum Query
        {
            HowMany,
        }

        public override string PersistenceId { get; }

        public static Props Props(string id) => Akka.Actor.Props.Create(() => new Writer(id));

        protected override void OnRecover(object message) => _count += message is string ? 1 : 0;

        protected override void OnCommand(object message)
        {
            if (message is Query)
            {
                Sender.Tell(_count);
                return;
            }

            Persist(message, _ => Sender.Tell($"stored {++_count}"));
        }
    }
}
