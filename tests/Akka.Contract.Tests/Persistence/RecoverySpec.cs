using Akka.Persistence;

namespace Akka.Contract.Tests.Persistence;

public sealed class RecoverySpec : JournalSpec
{
    public RecoverySpec()
        : base("akka.persistence.journal.test.recovery-event-timeout = 1s")
    {
    }

    [Fact]
    public void Events_must_be_replayed_in_order_before_any_command()
    {
        Store("a", "1", "2", "3");

        var ledger = Sys.ActorOf(Ledger.Props("a", TestActor));
        ledger.Tell(new Do.Say("x"));

        ExpectAll("r:1", "r:2", "r:3", "ready:3", "c:x");
    }

    [Fact]
    public void Events_of_other_persistence_ids_must_not_be_replayed()
    {
        Store("a", "1");
        Store("b", "2");

        Sys.ActorOf(Ledger.Props("a", TestActor));

        ExpectAll("r:1", "ready:1");
    }

    [Fact]
    public void Sequence_numbers_must_go_on_after_a_recovery()
    {
        Store("a", "1", "2");

        var ledger = Sys.ActorOf(Ledger.Props("a", TestActor));
        ExpectAll("r:1", "r:2", "ready:2");
        ledger.Tell(new Do.Persist("3"));
        ExpectMsg("h:3");
        StopAndWait(ledger);

        Sys.ActorOf(Ledger.Props("a", TestActor));
        ExpectAll("r:1", "r:2", "r:3", "ready:3");
    }

    [Fact]
    public void A_snapshot_must_be_offered_first_and_only_later_events_replayed()
    {
        var ledger = Store("a", "1", "2");
        ledger.Tell(new Do.SaveSnapshot("1+2"));
        ExpectMsg("saved:2");
        ledger.Tell(new Do.Persist("3"));
        ExpectMsg("h:3");
        StopAndWait(ledger);

        Sys.ActorOf(Ledger.Props("a", TestActor));

        ExpectAll("s:1+2", "r:3", "ready:3");
    }

    [Fact]
    public void A_recovery_without_snapshot_must_replay_everything()
    {
        var ledger = Store("a", "1", "2");
        ledger.Tell(new Do.SaveSnapshot("1+2"));
        ExpectMsg("saved:2");
        StopAndWait(ledger);

        Sys.ActorOf(Ledger.Props("a", TestActor, new Recovery(SnapshotSelectionCriteria.None)));

        ExpectAll("r:1", "r:2", "ready:2");
    }

    [Fact]
    public void A_recovery_to_a_sequence_number_must_end_there_and_not_reuse_later_numbers()
    {
        Store("a", "1", "2", "3");

        Sys.ActorOf(Ledger.Props("a", TestActor, new Recovery(SnapshotSelectionCriteria.Latest, 2)));

        ExpectAll("r:1", "r:2", "ready:3");
    }

    [Fact]
    public void A_recovery_of_so_many_events_must_replay_no_more()
    {
        Store("a", "1", "2", "3");

        Sys.ActorOf(Ledger.Props("a", TestActor, new Recovery(SnapshotSelectionCriteria.Latest, long.MaxValue, 1)));

        ExpectAll("r:1", "ready:3");
    }

    [Fact]
    public void No_recovery_must_still_know_the_highest_sequence_number()
    {
        Store("a", "1", "2");

        Sys.ActorOf(Ledger.Props("a", TestActor, Recovery.None));

        ExpectAll("ready:2");
    }

    [Fact]
    public async Task A_failed_replay_must_stop_the_actor()
    {
        Store("a", "1");

        await WithJournalRecovery(recovery => recovery.Fail(), () =>
        {
            var ledger = Sys.ActorOf(Ledger.Props("a", TestActor));
            Watch(ledger);

            ExpectMsg("unrecovered:TestJournalFailureException");
            ExpectTerminated(ledger);
        });
    }

    [Fact]
    public async Task A_failed_load_of_the_snapshot_must_stop_the_actor()
    {
        await WithSnapshotLoad(load => load.Fail(), () =>
        {
            var ledger = Sys.ActorOf(Ledger.Props("a", TestActor));
            Watch(ledger);

            ExpectMsg("unrecovered:TestSnapshotStoreFailureException");
            ExpectTerminated(ledger);
        });
    }

    [Fact]
    public async Task A_replay_that_stalls_must_time_out()
    {
        Store("a", "1");

        await WithJournalRecovery(recovery => recovery.PassWithDelay(TimeSpan.FromSeconds(5)), () =>
        {
            var ledger = Sys.ActorOf(Ledger.Props("a", TestActor));
            Watch(ledger);

            ExpectMsg("unrecovered:RecoveryTimedOutException");
            ExpectTerminated(ledger);
        });
    }

    [Fact]
    public void An_exception_in_the_replay_handler_must_stop_the_actor()
    {
        Store("a", "1");

        var fragile = Sys.ActorOf(Props.Create(() => new Fragile("a", TestActor)));
        Watch(fragile);

        ExpectMsg("Boom on 1");
        ExpectTerminated(fragile);
    }

    [Fact]
    public void Commands_sent_during_recovery_must_keep_their_order()
    {
        Store("a", Enumerable.Range(0, 200).Select(i => $"{i}").ToArray());

        var ledger = Sys.ActorOf(Ledger.Props("a", TestActor));
        for (var i = 0; i < 200; i++)
        {
            ledger.Tell(new Do.Say($"{i}"));
        }

        ExpectAll([.. Enumerable.Range(0, 200).Select(i => $"r:{i}"), "ready:200", .. Enumerable.Range(0, 200).Select(i => $"c:{i}")]);
    }

    [Fact]
    public void Deleted_events_must_not_be_replayed_and_their_numbers_not_used_again()
    {
        var ledger = Store("a", "1", "2", "3");
        ledger.Tell(new Do.Delete(2));
        ExpectMsg("deleted:2");
        StopAndWait(ledger);

        ledger = Sys.ActorOf(Ledger.Props("a", TestActor));
        ExpectAll("r:3", "ready:3");
        ledger.Tell(new Do.Delete(3));
        ExpectMsg("deleted:3");
        StopAndWait(ledger);

        Sys.ActorOf(Ledger.Props("a", TestActor));
        ExpectAll("ready:3");
    }

    private IActorRef Store(string id, params string[] events)
    {
        var ledger = FreshLedger(id);
        ledger.Tell(new Do.PersistAll(events));
        ExpectAll([.. events.Select(e => "h:" + e)]);
        return ledger;
    }

    private sealed class Fragile : ReceivePersistentActor
    {
        private readonly IActorRef _report;

        public Fragile(string id, IActorRef report)
        {
            PersistenceId = id;
            _report = report;
            Recover<string>(_ => throw new Boom());
        }

        public override string PersistenceId { get; }

        protected override void OnRecoveryFailure(Exception reason, object message = null)
        {
            if (reason is Boom)
            {
                _report.Tell("Boom on " + message);
            }
        }
    }
}
