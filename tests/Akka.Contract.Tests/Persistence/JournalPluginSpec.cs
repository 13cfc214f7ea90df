using System.Collections.Concurrent;
using System.Collections.Immutable;
using Akka.Persistence;
using Akka.Persistence.Journal;

namespace Akka.Contract.Tests.Persistence;

/// <summary>What a journal plugin sees of persistent actors, and they of it.</summary>
public sealed class JournalPluginSpec : ContractSpec
{
    private const string Config = """
        akka.persistence {
          journal.plugin = "akka.persistence.journal.gated"
          journal.gated.class = "Akka.Contract.Tests.Persistence.GatedJournal, Akka.Contract.Tests"
          journal.gated.circuit-breaker.call-timeout = 60s
          snapshot-store.plugin = "akka.persistence.snapshot-store.inmem"
        }
        """;

    private readonly Gate _gate;

    public JournalPluginSpec()
        : base(Config)
    {
        _gate = Gate.Of(Sys);
    }

    [Fact]
    public void All_asynchronous_persists_during_a_write_must_be_the_next_write()
    {
        var ledger = FreshLedger("a");

        ledger.Tell(new Do.PersistAllAsync("1", "2"));
        Assert.Equal([2], _gate.NextWrite());
        for (var i = 3; i < 10; i++)
        {
            ledger.Tell(new Do.PersistAllAsync($"{i}", $"{i}'"));
        }

        ledger.Tell(new Do.Say("x"));
        ExpectMsg("c:x");
        Assert.False(_gate.HasWrite, "A second write was on its way before the first one was answered.");

        _gate.Release();
        Assert.Equal([2, 2, 2, 2, 2, 2, 2], _gate.NextWrite());
        _gate.Release();

        ExpectMsg("h:1");
        ExpectMsg("h:2");
        for (var i = 3; i < 10; i++)
        {
            ExpectMsg($"h:{i}");
            ExpectMsg($"h:{i}'");
        }
    }

    [Fact]
    public void Two_actors_must_be_able_to_write_at_the_same_time()
    {
        var a = FreshLedger("a");
        var b = FreshLedger("b");

        a.Tell(new Do.PersistAsync("1"));
        Assert.Equal([1], _gate.NextWrite());
        b.Tell(new Do.PersistAsync("2"));
        Assert.Equal([1], _gate.NextWrite());

        _gate.Release();
        _gate.Release();
        Assert.Equal(["h:1", "h:2"], new[] { ExpectMsg<string>(), ExpectMsg<string>() }.Order());
    }

    [Fact]
    public void A_rejection_must_concern_its_own_atomic_write_only()
    {
        var ledger = FreshLedger("a");
        ledger.Tell(new Do.PersistAsync("0"));
        _gate.NextWrite();

        ledger.Tell(new Do.PersistAllAsync("1", "2"));
        ledger.Tell(new Do.PersistAllAsync("bad", "3"));
        ledger.Tell(new Do.PersistAllAsync("4"));
        ledger.Tell(new Do.Say("x"));
        ExpectMsg("c:x");
        _gate.Release();
        _gate.NextWrite();
        _gate.Release();

        foreach (var report in new[] { "h:0", "h:1", "h:2", "rejected:bad:4", "rejected:3:5", "h:4" })
        {
            ExpectMsg(report);
        }
    }

    [Fact]
    public void A_failed_task_must_fail_all_writes_of_the_batch()
    {
        var ledger = FreshLedger("a");
        Watch(ledger);

        ledger.Tell(new Do.PersistAsync("1"));
        _gate.NextWrite();
        _gate.Fail(new Boom());

        ExpectMsg("failed:1:1");
        ExpectTerminated(ledger);
    }

