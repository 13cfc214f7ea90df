using Akka.Persistence;

namespace Akka.Contract.Tests.Persistence;

/// <summary>What every snapshot store owes; run against each of them.</summary>
public abstract class SnapshotSpec : ContractSpec
{
    protected SnapshotSpec(string hocon)
        : base(hocon)
    {
    }

    [Fact]
    public void The_newest_snapshot_must_be_offered()
    {
        Save("a", "1", "2", "3");

        Recover("a", Recovery.Default, "s:3");
    }

    [Fact]
    public void An_older_snapshot_must_be_found_by_its_sequence_number()
    {
        Save("a", "1", "2", "3");

        Recover("a", new Recovery(new SnapshotSelectionCriteria(2)), "s:2", "r:3");
    }

    [Fact]
    public void A_snapshot_must_not_be_taken_for_that_of_another_id()
    {
        Save("a", "1");
        Save("a-1", "2");

        Recover("a", Recovery.Default, "s:1");
        Recover("a-1", Recovery.Default, "s:2");
        Recover("A", Recovery.Default);
    }

    [Fact]
    public void A_persistence_id_must_be_free_to_hold_any_character()
    {
        Save("a/b c%d:é'\"", "1");

        Recover("a/b c%d:é'\"", Recovery.Default, "s:1");
    }

    [Fact]
    public void A_deleted_snapshot_must_be_gone_and_the_one_before_it_offered()
    {
        var ledger = Save("a", "1", "2");
        ledger.Tell(new Do.DeleteSnapshot(2));
        ExpectMsg("snapshot deleted");

        Recover("a", Recovery.Default, "s:1", "r:2");
    }

    [Fact]
    public void Snapshots_must_be_deleted_by_criteria()
    {
        var ledger = Save("a", "1", "2", "3");
        ledger.Tell(new Do.DeleteSnapshots(new SnapshotSelectionCriteria(2)));
        ExpectMsg("snapshots deleted");

        Recover("a", new Recovery(new SnapshotSelectionCriteria(2)), "r:1", "r:2", "r:3");
        Recover("a", Recovery.Default, "s:3");
    }

    [Fact]
    public void A_second_snapshot_of_the_same_number_must_replace_the_first()
    {
        var ledger = Save("a", "1");
        ledger.Tell(new Do.SaveSnapshot("one"));
        ExpectMsg("saved:1");

        Recover("a", Recovery.Default, "s:one");
    }

    [Fact]
    public void A_large_snapshot_must_come_back_whole()
    {
        var large = new string('x', 3_000_000) + "end";
        var ledger = Sys.ActorOf(Ledger.Props("a", TestActor));
        ExpectMsg("ready:0");
        ledger.Tell(new Do.Persist("1"));
        ExpectMsg("h:1");
        ledger.Tell(new Do.SaveSnapshot(large));
        ExpectMsg("saved:1");

        Recover("a", Recovery.Default, "s:" + large);
    }

    // Persists each event and saves a snapshot of the same name after it.
    private IActorRef Save(string id, params string[] states)
    {
        var ledger = Sys.ActorOf(Ledger.Props(id, TestActor));
        ExpectMsg("ready:0");
        for (var i = 0; i < states.Length; i++)
        {
            ledger.Tell(new Do.Persist(states[i]));
            ExpectMsg("h:" + states[i]);
            ledger.Tell(new Do.SaveSnapshot(states[i]));
            ExpectMsg($"saved:{i + 1}");
        }

        return ledger;
    }

    private void Recover(string id, Recovery recovery, params string[] reports)
    {
        var ledger = Sys.ActorOf(Ledger.Props(id, TestActor, recovery));
        foreach (var report in reports)
        {
            ExpectMsg(report);
        }

        Assert.StartsWith("ready:", ExpectMsg<string>());
        Watch(ledger);
        Sys.Stop(ledger);
        ExpectTerminated(ledger);
    }
}

public sealed class MemorySnapshotSpec : SnapshotSpec
{
    public MemorySnapshotSpec()
        : base("akka.persistence.snapshot-store.plugin = akka.persistence.snapshot-store.inmem")
    {
    }
}

public sealed class LocalSnapshotSpec : SnapshotSpec
{
    private readonly DataFolder _folder;

    public LocalSnapshotSpec()
        : this(new DataFolder())
    {
    }

    private LocalSnapshotSpec(DataFolder folder)
        : base($"""
            akka.persistence.snapshot-store.plugin = akka.persistence.snapshot-store.local
            akka.persistence.snapshot-store.local.dir = "{folder.Path.Replace('\\', '/')}"
            """)
    {
        _folder = folder;
    }

    [Fact]
    public void A_damaged_file_must_cost_only_the_replay_since_the_one_before_it()
    {
        var ledger = Sys.ActorOf(Ledger.Props("a", TestActor));
        ExpectMsg("ready:0");
        foreach (var (state, number) in new[] { ("1", 1), ("2", 2) })
        {
            ledger.Tell(new Do.Persist(state));
            ExpectMsg("h:" + state);
            ledger.Tell(new Do.SaveSnapshot(state));
            ExpectMsg($"saved:{number}");
        }

        var newest = Directory.GetFiles(_folder.Path).Single(file => Path.GetFileName(file).Contains("-2-", StringComparison.Ordinal));
        File.WriteAllBytes(newest, [1, 2, 3]);

        Sys.ActorOf(Ledger.Props("a", TestActor));
        ExpectMsg("s:1");
        ExpectMsg("r:2");
        ExpectMsg("ready:2");
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _folder.Dispose();
    }
}

public sealed class SqlSnapshotSpec : SnapshotSpec
{
    private readonly DataFolder _folder;

    public SqlSnapshotSpec()
        : this(new DataFolder())
    {
    }

    private SqlSnapshotSpec(DataFolder folder)
        : base(SqliteConfig.For(folder.File("data.db")))
    {
        _folder = folder;
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _folder.Dispose();
    }
}
