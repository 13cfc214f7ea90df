using Microsoft.Data.Sqlite;

namespace Akka.Contract.Tests.Persistence;

public sealed class SqlJournalSpec : IDisposable
{
    private const string Quiet = """
        akka.loglevel = OFF
        akka.stdout-loglevel = OFF
        akka.test.single-expect-default = 20s
        """;

    private readonly DataFolder _folder = new();

    private string Database => _folder.File("journal.db");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Events_must_survive_the_actor_system()
    {
        using (var node = new Node(Database))
        {
            var ledger = node.Start("a", "ready:0");
            ledger.Tell(new Do.PersistAll("1", "2"));
            node.Expect("h:1", "h:2");
            ledger.Tell(new Do.PersistAsync("3", "4"));
            node.Expect("h:3", "h:4");
        }

        using (var node = new Node(Database))
        {
            var ledger = node.Start("a", "r:1", "r:2", "r:3", "r:4", "ready:4");
            ledger.Tell(new Do.Persist("5"));
            node.Expect("h:5");
            node.Start("b", "ready:0");
        }
    }

    [Fact]
    public void Acknowledged_events_must_be_in_the_files_at_once()
    {
        using var node = new Node(Database);
        var ledger = node.Start("a", "ready:0");
        for (var i = 1; i <= 50; i++)
        {
            ledger.Tell(new Do.Persist($"{i}"));
            node.Expect($"h:{i}");
        }

        // What a machine that dies now would find on its disk.
        var image = _folder.File("image.db");
        foreach (var suffix in new[] { string.Empty, "-wal", "-journal" })
        {
            if (File.Exists(Database + suffix))
            {
                File.Copy(Database + suffix, image + suffix);
            }
        }

        using var survivor = new Node(image);
        survivor.Start("a", [.. Enumerable.Range(1, 50).Select(i => $"r:{i}"), "ready:50"]);
    }

    [Fact]
    public void A_long_journal_must_be_replayed_in_order_over_all_its_pages()
    {
        const int count = 3500;
        using (var node = new Node(Database))
        {
            var ledger = node.Start("a", "ready:0");
            ledger.Tell(new Do.PersistAll([.. Enumerable.Range(1, count).Select(i => $"{i}")]));
            node.Expect([.. Enumerable.Range(1, count).Select(i => $"h:{i}")]);
        }

        using (var node = new Node(Database))
        {
            node.Start("a", [.. Enumerable.Range(1, count).Select(i => $"r:{i}"), $"ready:{count}"]);
        }
    }

    [Fact]
    public void Deleting_must_leave_later_events_and_the_highest_number()
    {
        using (var node = new Node(Database))
        {
            var ledger = node.Start("a", "ready:0");
            ledger.Tell(new Do.PersistAll("1", "2", "3"));
            node.Expect("h:1", "h:2", "h:3");
            ledger.Tell(new Do.Delete(2));
            node.Expect("deleted:2");
        }

        using (var node = new Node(Database))
        {
            var ledger = node.Start("a", "r:3", "ready:3");
            ledger.Tell(new Do.Delete(3));
            node.Expect("deleted:3");
        }

        using (var node = new Node(Database))
        {
            var ledger = node.Start("a", "ready:3");
            ledger.Tell(new Do.Persist("4"));
            node.Expect("h:4");
        }

        using (var node = new Node(Database))
        {
            node.Start("a", "r:4", "ready:4");
        }
    }

    [Fact]
    public void The_highest_number_must_survive_in_the_metadata_table_too()
    {
        const string mode = "akka.persistence.journal.sql.delete-compatibility-mode = true";
        using (var node = new Node(Database, mode))
        {
            var ledger = node.Start("a", "ready:0");
            ledger.Tell(new Do.PersistAll("1", "2", "3"));
            node.Expect("h:1", "h:2", "h:3");
            ledger.Tell(new Do.Delete(3));
            node.Expect("deleted:3");
        }

        using (var node = new Node(Database, mode))
        {
            node.Start("a", "ready:3");
        }
    }

