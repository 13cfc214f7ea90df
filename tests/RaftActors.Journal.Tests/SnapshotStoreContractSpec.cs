using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Akka.TestKit;

namespace RaftActors.Journal.Tests;

/// <summary>What every snapshot store owes to persistent actors, asked in the protocol between the two.</summary>
public abstract class SnapshotStoreContractSpec : PluginContractSpec
{
    private readonly IActorRef _store;

    /// <summary>Starts the store that the configuration names.</summary>
    protected SnapshotStoreContractSpec(Config config, string? folder = null)
        : base(config, folder) =>
        _store = Akka.Persistence.Persistence.Instance.Apply(Sys).SnapshotStoreFor("");

    protected const string Id = "a/b c:ü";

    [Fact]
    public void Nothing_must_be_found_where_nothing_is_or_matches()
    {
        Assert.Null(Load("nobody", SnapshotSelectionCriteria.Latest));
        SaveFive();
        Assert.Null(Load(Id, SnapshotSelectionCriteria.None));
        Assert.Null(Load(Id, new SnapshotSelectionCriteria(9)));
        Assert.Null(Load(Id, SnapshotSelectionCriteria.Latest, toSequenceNr: 9));
        Assert.Null(Load("a", SnapshotSelectionCriteria.Latest));
    }

    [Fact]
    public void The_newest_that_matches_must_be_found()
    {
        List<SnapshotMetadata> saved = SaveFive();
        Assert.Equal(14, Load(Id, SnapshotSelectionCriteria.Latest)!.Metadata.SequenceNr);
        Assert.Equal("s-14", Load(Id, SnapshotSelectionCriteria.Latest)!.Snapshot);
        Assert.Equal(13, Load(Id, new SnapshotSelectionCriteria(13))!.Metadata.SequenceNr);
        Assert.Equal(13, Load(Id, SnapshotSelectionCriteria.Latest, toSequenceNr: 13)!.Metadata.SequenceNr);
        Assert.Equal(12, Load(Id, new SnapshotSelectionCriteria(13, saved[2].Timestamp))!.Metadata.SequenceNr);
        Assert.Equal(saved[2], Load(Id, new SnapshotSelectionCriteria(13, saved[2].Timestamp))!.Metadata);
    }

    [Fact]
    public void One_must_be_deletable_by_its_number()
    {
        List<SnapshotMetadata> saved = SaveFive();
        Delete(new SnapshotMetadata(Id, saved[4].SequenceNr, DateTime.MinValue));
        Assert.Equal(13, Load(Id, SnapshotSelectionCriteria.Latest)!.Metadata.SequenceNr);
        Delete(saved[3]);
        Assert.Equal(12, Load(Id, SnapshotSelectionCriteria.Latest)!.Metadata.SequenceNr);
    }

    [Fact]
    public void Many_must_be_deletable_by_criteria()
    {
        List<SnapshotMetadata> saved = SaveFive();
        DeleteAll(new SnapshotSelectionCriteria(saved[2].SequenceNr, saved[2].Timestamp));
        Assert.Null(Load(Id, new SnapshotSelectionCriteria(saved[2].SequenceNr)));
        Assert.Equal(13, Load(Id, new SnapshotSelectionCriteria(saved[3].SequenceNr))!.Metadata.SequenceNr);
        DeleteAll(SnapshotSelectionCriteria.Latest);
        Assert.Null(Load(Id, SnapshotSelectionCriteria.Latest));
    }

    [Fact]
    public void The_later_of_two_with_one_number_must_win()
    {
        Save(1, "first");
        Save(1, "second");
        Assert.Equal("second", Load(Id, SnapshotSelectionCriteria.Latest)!.Snapshot);
    }

    [Fact]
    public void A_large_one_must_come_back()
    {
        byte[] large = new byte[5_000_001];
        new Random(1).NextBytes(large);
        Save(3, large);
        Assert.Equal(large, Load(Id, SnapshotSelectionCriteria.Latest)!.Snapshot);
    }

    protected SnapshotMetadata Save(long number, object snapshot)
    {
        TestProbe actor = CreateTestProbe();
        _store.Tell(new SaveSnapshot(new SnapshotMetadata(Id, number, DateTime.MinValue), snapshot), actor.Ref);
        return actor.ExpectMsg<SaveSnapshotSuccess>(TimeSpan.FromSeconds(60)).Metadata;
    }

    protected SelectedSnapshot? Load(string id, SnapshotSelectionCriteria criteria, long toSequenceNr = long.MaxValue) =>
        Assert.IsType<LoadSnapshotResult>(Ask(new LoadSnapshot(id, criteria, toSequenceNr))).Snapshot;

    protected object Ask(object request)
    {
        TestProbe actor = CreateTestProbe();
        _store.Tell(request, actor.Ref);
        return actor.ReceiveOne(TimeSpan.FromSeconds(60));
    }

    private List<SnapshotMetadata> SaveFive() => [.. TestFolder.Numbers(10, 14).Select(n => Save(n, $"s-{n}"))];

    private void Delete(SnapshotMetadata metadata) => Assert.IsType<DeleteSnapshotSuccess>(Ask(new DeleteSnapshot(metadata)));

    private void DeleteAll(SnapshotSelectionCriteria criteria) => Assert.IsType<DeleteSnapshotsSuccess>(Ask(new DeleteSnapshots(Id, criteria)));
}

/// <summary>The contract on this package's store, and what only a store in files can be asked.</summary>
public sealed class FileSnapshotStoreSpec : SnapshotStoreContractSpec
{
    /// <summary>Starts it in a folder of its own.</summary>
    public FileSnapshotStoreSpec()
        : this(NewFolder())
    {
    }

    private FileSnapshotStoreSpec(string folder)
        : base(Plugins.Config(folder), folder)
    {
    }

    [Fact]
    public void A_damaged_one_must_be_skipped_and_damage_anywhere_must_be_seen()
    {
        Save(1, "before");
        Save(2, "after");
        string newest = Directory.GetFiles(Folder!, "*.snap", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Last();
        byte[] good = File.ReadAllBytes(newest);
        for (int at = 0; at < good.Length; at++)
        {
            byte[] bad = [.. good];
            bad[at] ^= 0x10;
            File.WriteAllBytes(newest, bad);
            Assert.Equal("before", Load(Id, SnapshotSelectionCriteria.Latest)!.Snapshot);
            File.WriteAllBytes(newest, good[..at]);
            Assert.Equal("before", Load(Id, SnapshotSelectionCriteria.Latest)!.Snapshot);
        }

        File.WriteAllBytes(newest, good);
        Assert.Equal("after", Load(Id, SnapshotSelectionCriteria.Latest)!.Snapshot);
    }

    [Fact]
    public void When_none_is_readable_the_load_must_fail()
    {
        Save(1, "only");
        File.WriteAllBytes(Directory.GetFiles(Folder!, "*.snap", SearchOption.AllDirectories).Single(), [1, 2, 3]);
        Assert.IsType<LoadSnapshotFailed>(Ask(new LoadSnapshot(Id, SnapshotSelectionCriteria.Latest, long.MaxValue)));
    }
}

/// <summary>The contract on Akka.Persistence's own, so that it asks nothing special.</summary>
public sealed class MemorySnapshotStoreContractSpec : SnapshotStoreContractSpec
{
    /// <summary>Starts it.</summary>
    public MemorySnapshotStoreContractSpec()
        : base(ConfigurationFactory.ParseString("akka.persistence.snapshot-store.plugin = \"akka.persistence.snapshot-store.inmem\""))
    {
    }
}
