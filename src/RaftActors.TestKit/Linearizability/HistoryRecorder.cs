namespace RaftActors.TestKit.Linearizability;

/// <summary>
/// Records what clients do to a real or a simulated cluster. Thread-safe.
/// <code>
/// PendingOperation read = recorder.Begin("c1", "get", "x");   // before the request leaves
/// read.Complete(await client.GetAsync("x"));                  // after the answer has come; or Fail, or LeaveUnknown
/// </code>
/// </summary>
public sealed class HistoryRecorder
{
    private readonly Lock _gate = new();
    private readonly List<PendingOperation> _operations = [];
    private readonly Func<long> _nanoseconds;

    /// <summary>Records with a monotonic clock.</summary>
    /// <param name="time">Whose timestamps; null for the system's.</param>
    public HistoryRecorder(TimeProvider? time = null)
    {
        TimeProvider provider = time ?? TimeProvider.System;
        long begin = provider.GetTimestamp();
        double perTick = 1e9 / provider.TimestampFrequency;
        _nanoseconds = () => (long)((provider.GetTimestamp() - begin) * perTick);
    }

    /// <summary>Records with any clock.</summary>
    /// <param name="nanoseconds">The time now; must never go back, and is called by several threads.</param>
    public HistoryRecorder(Func<long> nanoseconds)
    {
        ArgumentNullException.ThrowIfNull(nanoseconds);
        _nanoseconds = nanoseconds;
    }

    /// <summary>How many operations have begun.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _operations.Count;
            }
        }
    }

    /// <summary>Notes that a client is about to ask for something. Call it before the request leaves.</summary>
    /// <param name="client">Who.</param>
    /// <param name="name">What: <c>get</c>, <c>set</c>, ...</param>
    /// <param name="key">About what.</param>
    /// <param name="value">The argument.</param>
    /// <param name="expected">What a compare-and-set compares with.</param>
    /// <returns>What to tell the outcome to, once. As long as it is not told, the outcome is unknown.</returns>
    public PendingOperation Begin(string client, string name, HistoryValue key = default, HistoryValue value = default, HistoryValue expected = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        PendingOperation pending = new(_nanoseconds, new HistoryOperation
        {
            Client = client,
            Name = name,
            Key = key,
            Value = value,
            Expected = expected,
            CallNs = _nanoseconds(),
            Outcome = OperationOutcome.Unknown,
        });
        lock (_gate)
        {
            _operations.Add(pending);
        }

        return pending;
    }

    /// <summary>What has been recorded so far. Operations that are still under way are in it with an unknown outcome.</summary>
    public History ToHistory()
    {
        lock (_gate)
        {
            return new History(_operations.Select(o => o.Current));
        }
    }
}