    [Fact]
    public void Rows_must_look_as_the_table_layout_says()
    {
        var before = DateTime.UtcNow.Ticks;
        using (var node = new Node(Database))
        {
            var ledger = node.Start("a", "ready:0");
            ledger.Tell(new Do.PersistAll("one", "two"));
            node.Expect("h:one", "h:two");
            ledger.Tell(new Do.SaveSnapshot("state"));
            node.Expect("saved:2");
        }

        var rows = Query(
            "SELECT ordering, created, deleted, persistence_id, sequence_number, message, manifest, identifier, writer_uuid FROM journal ORDER BY ordering");
        Assert.Equal(2, rows.Count);
        Assert.Equal([1L, 2L], rows.Select(row => (long)row[0]));
        Assert.All(rows, row => Assert.InRange((long)row[1], before, DateTime.UtcNow.Ticks));
        Assert.All(rows, row => Assert.Equal(0L, Convert.ToInt64(row[2])));
        Assert.All(rows, row => Assert.Equal("a", row[3]));
        Assert.Equal([1L, 2L], rows.Select(row => (long)row[4]));
        Assert.Equal(["\"one\"", "\"two\""], rows.Select(row => System.Text.Encoding.UTF8.GetString((byte[])row[5])));
        Assert.All(rows, row => Assert.Equal(string.Empty, row[6]));
        Assert.All(rows, row => Assert.Equal(1L, row[7]));
        Assert.Single(rows.Select(row => (string)row[8]).Distinct());
        Assert.NotEmpty((string)rows[0][8]);

        var snapshot = Assert.Single(Query("SELECT persistence_id, sequence_number, created, snapshot, manifest, serializer_id FROM snapshot"));
        Assert.Equal("a", snapshot[0]);
        Assert.Equal(2L, snapshot[1]);
        Assert.InRange((long)snapshot[2], before, DateTime.UtcNow.Ticks);
        Assert.Equal("\"state\"", System.Text.Encoding.UTF8.GetString((byte[])snapshot[3]));
        Assert.Equal(1L, snapshot[5]);
    }

    [Fact]
    public void Tags_must_go_to_their_table_and_not_into_the_event()
    {
        const string adapter = """
            akka.persistence.journal.sql {
              event-adapters.tagger = "Akka.Contract.Tests.Persistence.Tagger, Akka.Contract.Tests"
              event-adapter-bindings { "System.String" = tagger }
            }
            """;
        using (var node = new Node(Database, adapter))
        {
            var ledger = node.Start("a", "ready:0");
            ledger.Tell(new Do.PersistAll("plain", "red one", "red and blue"));
            node.Expect("h:plain", "h:red one", "h:red and blue");
        }

        var tags = Query("SELECT ordering_id, tag, sequence_nr, persistence_id FROM tags ORDER BY ordering_id, tag");
        Assert.Equal(
            ["2 red 2 a", "3 blue 3 a", "3 red 3 a"],
            tags.Select(row => string.Join(' ', row)));
        using (var node = new Node(Database, adapter))
        {
            node.Start("a", "r:plain", "r:red one", "r:red and blue", "ready:3");
        }
    }

    [Fact]
    public void A_table_mapping_must_name_tables_and_columns()
    {
        const string mapping = """
            akka.persistence.journal.sql.table-mapping = sqlite
            akka.persistence.journal.sql.tag-write-mode = Csv
            akka.persistence.snapshot-store.sql.table-mapping = sqlite
            """;
        using (var node = new Node(Database, mapping))
        {
            var ledger = node.Start("a", "ready:0");
            ledger.Tell(new Do.Persist("1"));
            node.Expect("h:1");
        }

        var row = Assert.Single(Query("SELECT persistence_id, sequence_nr, is_deleted, payload, serializer_id FROM event_journal"));
        Assert.Equal("a", row[0]);
        using (var node = new Node(Database, mapping))
        {
            node.Start("a", "r:1", "ready:1");
        }
    }

    [Fact]
    public void An_event_that_cannot_be_serialized_must_be_rejected_and_the_actor_go_on()
    {
        const string serializer = """
            akka.actor.serializers.broken = "Akka.Contract.Tests.Persistence.BrokenSerializer, Akka.Contract.Tests"
            akka.actor.serialization-bindings { "Akka.Contract.Tests.Persistence.Unspeakable, Akka.Contract.Tests" = broken }
            """;
        using var node = new Node(Database, serializer);
        var writer = node.System.ActorOf(Props.Create(() => new Writer("a", node.Probe.Ref)));

        writer.Tell(new Unspeakable());
        node.Expect("rejected");
        writer.Tell("fine");
        node.Expect("stored");
    }

    [Fact]
    public void A_number_that_is_taken_must_fail_the_write()
    {
        using var node = new Node(Database);
        var ledger = node.Start("a", "ready:0");
        var rival = node.Start("a", "ready:0");
        node.Probe.Watch(rival);

        ledger.Tell(new Do.Persist("1"));
        node.Expect("h:1");
        rival.Tell(new Do.Persist("2"));

        node.Expect("failed:2:1");
        node.Probe.ExpectTerminated(rival);
    }

    [Fact]
    public void A_file_that_is_no_database_must_fail_the_recovery()
    {
        File.WriteAllText(Database, string.Concat(Enumerable.Repeat("This is no database. ", 1000)));

        using var node = new Node(Database);
        var ledger = node.System.ActorOf(Ledger.Props("a", node.Probe.Ref));
        node.Probe.Watch(ledger);

        Assert.StartsWith("unrecovered:", node.Probe.ExpectMsg<string>(TimeSpan.FromSeconds(60)));
        node.Probe.ExpectTerminated(ledger);
    }

