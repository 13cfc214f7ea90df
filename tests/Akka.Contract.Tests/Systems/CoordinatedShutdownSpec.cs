using System.Collections.Concurrent;

namespace Akka.Contract.Tests.Systems;

public sealed class CoordinatedShutdownSpec : ContractSpec
{
    private readonly ConcurrentQueue<string> _ran = new();

    public CoordinatedShutdownSpec()
        : base("""
            akka.coordinated-shutdown {
              phases {
                drain-streams {
                  depends-on = [service-unbind]
                  timeout = 15s
                }
                service-requests-done.depends-on = [drain-streams]
                before-cluster-shutdown.timeout = 200ms
                cluster-leave {
                  timeout = 200ms
                  recover = off
                }
              }
            }
            """)
    {
    }

    private CoordinatedShutdown Coordinated => CoordinatedShutdown.Get(Sys);

    [Fact]
    public async Task Phases_must_run_in_the_order_of_their_dependencies_and_end_with_the_system()
    {
        foreach (var phase in new[]
                 {
                     CoordinatedShutdown.PhaseActorSystemTerminate,
                     CoordinatedShutdown.PhaseServiceStop,
                     CoordinatedShutdown.PhaseServiceUnbind,
                     "drain-streams",
                     CoordinatedShutdown.PhaseBeforeActorSystemTerminate,
                     CoordinatedShutdown.PhaseServiceRequestsDone,
                     CoordinatedShutdown.PhaseBeforeServiceUnbind,
                 })
        {
            Add(phase);
        }

        await Coordinated.Run(CoordinatedShutdown.UnknownReason.Instance).WaitAsync(Patience);

        Assert.Equal(
            [
                "before-service-unbind",
                "service-unbind",
                "drain-streams",
                "service-requests-done",
                "service-stop",
                "before-actor-system-terminate",
                "actor-system-terminate",
            ],
            _ran);
        await Sys.WhenTerminated.WaitAsync(Patience);
        Assert.Same(CoordinatedShutdown.UnknownReason.Instance, Coordinated.ShutdownReason);
    }

    [Fact]
    public async Task A_phase_must_wait_for_its_tasks_before_the_next_one_starts()
    {
        var gate = new TaskCompletionSource();
        Coordinated.AddTask(CoordinatedShutdown.PhaseServiceUnbind, "slow", async () =>
        {
            await gate.Task;
            _ran.Enqueue("slow");
            return Done.Instance;
        });
        Add(CoordinatedShutdown.PhaseServiceStop);

        var run = Coordinated.Run(CoordinatedShutdown.UnknownReason.Instance);
        gate.SetResult();
        await run.WaitAsync(Patience);

        Assert.Equal(["slow", "service-stop"], _ran);
    }

    [Fact]
    public async Task Tasks_of_one_phase_must_run_at_the_same_time()
    {
        var one = new TaskCompletionSource();
        var two = new TaskCompletionSource();
        Coordinated.AddTask(CoordinatedShutdown.PhaseServiceUnbind, "one", () => MeetAsync(one, two));
        Coordinated.AddTask(CoordinatedShutdown.PhaseServiceUnbind, "two", () => MeetAsync(two, one));
        Add(CoordinatedShutdown.PhaseServiceStop);

        await Coordinated.Run(CoordinatedShutdown.UnknownReason.Instance).WaitAsync(Patience);

        Assert.Equal(["met", "met", "service-stop"], _ran);
    }

    [Fact]
    public async Task A_task_that_fails_must_not_keep_the_next_phase_from_running()
    {
        Coordinated.AddTask(CoordinatedShutdown.PhaseServiceUnbind, "failing", () => Task.FromException<Done>(new Boom()));
        Add(CoordinatedShutdown.PhaseServiceStop);

        await Coordinated.Run(CoordinatedShutdown.UnknownReason.Instance).WaitAsync(Patience);

        Assert.Equal(["service-stop"], _ran);
    }

