using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using BenchmarkDotNet.Attributes;
using RaftActors.Dispatch;

namespace RaftActors.Benchmarks;

/// <summary>What it costs to get a message to an actor: the node's mailbox by itself, and a round through a dispatcher.</summary>
[MemoryDiagnoser]
public class MailboxBenchmarks
{
    private const int Messages = 1000;

    private ActorSystem _system = null!;
    private IActorRef _counter = ActorRefs.Nobody;
    private TwoLaneMailbox.TwoLaneQueue _queue = null!;

    [GlobalSetup]
    public void Setup()
    {
        _system = ActorSystem.Create("benchmarks", ConfigurationFactory.ParseString("akka.loglevel = ERROR"));
        _counter = _system.ActorOf(Props.Create(() => new Counter()));
        _queue = new TwoLaneMailbox.TwoLaneQueue();
    }

    [GlobalCleanup]
    public void Cleanup() => _system.Terminate().GetAwaiter().GetResult();

    [Benchmark(OperationsPerInvoke = Messages)]
    public int TwoLanes()
    {
        for (int i = 0; i < Messages; i++)
        {
            _queue.Enqueue(_counter, new Envelope(Tick.Instance, ActorRefs.NoSender));
        }

        int taken = 0;
        while (_queue.TryDequeue(out _))
        {
            taken++;
        }

        return taken;
    }

    [Benchmark(OperationsPerInvoke = Messages)]
    public Task Tell()
    {
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        for (int i = 0; i < Messages; i++)
        {
            _counter.Tell(Tick.Instance, ActorRefs.NoSender);
        }

        _counter.Tell(done, ActorRefs.NoSender);
        return done.Task;
    }

    private sealed record Tick
    {
        public static Tick Instance { get; } = new();
    }

    private sealed class Counter : UntypedActor
    {
        private long _count;

        protected override void OnReceive(object message)
        {
            _count++;
            (message as TaskCompletionSource)?.TrySetResult();
        }
    }
}