    [Fact]
    public void An_answer_to_an_earlier_incarnation_must_not_run_handlers_of_the_present_one()
    {
        var ledger = FreshLedger("a");
        ledger.Tell(new Do.PersistAsync("1"));
        _gate.NextWrite();

        ledger.Tell(new Do.Throw());
        ExpectMsg("ready:0");
        ledger.Tell(new Do.Say("x"));
        ExpectMsg("c:x");
        _gate.Release();
        ledger.Tell(new Do.Say("y"));

        ExpectMsg("c:y");
    }

    [Fact]
    public void Events_must_carry_what_a_journal_needs_to_know()
    {
        var ledger = FreshLedger("a");

        ledger.Tell(new Do.PersistAll("1", "2"));
        _gate.NextWrite();
        var write = _gate.LastWrite.Single();
        _gate.Release();
        ExpectMsg("h:1");
        ExpectMsg("h:2");

        Assert.Equal("a", write.PersistenceId);
        Assert.Equal(1, write.LowestSequenceNr);
        Assert.Equal(2, write.HighestSequenceNr);
        var events = Assert.IsAssignableFrom<IImmutableList<IPersistentRepresentation>>(write.Payload);
        Assert.Equal(["1", "2"], events.Select(e => e.Payload));
        Assert.All(events, e => Assert.NotEmpty(e.WriterGuid));
        Assert.Single(events.Select(e => e.WriterGuid).Distinct());
    }

    private IActorRef FreshLedger(string id)
    {
        var ledger = Sys.ActorOf(Ledger.Props(id, TestActor));
        ExpectMsg("ready:0");
        return ledger;
    }
}

/// <summary>Holds every write of a <see cref="GatedJournal"/> until the test says how it ends.</summary>
public sealed class Gate
{
    private static readonly ConcurrentDictionary<ActorSystem, Gate> Gates = new();

    private readonly BlockingCollection<AtomicWrite[]> _writes = [];
    private readonly BlockingCollection<TaskCompletionSource> _held = [];

    public AtomicWrite[] LastWrite { get; private set; }

    public bool HasWrite => _writes.Count > 0;

    public static Gate Of(ActorSystem system) => Gates.GetOrAdd(system, _ => new Gate());

    /// <summary>Waits for a write; says how many events each of its atomic writes holds.</summary>
    public int[] NextWrite()
    {
        Assert.True(_writes.TryTake(out var write, TimeSpan.FromSeconds(20)), "No write came.");
        LastWrite = write;
        return [.. write.Select(w => w.Size)];
    }

    /// <summary>Lets the oldest write that is held pass.</summary>
    public void Release() => Next().SetResult();

    public void Fail(Exception cause) => Next().SetException(cause);

    internal Task Hold(AtomicWrite[] write)
    {
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _held.Add(held);
        _writes.Add(write);
        return held.Task;
    }

    private TaskCompletionSource Next()
    {
        Assert.True(_held.TryTake(out var held, TimeSpan.FromSeconds(20)), "No write is held.");
        return held;
    }
}

/// <summary>A journal in memory that stores when the test lets it, and rejects what holds a bad event.</summary>
public sealed class GatedJournal : MemoryJournal
{
    private readonly Gate _gate = Gate.Of(Context.System);

#if AKKA1_5_42_OR_GREATER
    protected override Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages, CancellationToken cancellationToken) =>
        WriteAsync(messages, write => base.WriteMessagesAsync([write], cancellationToken));
#else
    protected override Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages) =>
        WriteAsync(messages, write => base.WriteMessagesAsync([write]));
#endif

    private async Task<IImmutableList<Exception>> WriteAsync(IEnumerable<AtomicWrite> messages, Func<AtomicWrite, Task> store)
    {
        var writes = messages.ToArray();
        await _gate.Hold(writes);
        var results = new List<Exception>();
        foreach (var write in writes)
        {
            var bad = ((IImmutableList<IPersistentRepresentation>)write.Payload).Any(e => Equals(e.Payload, "bad"));
            results.Add(bad ? new Boom("bad") : null);
            if (!bad)
            {
                await store(write);
            }
        }

        return results.ToImmutableList();
    }
}
