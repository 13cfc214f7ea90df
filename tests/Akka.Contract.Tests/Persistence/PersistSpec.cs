namespace Akka.Contract.Tests.Persistence;

public sealed class PersistSpec : JournalSpec
{
    [Fact]
    public void Commands_must_wait_for_the_handlers_of_persisted_events()
    {
        var ledger = FreshLedger("a");

        ledger.Tell(new Do.Persist("1", "2"));
        ledger.Tell(new Do.Say("x"));
        ledger.Tell(new Do.Persist("3"));
        ledger.Tell(new Do.Say("y"));

        ExpectAll("h:1", "h:2", "c:x", "h:3", "c:y");
    }

    [Fact]
    public void A_long_queue_of_commands_must_keep_its_order_while_each_persists()
    {
        var ledger = FreshLedger("a");

        for (var i = 0; i < 500; i++)
        {
            ledger.Tell(new Do.Persist($"{i}"));
            ledger.Tell(new Do.Say($"{i}"));
        }

        for (var i = 0; i < 500; i++)
        {
            ExpectAll($"h:{i}", $"c:{i}");
        }
    }

    [Fact]
    public void PersistAll_must_run_its_handler_for_each_event_before_the_next_command()
    {
        var ledger = FreshLedger("a");

        ledger.Tell(new Do.PersistAll("1", "2", "3"));
        ledger.Tell(new Do.Say("x"));

        ExpectAll("h:1", "h:2", "h:3", "c:x");
    }

    [Fact]
    public void PersistAll_of_nothing_must_not_hold_up_commands()
    {
        var ledger = FreshLedger("a");

        ledger.Tell(new Do.PersistAll());
        ledger.Tell(new Do.Say("x"));

        ExpectAll("c:x");
    }

    [Fact]
    public async Task PersistAsync_must_let_commands_pass_and_keep_the_order_of_handlers()
    {
        var ledger = FreshLedger("a");

        await WithJournalWrite(write => write.PassWithDelay(TimeSpan.FromMilliseconds(300)), () =>
        {
            ledger.Tell(new Do.PersistAsync("1"));
            ledger.Tell(new Do.Say("x"));
            ledger.Tell(new Do.PersistAllAsync("2", "3"));
            ledger.Tell(new Do.PersistAsync("4"));
            ledger.Tell(new Do.Say("y"));

            ExpectAll("c:x", "c:y", "h:1", "h:2", "h:3", "h:4");
        });
    }

    [Fact]
    public async Task A_Persist_behind_a_PersistAsync_must_hold_up_commands_until_its_own_handler_ran()
    {
        var ledger = FreshLedger("a");

        await WithJournalWrite(write => write.PassWithDelay(TimeSpan.FromMilliseconds(100)), () =>
        {
            ledger.Tell(new Do.PersistAsync("1"));
            ledger.Tell(new Do.Persist("2"));
            ledger.Tell(new Do.Say("x"));

            ExpectAll("h:1", "h:2", "c:x");
        });
    }

    [Fact]
    public async Task Deferred_messages_must_keep_their_place_among_the_handlers()
    {
        var ledger = FreshLedger("a");

        await WithJournalWrite(write => write.PassWithDelay(TimeSpan.FromMilliseconds(100)), () =>
        {
            ledger.Tell(new Do.PersistAsync("1"));
            ledger.Tell(new Do.Defer("m"));
            ledger.Tell(new Do.PersistAsync("2"));
            ledger.Tell(new Do.Defer("n"));

            ExpectAll("h:1", "d:m", "h:2", "d:n");
        });
    }

    [Fact]
    public void A_deferred_message_with_nothing_before_it_must_run_at_once()
    {
        var ledger = FreshLedger("a");

        ledger.Tell(new Do.Defer("m"));

        ExpectAll("d:m");
    }

    [Fact]
    public void An_asynchronous_command_must_be_able_to_persist_after_it_waited()
    {
        var ledger = FreshLedger("a");

        ledger.Tell(new Do.PersistAfterAwait("1"));
        ledger.Tell(new Do.Say("x"));

        ExpectAll("c:before", "c:after", "h:1", "c:x");
    }

