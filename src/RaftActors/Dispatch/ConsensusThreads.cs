using System.Collections.Concurrent;
using System.Diagnostics;
using Akka.Dispatch;
using RaftActors.Threads;

namespace RaftActors.Dispatch;

/// <summary>
/// The threads of a <see cref="ConsensusExecutor"/>, and every thread that is lent to it. Each runs a chain: a mailbox, then those that it gave work to, and so on. What comes from elsewhere goes to a
/// thread of its own; the one that slept last is woken first, because its caches are warm.
/// </summary>
/// <remarks>Not the .NET thread pool: that wakes a second thread with every piece of work, to look for more, and yields the processor before it sleeps.</remarks>
internal sealed class ConsensusThreads(string id, int most, TimeSpan turn) : ExecutorService(id)
{
    /// <summary>How long a chain goes on usually before what is left of it gets in line behind other work.</summary>
    public static readonly TimeSpan UsualTurn = TimeSpan.FromMicroseconds(250);

    [ThreadStatic]
    private static Chain? _here;

    private readonly long _turnTicks = (long)(turn.TotalSeconds * Stopwatch.Frequency);
    private readonly ConcurrentQueue<IRunnable> _intake = new();
    private readonly object _gate = new();
    private readonly Stack<ThreadSignal> _idle = new();
    private int _idleCount;
    private int _started;
    private volatile bool _stopping;

    /// <summary>A context without any values of an application, for a client's thread that is lent; null until the first thread has started.</summary>
    public static ExecutionContext? NoContext { get; private set; }

    public override void Execute(IRunnable run)
    {
        Chain? chain = _here;
        if (chain is { Owner: not null })
        {
            if (ReferenceEquals(chain.Owner, this))
            {
                chain.Next.Enqueue(run);
                return;
            }
        }
        else if (ThreadLoan.Take())
        {
            Run(run, chain ?? new Chain());
            return;
        }

        Queue(run);
    }

    public override void Shutdown()
    {
        _stopping = true;
        lock (_gate)
        {
            while (_idle.TryPop(out ThreadSignal? worker))
            {
                worker.Set();
            }

            Volatile.Write(ref _idleCount, 0);
        }
    }

    private void Queue(IRunnable run)
    {
        _intake.Enqueue(run);

        // A worker counts itself idle before it looks into the queue for the last time: either it sees the work, or this sees it idle.
        Interlocked.MemoryBarrier();
        if (_stopping)
        {
            // The actor system ends, and the workers may be gone. Whatever is left is not lost, and nothing waits for its speed.
            while (_intake.TryDequeue(out IRunnable? left))
            {
                ThreadPool.UnsafeQueueUserWorkItem(static r => r.Run(), left, preferLocal: false);
            }
        }
        else if (Volatile.Read(ref _idleCount) > 0 || Volatile.Read(ref _started) < most)
        {
            WakeOne();
        }
    }

    private void WakeOne()
    {
        ThreadSignal? worker;
        lock (_gate)
        {
            if (_idle.TryPop(out worker))
            {
                _idleCount--;
            }
            else if (_started < most)
            {
                _started++;
                worker = new ThreadSignal();
                new Thread(() => Work(worker)) { IsBackground = true, Name = $"{Id}-{_started}" }.UnsafeStart();
                return;
            }
        }

        worker?.Set();
    }

    private void Work(ThreadSignal self)
    {
        Chain chain = new();
        NoContext ??= ExecutionContext.Capture();
        while (true)
        {
            while (_intake.TryDequeue(out IRunnable? run))
            {
                Run(run, chain);
            }

            lock (_gate)
            {
                Interlocked.Increment(ref _idleCount);
                if (!_intake.IsEmpty || _stopping)
                {
                    _idleCount--;
                    if (_intake.IsEmpty)
                    {
                        return;
                    }

                    continue;
                }

                _idle.Push(self);
            }

            self.Wait();
        }
    }

    private void Run(IRunnable first, Chain chain)
    {
        _here = chain;
        chain.Owner = this;
        try
        {
            long end = Stopwatch.GetTimestamp() + _turnTicks;
            IRunnable? next = first;
            do
            {
                next.Run();
            }
            while (chain.Next.TryDequeue(out next) && KeepOn(next, end));
        }
        finally
        {
            chain.Owner = null;
            while (chain.Next.TryDequeue(out IRunnable? left))
            {
                Queue(left);
            }
        }
    }

    private bool KeepOn(IRunnable next, long end)
    {
        if (Stopwatch.GetTimestamp() < end)
        {
            return true;
        }

        Queue(next);
        return false;
    }

    /// <summary>What a thread runs at the moment.</summary>
    private sealed class Chain
    {
        public Queue<IRunnable> Next { get; } = new();

        /// <summary>Null between chains.</summary>
        public ConsensusThreads? Owner { get; set; }
    }
}
