using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Dispatch;

namespace RaftActors.TestKit.Local;

/// <summary>
/// One life of a member, from a start to a crash or stop: its actor system and the turns of its actors that wait. Akka makes the dispatcher, scheduler and so on
/// from class names in the configuration; a key in that configuration leads them here.
/// </summary>
internal sealed class MemberRun
{
    public const string KeyPath = "raft-actors-testkit.run";

    private static readonly ConcurrentDictionary<string, MemberRun> Runs = new();
    private static long _count;

    private readonly Lock _lock = new();
    private readonly List<IRunnable> _ready = [];

    public MemberRun(LocalCluster cluster, LocalMember member)
    {
        Cluster = cluster;
        Member = member;
        Key = $"run-{Interlocked.Increment(ref _count)}";
        Runs[Key] = this;
    }

    public string Key { get; }

    public LocalCluster Cluster { get; }

    public LocalMember Member { get; }

    public bool Alive { get; private set; } = true;

    public ActorSystem? System { get; set; }

    public RaftStreams? Streams { get; set; }

    /// <summary>Where frames from peers go; null until the transport has started.</summary>
    public IActorRef? Receiver { get; set; }

    public Dictionary<NodeId, IActorRef> ReturnPaths { get; } = [];

    public int Ready
    {
        get
        {
            lock (_lock)
            {
                return _ready.Count;
            }
        }
    }

    public static MemberRun Of(Akka.Configuration.Config config) =>
        Runs.TryGetValue(config.GetString(KeyPath), out MemberRun? run) ? run : throw new InvalidOperationException("This configuration belongs to a LocalCluster that is gone.");

    public void Enqueue(IRunnable work)
    {
        Cluster.NoteThread();
        lock (_lock)
        {
            // What a crashed process would have done next does not happen.
            if (Alive)
            {
                _ready.Add(work);
            }
        }
    }

    public IRunnable Take(int index)
    {
        lock (_lock)
        {
            IRunnable work = _ready[index];
            _ready.RemoveAt(index);
            return work;
        }
    }

    public void End()
    {
        lock (_lock)
        {
            Alive = false;
            _ready.Clear();
        }

        Runs.TryRemove(Key, out _);
    }
}
