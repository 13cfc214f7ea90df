using Akka.Persistence.TestKit;

namespace Akka.Contract.Tests.Persistence;

/// <summary>Persistence in memory, failing on command.</summary>
public abstract class JournalSpec : PersistenceTestKit
{
    private const string Patient = """
        akka.test.single-expect-default = 20s
        akka.test.filter-leeway = 20s
        akka.test.default-timeout = 20s
        akka.loglevel = INFO
        akka.stdout-loglevel = OFF
        akka.coordinated-shutdown.run-by-clr-shutdown-hook = off
        """;

    protected JournalSpec(string hocon = "akka {}")
        : base(ConfigurationFactory.ParseString(hocon).WithFallback(ConfigurationFactory.ParseString(Patient)), "contract")
    {
    }

    protected void ExpectAll(params string[] reports)
    {
        foreach (var report in reports)
        {
            ExpectMsg(report);
        }
    }

    /// <summary>A ledger of its own persistence id that has recovered, from nothing.</summary>
    protected IActorRef FreshLedger(string id)
    {
        var ledger = Sys.ActorOf(Ledger.Props(id, TestActor));
        ExpectMsg("ready:0");
        return ledger;
    }

    protected void StopAndWait(IActorRef actor)
    {
        Watch(actor);
        Sys.Stop(actor);
        ExpectTerminated(actor);
    }
}