    [Fact]
    public void A_write_into_a_locked_file_must_fail_and_not_be_acknowledged()
    {
        using var node = new Node(Database, "akka.persistence.journal.sql.circuit-breaker.call-timeout = 10s");
        var ledger = node.Start("a", "ready:0");
        ledger.Tell(new Do.Persist("1"));
        node.Expect("h:1");
        node.Probe.Watch(ledger);

        using (var thief = new SqliteConnection($"Data Source={Database};Pooling=False"))
        {
            thief.Open();
            using var transaction = thief.BeginTransaction(System.Data.IsolationLevel.Serializable);
            using var take = thief.CreateCommand();
            take.CommandText = "UPDATE journal SET deleted = deleted";
            take.Transaction = transaction;
            take.ExecuteNonQuery();

            ledger.Tell(new Do.Persist("2"));
            Assert.Equal("failed:2:2", node.Probe.ExpectMsg<string>(TimeSpan.FromSeconds(60)));
            node.Probe.ExpectTerminated(ledger);
            transaction.Rollback();
        }
    }

    [Fact]
    public void Two_hundred_actors_must_write_at_once_and_recover()
    {
        const int actors = 200;
        using (var node = new Node(Database))
        {
            var ledgers = Enumerable.Range(0, actors).Select(i => node.System.ActorOf(Ledger.Props($"a{i}", node.Probe.Ref))).ToArray();
            for (var i = 0; i < actors; i++)
            {
                node.Probe.ExpectMsg("ready:0");
            }

            foreach (var ledger in ledgers)
            {
                ledger.Tell(new Do.PersistAllAsync("1", "2"));
                ledger.Tell(new Do.PersistAllAsync("3"));
            }

            var handled = Enumerable.Range(0, actors * 3).Select(_ => node.Probe.ExpectMsg<string>(TimeSpan.FromSeconds(60))).ToLookup(m => m);
            Assert.Equal([actors, actors, actors], new[] { "h:1", "h:2", "h:3" }.Select(m => handled[m].Count()));
        }

        var perActor = Query("SELECT persistence_id, COUNT(*), MAX(sequence_number) FROM journal GROUP BY persistence_id");
        Assert.Equal(actors, perActor.Count);
        Assert.All(perActor, row => Assert.Equal((3L, 3L), ((long)row[1], (long)row[2])));
    }

    private List<object[]> Query(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Database};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<object[]>();
        while (reader.Read())
        {
            var row = new object[reader.FieldCount];
            reader.GetValues(row);
            rows.Add(row);
        }

        return rows;
    }

    /// <summary>An actor system on the database file, gone when disposed.</summary>
    private sealed class Node : IDisposable
    {
        private readonly Akka.TestKit.Xunit2.TestKit _kit;

        public Node(string file, string more = "")
        {
            System = ActorSystem.Create("node", ConfigurationFactory.ParseString(SqliteConfig.For(file, more)).WithFallback(ConfigurationFactory.ParseString(Quiet)));
            _kit = new Akka.TestKit.Xunit2.TestKit(System);
            Probe = _kit.CreateTestProbe();
        }

        public ActorSystem System { get; }

        public TestProbe Probe { get; }

        public IActorRef Start(string id, params string[] reports)
        {
            var ledger = System.ActorOf(Ledger.Props(id, Probe.Ref));
            Expect(reports);
            return ledger;
        }

        public void Expect(params string[] reports)
        {
            foreach (var report in reports)
            {
                Probe.ExpectMsg(report, TimeSpan.FromSeconds(20));
            }
        }

        public void Dispose()
        {
            System.Terminate().Wait(TimeSpan.FromSeconds(20));
            _kit.Dispose();
        }
    }

    private sealed class Writer : Akka.Persistence.ReceivePersistentActor
    {
        private readonly IActorRef _report;

        public Writer(string id, IActorRef report)
        {
            PersistenceId = id;
            _report = report;
            CommandAny(message => Persist(message, _ => _report.Tell("stored")));
        }

        public override string PersistenceId { get; }

        protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr) => _report.Tell("rejected");
    }
}

/// <summary>Tags texts with the colours that they name.</summary>
public sealed class Tagger : Akka.Persistence.Journal.IEventAdapter
{
    public string Manifest(object evt) => string.Empty;

    public object ToJournal(object evt)
    {
        var colours = new[] { "red", "blue" }.Where(((string)evt).Contains).ToArray();
        return colours.Length == 0 ? evt : new Akka.Persistence.Journal.Tagged(evt, colours);
    }

    public Akka.Persistence.Journal.IEventSequence FromJournal(object evt, string manifest) =>
        Akka.Persistence.Journal.EventSequence.Single(evt);
}

public sealed class Unspeakable
{
}

public sealed class BrokenSerializer : Akka.Serialization.Serializer
{
    public BrokenSerializer(ExtendedActorSystem system)
        : base(system)
    {
    }

    public override int Identifier => 9_001;

    public override bool IncludeManifest => false;

    public override byte[] ToBinary(object obj) => throw new Boom("cannot be serialized");

    public override object FromBinary(byte[] bytes, Type type) => throw new Boom("cannot be deserialized");
}