    [Fact]
    public async Task The_sender_of_the_command_must_be_the_sender_in_the_handler()
    {
        var echo = Sys.ActorOf(Props.Create(() => new SenderEcho("a")));

        Assert.Equal("1", await echo.Ask<string>("1", TimeSpan.FromSeconds(20)));
        Assert.Equal("2", await echo.Ask<string>("2", TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public async Task A_failed_write_must_stop_the_actor_and_run_no_handler()
    {
        var ledger = FreshLedger("a");
        Watch(ledger);

        await WithJournalWrite(write => write.Fail(), () =>
        {
            ledger.Tell(new Do.Persist("1"));
            ledger.Tell(new Do.Say("x"));

            ExpectMsg("failed:1:1");
            ExpectTerminated(ledger);
        });

        // What failed is not there, and what came after it was never processed.
        Sys.ActorOf(Ledger.Props("a", TestActor));
        ExpectMsg("ready:0");
    }

    [Fact]
    public async Task A_failed_asynchronous_write_must_stop_the_actor()
    {
        var ledger = FreshLedger("a");
        Watch(ledger);

        await WithJournalWrite(write => write.Fail(), () =>
        {
            ledger.Tell(new Do.PersistAllAsync("1", "2"));

            ExpectMsg("failed:1:1");
            ExpectTerminated(ledger);
        });
    }

    [Fact]
    public async Task A_rejected_write_must_skip_the_handler_and_leave_the_actor_running()
    {
        var ledger = FreshLedger("a");

        await WithJournalWrite(write => write.Reject(), () =>
        {
            ledger.Tell(new Do.Persist("1"));
            ledger.Tell(new Do.Say("x"));

            ExpectAll("rejected:1:1", "c:x");
        });

        ledger.Tell(new Do.Persist("2"));
        ExpectMsg("h:2");
    }

    [Fact]
    public void An_exception_in_a_handler_must_restart_the_actor_which_then_recovers_the_event()
    {
        var ledger = FreshLedger("a");

        ledger.Tell(new Do.Persist("1"));
        ledger.Tell(new Do.ThrowInHandlerOf("2"));
        ledger.Tell(new Do.Say("x"));

        ExpectAll("h:1", "r:1", "r:2", "ready:2", "c:x");
    }

    [Fact]
    public void A_restart_must_lose_no_command_and_no_event()
    {
        var ledger = FreshLedger("a");

        ledger.Tell(new Do.Persist("1"));
        ledger.Tell(new Do.Throw());
        ledger.Tell(new Do.Persist("2"));
        ledger.Tell(new Do.Say("x"));

        ExpectAll("h:1", "r:1", "ready:1", "h:2", "c:x");
    }

    [Fact]
    public void Persisting_during_a_replay_must_be_refused()
    {
        var ledger = FreshLedger("a");
        ledger.Tell(new Do.Persist("1"));
        ExpectMsg("h:1");
        StopAndWait(ledger);

        var eager = Sys.ActorOf(Props.Create(() => new PersistsWhileReplaying("a", TestActor)));

        ExpectMsg<InvalidOperationException>();
        Watch(eager);
        ExpectTerminated(eager);
    }

    [Fact]
    public void What_is_persisted_when_the_recovery_is_complete_must_come_before_any_command()
    {
        var early = Sys.ActorOf(Props.Create(() => new PersistsWhenReady("a", TestActor)));
        early.Tell("command");

        ExpectAll("h:first", "c:command");
    }

    [Fact]
    public void User_code_must_be_able_to_stash_and_unstash_commands()
    {
        var door = Sys.ActorOf(Props.Create(() => new Door("a", TestActor)));

        door.Tell("1");
        door.Tell("2");
        door.Tell("open");
        ExpectAll("h:opened", "c:1", "c:2");

        door.Tell("3");
        ExpectAll("c:3");
    }

    private sealed class SenderEcho : Akka.Persistence.ReceivePersistentActor
    {
        public SenderEcho(string id)
        {
            PersistenceId = id;
            Command<string>(text => PersistAsync(text, e => Sender.Tell(e)));
        }

        public override string PersistenceId { get; }
    }

    private sealed class PersistsWhileReplaying : Akka.Persistence.ReceivePersistentActor
    {
        private readonly IActorRef _report;

        public PersistsWhileReplaying(string id, IActorRef report)
        {
            PersistenceId = id;
            _report = report;
            Recover<string>(text => Persist(text + text, _ => { }));
        }

        public override string PersistenceId { get; }

        protected override void OnRecoveryFailure(Exception reason, object message = null) => _report.Tell(reason);
    }

    private sealed class PersistsWhenReady : Akka.Persistence.UntypedPersistentActor
    {
        private readonly IActorRef _report;

        public PersistsWhenReady(string id, IActorRef report)
        {
            PersistenceId = id;
            _report = report;
        }

        public override string PersistenceId { get; }

        protected override void OnCommand(object message) => _report.Tell("c:" + message);

        protected override void OnRecover(object message)
        {
            if (message is Akka.Persistence.RecoveryCompleted)
            {
                Persist("first", e => _report.Tell("h:" + e));
            }
        }
    }

    private sealed class Door : Akka.Persistence.ReceivePersistentActor
    {
        private readonly IActorRef _report;

        public Door(string id, IActorRef report)
        {
            PersistenceId = id;
            _report = report;
            Command<string>(text =>
            {
                if (text != "open")
                {
                    Stash.Stash();
                    return;
                }

                Persist("opened", e =>
                {
                    _report.Tell("h:" + e);
                    Become(Open);
                    Stash.UnstashAll();
                });
            });
        }

        public override string PersistenceId { get; }

        private void Open() => CommandAny(message => _report.Tell("c:" + message));
    }
}