    [Fact]
    public async Task A_phase_out_of_time_must_be_given_up()
    {
        Coordinated.AddTask(CoordinatedShutdown.PhaseBeforeClusterShutdown, "hanging", () => new TaskCompletionSource<Done>().Task);
        Add(CoordinatedShutdown.PhaseClusterShutdown);

        await Coordinated.Run(CoordinatedShutdown.UnknownReason.Instance).WaitAsync(Patience);

        Assert.Equal(["cluster-shutdown"], _ran);
    }

    [Fact]
    public async Task A_phase_that_does_not_recover_must_end_the_run_with_its_failure()
    {
        Coordinated.AddTask(CoordinatedShutdown.PhaseClusterLeave, "failing", () => Task.FromException<Done>(new Boom()));
        Add(CoordinatedShutdown.PhaseClusterExiting);

        await Assert.ThrowsAnyAsync<Exception>(() => Coordinated.Run(CoordinatedShutdown.UnknownReason.Instance).WaitAsync(Patience));

        Assert.Empty(_ran);
    }

    [Fact]
    public async Task A_second_run_must_be_the_first_one()
    {
        Add(CoordinatedShutdown.PhaseServiceStop);

        await Task.WhenAll(
            Coordinated.Run(CoordinatedShutdown.UnknownReason.Instance),
            Coordinated.Run(CoordinatedShutdown.ActorSystemTerminateReason.Instance)).WaitAsync(Patience);

        Assert.Equal(["service-stop"], _ran);
        Assert.Same(CoordinatedShutdown.UnknownReason.Instance, Coordinated.ShutdownReason);
    }

    [Fact]
    public async Task A_run_from_a_later_phase_must_leave_out_what_is_before_it()
    {
        Add(CoordinatedShutdown.PhaseServiceUnbind);
        Add(CoordinatedShutdown.PhaseServiceStop);

        await Coordinated.Run(CoordinatedShutdown.UnknownReason.Instance, CoordinatedShutdown.PhaseServiceStop).WaitAsync(Patience);

        Assert.Equal(["service-stop"], _ran);
    }

    [Fact]
    public async Task Terminating_the_system_must_run_the_phases()
    {
        Add(CoordinatedShutdown.PhaseServiceStop);

        await Sys.Terminate().WaitAsync(Patience);

        Assert.Equal(["service-stop"], _ran);
        Assert.Same(CoordinatedShutdown.ActorSystemTerminateReason.Instance, Coordinated.ShutdownReason);
    }

    [Fact]
    public async Task Actors_must_be_alive_during_the_phases_before_the_end()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Echo()));
        Coordinated.AddTask(CoordinatedShutdown.PhaseServiceStop, "ask", async () =>
        {
            _ran.Enqueue(await actor.Ask<string>("still here", Patience));
            return Done.Instance;
        });

        await Coordinated.Run(CoordinatedShutdown.UnknownReason.Instance).WaitAsync(Patience);

        Assert.Equal(["still here"], _ran);
    }

    [Fact]
    public void Timeouts_must_come_from_configuration_and_unknown_phases_be_refused()
    {
        Assert.Equal(TimeSpan.FromSeconds(15), Coordinated.Timeout("drain-streams"));
        Assert.Equal(TimeSpan.FromSeconds(5), Coordinated.Timeout(CoordinatedShutdown.PhaseServiceUnbind));
        Assert.ThrowsAny<Exception>(() => Coordinated.AddTask("no-such-phase", "task", () => Task.FromResult(Done.Instance)));
    }

    private void Add(string phase) => Coordinated.AddTask(phase, $"task of {phase}", () =>
    {
        _ran.Enqueue(phase);
        return Task.FromResult(Done.Instance);
    });

    private async Task<Done> MeetAsync(TaskCompletionSource mine, TaskCompletionSource others)
    {
        mine.SetResult();
        await others.Task;
        _ran.Enqueue("met");
        return Done.Instance;
    }

    private sealed class Echo : UntypedActor
    {
        protected override void OnReceive(object message) => Sender.Tell(message);
    }
}
