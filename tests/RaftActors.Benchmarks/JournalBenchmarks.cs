using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using BenchmarkDotNet.Attributes;
using RaftActors.Journal;

namespace RaftActors.Benchmarks;

/// <summary>Events through Akka.Persistence into the write-ahead log, durable before they count: one at a time, and what piles up behind the sync.</summary>
[MemoryDiagnoser]
public class JournalBenchmarks
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"raftactors-benchmarks-{Guid.NewGuid():N}");
    private ActorSystem _system = null!;
    private IActorRef _writer = ActorRefs.Nobody;

    [Params(1, 100)]
    public int Events { get; set; }

    [Params("data", "off")]
    public string Fsync { get; set; } = "data";

    [GlobalSetup]
    public void Setup()
    {
        string config = $$"""
            akka.loglevel = ERROR
            akka.persistence.journal.plugin = "raft-actors.journal.wal"
            akka.persistence.snapshot-store.plugin = "akka.persistence.no-snapshot-store"
            raft-actors.journal.wal { directory = "{{_folder.Replace('\\', '/')}}", fsync = {{Fsync}} }
            """;
        _system = ActorSystem.Create("benchmarks", ConfigurationFactory.ParseString(config).WithFallback(RaftJournal.DefaultConfig()));
        _writer = _system.ActorOf(Props.Create(() => new Writer()));
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _system.Terminate().GetAwaiter().GetResult();
        Directory.Delete(_folder, recursive: true);
    }

    [Benchmark]
    public Task Write()
    {
        Request request = new(Events);
        _writer.Tell(request, ActorRefs.NoSender);
        return request.Done.Task;
    }

    private sealed record Request(int Events)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Writer : UntypedPersistentActor
    {
        private readonly byte[] _data = new byte[128];

        public override string PersistenceId => "writer";

        protected override void OnCommand(object message)
        {
            if (message is Request request)
            {
                int left = request.Events;
                PersistAllAsync(Enumerable.Repeat(_data, request.Events), _ =>
                {
                    if (--left == 0)
                    {
                        request.Done.TrySetResult();
                    }
                });
            }
        }

        protected override void OnRecover(object message)
        {
        }
    }
}
