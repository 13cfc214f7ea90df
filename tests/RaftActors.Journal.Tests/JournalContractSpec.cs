using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Akka.TestKit;

namespace RaftActors.Journal.Tests;

/// <summary>What every journal owes to persistent actors, asked in the protocol between the two. Each journal has a class below.</summary>
public abstract class JournalContractSpec : PluginContractSpec
{
    private readonly string _id = "p-" + Guid.NewGuid().ToString("N")[..8];
    private readonly IActorRef _journal;

    /// <summary>Starts the journal that the configuration names.</summary>
    protected JournalContractSpec(Config config, string? folder = null)
        : base(config, folder) =>
        _journal = Akka.Persistence.Persistence.Instance.Apply(Sys).JournalFor("");

    [Fact]
    public void Written_events_must_be_acknowledged_in_order_and_replayed_in_order()
    {
        Write(1, 5);
        Assert.Equal([1, 2, 3, 4, 5], Replay(0, long.MaxValue, long.MaxValue, highest: 5));
    }

    [Fact]
    public void A_replay_must_keep_to_its_bounds()
    {
        Write(1, 5);
        Assert.Equal([3, 4, 5], Replay(3, long.MaxValue, long.MaxValue, highest: 5));
        Assert.Equal([1, 2, 3], Replay(0, 3, long.MaxValue, highest: 5));
        Assert.Equal([2, 3], Replay(2, 3, long.MaxValue, highest: 5));
        Assert.Equal([3], Replay(3, 3, long.MaxValue, highest: 5));
        Assert.Equal([1, 2, 3], Replay(0, long.MaxValue, 3, highest: 5));
        Assert.Equal([2, 3], Replay(2, 4, 2, highest: 5));
        Assert.Empty(Replay(0, long.MaxValue, 0, highest: 5));
        Assert.Empty(Replay(3, 2, long.MaxValue, highest: 5));
        Assert.Empty(Replay(6, 9, long.MaxValue, highest: 5));
    }

    [Fact]
    public void An_unknown_persistence_id_must_have_nothing_and_zero_as_highest() =>
        Assert.Empty(Replay(0, long.MaxValue, long.MaxValue, highest: 0, id: "nobody"));

    [Fact]
    public void Deleted_events_must_not_come_back_and_the_highest_number_must_stay()
    {
        Write(1, 5);
        Delete(3);
        Assert.Equal([4, 5], Replay(0, long.MaxValue, long.MaxValue, highest: 5));
        Delete(3);
        Delete(long.MaxValue);
        Assert.Empty(Replay(0, long.MaxValue, long.MaxValue, highest: 5));
        Write(6, 7);
        Assert.Equal([6, 7], Replay(0, long.MaxValue, long.MaxValue, highest: 7));
    }

    [Fact]
    public void Persistence_ids_must_not_see_each_other()
    {
        Write(1, 3);
        Write(1, 2, id: "other" + _id);
        Delete(2, "other" + _id);
        Assert.Equal([1, 2, 3], Replay(0, long.MaxValue, long.MaxValue, highest: 3));
        Assert.Empty(Replay(0, long.MaxValue, long.MaxValue, highest: 2, id: "other" + _id));
    }

    [Fact]
    public void An_event_that_cannot_be_serialized_must_be_rejected_and_the_others_stored()
    {
        if (!SerializesEvents)
        {
            return;
        }

        TestProbe actor = CreateTestProbe();
        _journal.Tell(new WriteMessages(
            [Atomic(1, "one"), new AtomicWrite(new Persistent(new NotSerializable(), 2, _id, writerGuid: "w")), Atomic(3, "three")], actor.Ref, 1));
        actor.ExpectMsg<WriteMessagesSuccessful>();
        Assert.Equal(1, actor.ExpectMsg<WriteMessageSuccess>().Persistent.SequenceNr);
        Assert.Equal(2, actor.ExpectMsg<WriteMessageRejected>().Persistent.SequenceNr);
        Assert.Equal(3, actor.ExpectMsg<WriteMessageSuccess>().Persistent.SequenceNr);
        Assert.Equal([1, 3], Replay(0, long.MaxValue, long.MaxValue, highest: 3));
    }

