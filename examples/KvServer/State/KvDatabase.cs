using System.Buffers;

namespace KvServer.State;

/// <summary>
/// The state that connections read while the state machine writes it. When the runtime makes a new state machine (a restart of the
/// member), the state starts again from nothing under a new <see cref="Generation"/>; what the old one still does is ignored.
/// </summary>
internal sealed class KvDatabase
{
    private readonly Lock _gate = new();
    private KvStore _store = new();
    private int _generation;
    private long _appliedIndex;
    private bool _leads;
    private TaskCompletionSource? _changed;

    /// <summary>Counts the state machines made so far.</summary>
    public int Generation => Volatile.Read(ref _generation);

    /// <summary>True while this member leads the stream.</summary>
    public bool Leads
    {
        get => Volatile.Read(ref _leads);
        set => Volatile.Write(ref _leads, value);
    }

    /// <summary>The index of the last entry applied.</summary>
    public long AppliedIndex => Volatile.Read(ref _appliedIndex);

    /// <summary>Starts over with an empty state.</summary>
    /// <returns>The generation that may apply from now on.</returns>
    public int Reset()
    {
        lock (_gate)
        {
            _store = new KvStore();
            Volatile.Write(ref _appliedIndex, 0);
            return Interlocked.Increment(ref _generation);
        }
    }

    /// <summary>The whole state at one index; null when a newer state machine has taken over.</summary>
    public KvStateCopy? Copy(int generation)
    {
        lock (_gate)
        {
            return generation == _generation ? _store.Copy(_appliedIndex) : null;
        }
    }

    /// <summary>Replaces the whole state.</summary>
    public void Restore(int generation, KvStateCopy copy)
    {
        KvStore store = KvStore.From(copy);
        TaskCompletionSource? changed;
        lock (_gate)
        {
            if (generation != _generation)
            {
                return;
            }

            _store = store;
            Volatile.Write(ref _appliedIndex, copy.AppliedIndex);
            changed = _changed;
            _changed = null;
        }

        changed?.TrySetResult();
    }

    /// <summary>Applies one entry.</summary>
    public void Apply(int generation, long index, ReadOnlySpan<byte> entry, IBufferWriter<byte>? results)
    {
        TaskCompletionSource? changed;
        lock (_gate)
        {
            if (generation != _generation)
            {
                return;
            }

            _store.Apply(entry, results);
            Volatile.Write(ref _appliedIndex, index);
            changed = _changed;
            _changed = null;
        }

        changed?.TrySetResult();
    }

    /// <summary>Reads under the lock: everything that <paramref name="read"/> sees belongs to one index.</summary>
    public TResult Read<TArgument, TResult>(TArgument argument, Func<KvStore, TArgument, TResult> read)
        where TArgument : allows ref struct
    {
        lock (_gate)
        {
            return read(_store, argument);
        }
    }

    /// <summary>Completes when the entry at <paramref name="index"/> has been applied here.</summary>
    public async Task WaitAppliedAsync(long index, CancellationToken cancellation)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (_appliedIndex >= index)
                {
                    return;
                }

                _changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>True when a key has expired by <paramref name="now"/> and is still in the state.</summary>
    public bool HasOverdue(long now)
    {
        lock (_gate)
        {
            return _store.NextDeadline <= now;
        }
    }

    public ulong Hash()
    {
        lock (_gate)
        {
            return _store.Hash;
        }
    }
}
