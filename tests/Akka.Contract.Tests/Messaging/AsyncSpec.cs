namespace Akka.Contract.Tests.Messaging;

public sealed class AsyncSpec : ContractSpec
{
    [Fact]
    public void An_async_handler_must_finish_before_the_next_message_starts()
    {
        var actor = Sys.ActorOf(Props.Create(() => new AsyncActor(TestActor)));
        var first = new Wait("first");

        actor.Tell(first, ActorRefs.NoSender);
        actor.Tell("second");
        ExpectMsg("first started");
        first.Gate.SetResult();

        ExpectMsg("first finished");
        ExpectMsg("second");
    }

    [Fact]
    public void Sender_and_Self_must_survive_an_await()
    {
        var one = CreateTestProbe();
        var two = CreateTestProbe();
        var actor = Sys.ActorOf(Props.Create(() => new AsyncActor(TestActor)));
        var first = new Wait("first");
        one.Send(actor, first);
        two.Send(actor, "second");
        ExpectMsg("first started");

        first.Gate.SetResult();

        ExpectMsg("first finished");
        one.ExpectMsg("for the sender of first");
        Assert.Equal(actor, one.LastSender);
        ExpectMsg("second");
    }

    [Fact]
    public void A_failure_after_an_await_must_reach_the_supervisor()
    {
        var actor = Sys.ActorOf(Props.Create(() => new AsyncActor(TestActor)));
        var wait = new Wait("doomed");
        actor.Tell(wait);
        ExpectMsg("doomed started");

        EventFilter.Exception<Boom>().ExpectOne(() => wait.Gate.SetException(new Boom("after the await")));

        ExpectMsg("restarted: after the await");
        actor.Tell("next");
        ExpectMsg("next");
    }

    [Fact]
    public void Many_awaits_must_keep_the_order_of_the_messages()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Yielding(TestActor)));

        for (var number = 0; number < 2_000; number++)
        {
            actor.Tell(number);
        }

        for (var number = 0; number < 2_000; number++)
        {
            ExpectMsg(number);
        }
    }

    [Fact]
    public void Stop_during_an_await_must_end_the_actor()
    {
        var actor = Sys.ActorOf(Props.Create(() => new AsyncActor(TestActor)));
        Watch(actor);
        var wait = new Wait("long");
        actor.Tell(wait);
        ExpectMsg("long started");

        Sys.Stop(actor);
        wait.Gate.SetResult();

        FishForMessage(message => message is Terminated);
    }

    [Fact]
    public void PipeTo_must_send_the_result()
    {
        var source = new TaskCompletionSource<int>();
        _ = source.Task.PipeTo(TestActor, TestActor);

        source.SetResult(42);

        ExpectMsg(42);
        Assert.Equal(TestActor, LastSender);
    }

    [Fact]
    public void PipeTo_must_send_a_failure_as_Status_Failure()
    {
        var source = new TaskCompletionSource<int>();
        _ = source.Task.PipeTo(TestActor);

        source.SetException(new Boom("piped"));

        Assert.Contains(Chain(ExpectMsg<Status.Failure>().Cause), one => one is Boom { Message: "piped" });
    }

    [Fact]
    public void PipeTo_must_send_a_cancellation_as_Status_Failure()
    {
        var source = new TaskCompletionSource<int>();
        _ = source.Task.PipeTo(TestActor);

        source.SetCanceled();

        Assert.Contains(Chain(ExpectMsg<Status.Failure>().Cause), one => one is OperationCanceledException);
    }

    [Fact]
    public void PipeTo_must_transform_as_told()
    {
        _ = Task.FromResult(20).PipeTo(TestActor, success: number => $"got {number}");
        ExpectMsg("got 20");
        _ = Task.FromException<int>(new Boom("no")).PipeTo(TestActor, failure: cause => $"failed: {cause.GetBaseException().Message}");
        ExpectMsg("failed: no");
        _ = Task.CompletedTask.PipeTo(TestActor, success: () => "done");
        ExpectMsg("done");
    }

    private sealed record Wait(string Name) : INoSerializationVerificationNeeded
    {
        public TaskCompletionSource Gate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class AsyncActor : ReceiveActor
    {
        private readonly IActorRef _report;

        public AsyncActor(IActorRef report)
        {
            _report = report;
            ReceiveAsync<Wait>(async wait =>
            {
                report.Tell($"{wait.Name} started");
                await wait.Gate.Task;
                report.Tell($"{wait.Name} finished");
                Sender.Tell($"for the sender of {wait.Name}");
            });
            Receive<string>(text => report.Tell(text));
        }

        protected override void PostRestart(Exception reason) => _report.Tell($"restarted: {reason.GetBaseException().Message}");
    }

    private sealed class Yielding : ReceiveActor
    {
        private int _busy;

        public Yielding(IActorRef report)
        {
            ReceiveAsync<int>(async number =>
            {
                if (++_busy != 1)
                {
                    report.Tell("two handlers at once");
                }

                await Task.Yield();
                if (number % 100 == 0)
                {
                    await Task.Delay(1);
                }

                _busy--;
                report.Tell(number);
            });
        }
    }
}