    [Fact]
    public void Manifest_writer_and_payload_must_come_back()
    {
        TestProbe actor = CreateTestProbe();
        _journal.Tell(new WriteMessages([new AtomicWrite(new Persistent("payload", 1, _id, "adapter-manifest", writerGuid: "the-writer"))], actor.Ref, 1));
        actor.ExpectMsg<WriteMessagesSuccessful>();
        actor.ExpectMsg<WriteMessageSuccess>();
        _journal.Tell(new ReplayMessages(0, long.MaxValue, long.MaxValue, _id, actor.Ref));
        IPersistentRepresentation e = actor.ExpectMsg<ReplayedMessage>().Persistent;
        Assert.Equal(("payload", ManifestRead, WriterRead, 1L, _id), ((string)e.Payload, e.Manifest, e.WriterGuid, e.SequenceNr, e.PersistenceId));
        Assert.False(e.IsDeleted);
    }

    /// <summary>What comes back of the manifest "adapter-manifest": the SQL plugin has one column for manifests, and it holds the serializer's.</summary>
    protected virtual string ManifestRead => "adapter-manifest";

    /// <summary>What comes back of the writer "the-writer".</summary>
    protected virtual string WriterRead => "the-writer";

    /// <summary>Whether events go through a serializer at all.</summary>
    protected virtual bool SerializesEvents => true;

    private AtomicWrite Atomic(long number, string text) => new(new Persistent(text, number, _id, writerGuid: "w"));

    private void Write(long from, long to, string? id = null)
    {
        TestProbe actor = CreateTestProbe();
        AtomicWrite[] writes = [.. TestFolder.Numbers(from, to).Select(n => new AtomicWrite(new Persistent($"e-{n}", n, id ?? _id, writerGuid: "w")))];
        _journal.Tell(new WriteMessages(writes, actor.Ref, 7));
        actor.ExpectMsg<WriteMessagesSuccessful>();
        foreach (long n in TestFolder.Numbers(from, to))
        {
            WriteMessageSuccess stored = actor.ExpectMsg<WriteMessageSuccess>();
            Assert.Equal((n, 7), (stored.Persistent.SequenceNr, stored.ActorInstanceId));
        }
    }

    private void Delete(long to, string? id = null)
    {
        TestProbe actor = CreateTestProbe();
        _journal.Tell(new DeleteMessagesTo(id ?? _id, to, actor.Ref));
        actor.ExpectMsg<DeleteMessagesSuccess>();
    }

    private List<long> Replay(long from, long to, long max, long highest, string? id = null)
    {
        TestProbe actor = CreateTestProbe();
        _journal.Tell(new ReplayMessages(from, to, max, id ?? _id, actor.Ref));
        List<long> numbers = [];
        while (true)
        {
            switch (actor.ReceiveOne(TimeSpan.FromSeconds(60)))
            {
                case ReplayedMessage replayed:
                    Assert.Equal($"e-{replayed.Persistent.SequenceNr}".Length > 2, replayed.Persistent.Payload is string);
                    numbers.Add(replayed.Persistent.SequenceNr);
                    break;
                case RecoverySuccess success:
                    Assert.Equal(highest, success.HighestSequenceNr);
                    return numbers;
                case var other:
                    Assert.Fail($"{other}");
                    break;
            }
        }
    }

    private sealed class NotSerializable
    {
        public string Text => throw new InvalidOperationException("This has no bytes.");
    }
}

/// <summary>The contract on this package's journal.</summary>
public sealed class WalJournalContractSpec : JournalContractSpec
{
    /// <summary>Starts it in a folder of its own.</summary>
    public WalJournalContractSpec()
        : this(NewFolder())
    {
    }

    private WalJournalContractSpec(string folder)
        : base(Plugins.Config(folder), folder)
    {
    }
}

/// <summary>The contract on Akka.Persistence's own, so that it asks nothing special.</summary>
public sealed class MemoryJournalContractSpec : JournalContractSpec
{
    /// <summary>Starts it.</summary>
    public MemoryJournalContractSpec()
        : base(ConfigurationFactory.ParseString("akka.persistence.journal.plugin = \"akka.persistence.journal.inmem\""))
    {
    }

    /// <inheritdoc/>
    protected override bool SerializesEvents => false;
}
