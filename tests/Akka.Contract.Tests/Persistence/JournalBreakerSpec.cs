namespace Akka.Contract.Tests.Persistence;

/// <summary>The circuit breaker around a journal plugin.</summary>
public sealed class JournalBreakerSpec : ContractSpec
{
    private const string Config = """
        akka.persistence {
          journal.plugin = "akka.persistence.journal.gated"
          journal.gated {
            class = "Akka.Contract.Tests.Persistence.GatedJournal, Akka.Contract.Tests"
            circuit-breaker { max-failures = 1, call-timeout = 2s, reset-timeout = 1h }
          }
          snapshot-store.plugin = "akka.persistence.snapshot-store.inmem"
        }
        """;

    private readonly Gate _gate;

    public JournalBreakerSpec()
        : base(Config)
    {
        _gate = Gate.Of(Sys);
    }

    [Fact]
    public void A_write_that_takes_too_long_must_fail_and_open_the_circuit_for_all_others()
    {
        var slow = FreshLedger("slow");
        var other = FreshLedger("other");
        Watch(slow);
        Watch(other);

        slow.Tell(new Do.PersistAsync("1"));
        _gate.NextWrite();
        ExpectMsg("failed:1:1");
        ExpectTerminated(slow);

        // Nobody waits for it any more.
        _gate.Release();
        other.Tell(new Do.PersistAsync("2"));
        ExpectMsg("failed:2:1");
        ExpectTerminated(other);
        Assert.False(_gate.HasWrite, "The journal was called through an open circuit.");
    }

    [Fact]
    public void A_failure_must_open_the_circuit_for_all_others()
    {
        var failing = FreshLedger("failing");
        var other = FreshLedger("other");
        Watch(failing);
        Watch(other);

        failing.Tell(new Do.PersistAsync("1"));
        _gate.NextWrite();
        _gate.Fail(new Boom());
        ExpectMsg("failed:1:1");
        ExpectTerminated(failing);

        other.Tell(new Do.PersistAsync("2"));
        ExpectMsg("failed:2:1");
        ExpectTerminated(other);
        Assert.False(_gate.HasWrite, "The journal was called through an open circuit.");
    }

    private IActorRef FreshLedger(string id)
    {
        var ledger = Sys.ActorOf(Ledger.Props(id, TestActor));
        ExpectMsg("ready:0");
        return ledger;
    }
}
