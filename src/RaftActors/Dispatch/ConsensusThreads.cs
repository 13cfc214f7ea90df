using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
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
    private readonly IdleThreads _idle = new();
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
        else if (ThreadLoan.Take(out bool mayBlock))
        {
            RunOnLentThread(run, chain ?? new Chain(), mayBlock);
            return;
        }

        Queue(run);
    }

    public override void Shutdown()
    {
        _stopping = true;
        _idle.WakeAll();
    }

    private void Queue(IRunnable run)
    {
        _intake.Enqueue(run);
        bool anyIdle = _idle.Any;
        if (_stopping)
        {
            // The actor system ends, and the workers may be gone. Whatever is left is not lost, and nothing waits for its speed.
            while (_intake.TryDequeue(out IRunnable? left))
            {
                ThreadPool.UnsafeQueueUserWorkItem(static r => r.Run(), left, preferLocal: false);
            }
        }
        else if (!anyIdle || !_idle.WakeOne())
        {
            StartOne();
        }
    }

    private void StartOne()
    {
        if (Volatile.Read(ref _started) >= most)
        {
            return;
        }

        int number = Interlocked.Increment(ref _started);
        if (number > most)
        {
            Interlocked.Decrement(ref _started);
            return;
        }

        new Thread(Work) { IsBackground = true, Name = $"{Id}-{number}" }.UnsafeStart();
    }

    private void Work()
    {
        ThreadSignal self = new();
        Chain chain = new();
        Func<bool> staysAwake = () => !_intake.IsEmpty || _stopping;
        NoContext ??= ExecutionContext.Capture();
        while (true)
        {
            while (_intake.TryDequeue(out IRunnable? run))
            {
                Run(run, chain, mayBlock: false);
            }

            if (_stopping && _intake.IsEmpty)
            {
                return;
            }

            _idle.Sleep(self, staysAwake);
        }
    }

    // Whoever lends a thread may run under a task scheduler of its own (dispatchers of Akka.Remote do with executors other than the default). What awaits or continues in the chain would go on there, as long as that
    // scheduler lives; so it is hidden.
    private void RunOnLentThread(IRunnable first, Chain chain, bool mayBlock)
    {
        if (TaskScheduler.Current == TaskScheduler.Default)
        {
            Run(first, chain, mayBlock);
            return;
        }

        Task task = new(() => Run(first, chain, mayBlock), CancellationToken.None, TaskCreationOptions.HideScheduler | TaskCreationOptions.DenyChildAttach);
        task.RunSynchronously(TaskScheduler.Default);
        task.GetAwaiter().GetResult();
    }

    private void Run(IRunnable first, Chain chain, bool mayBlock)
    {
        _here = chain;
        chain.Begin(this, mayBlock);
        try
        {
            long end = Stopwatch.GetTimestamp() + _turnTicks;
            IRunnable? next = first;
            do
            {
                next.Run();
            }
            while (KeepOn(chain, ref end, out next));
        }
        finally
        {
            chain.Owner = null;
            QueueAll(chain);
            chain.TakeAtEnd()?.Invoke();
        }
    }

    private bool KeepOn(Chain chain, ref long end, [NotNullWhen(true)] out IRunnable? next)
    {
        if (chain.Next.TryDequeue(out next))
        {
            if (Stopwatch.GetTimestamp() < end)
            {
                return true;
            }

            Queue(next);
            QueueAll(chain);
        }

        if (chain.TakeAtEnd() is not { } atEnd)
        {
            return false;
        }

        // What it leads to runs here again.
        atEnd();
        end = Stopwatch.GetTimestamp() + _turnTicks;
        return chain.Next.TryDequeue(out next);
    }

    private void QueueAll(Chain chain)
    {
        while (chain.Next.TryDequeue(out IRunnable? left))
        {
            Queue(left);
        }
    }

    /// <summary>What a thread runs at the moment.</summary>
    private sealed class Chain
    {
        private bool _isKnown;
        private bool _mayBlock;
        private Action? _atEnd;

        public Queue<IRunnable> Next { get; } = new();

        /// <summary>Null between chains.</summary>
        public ConsensusThreads? Owner { get; set; }

        public void Begin(ConsensusThreads owner, bool mayBlock)
        {
            Owner = owner;
            _mayBlock = mayBlock;
            if (mayBlock && !_isKnown)
            {
                _isKnown = true;
                LentThread.AtEndOfThisThread = TryRunAtEnd;
            }
        }

        /// <summary>What was to run when the chain has come to its end; once.</summary>
        public Action? TakeAtEnd()
        {
            Action? work = _atEnd;
            _atEnd = null;
            return work;
        }

        private bool TryRunAtEnd(Action work)
        {
            if (!_mayBlock || Owner is null)
            {
                return false;
            }

            // Once: whoever lent the thread waits for it.
            _mayBlock = false;
            _atEnd = work;
            return true;
        }
    }
}
