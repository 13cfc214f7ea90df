namespace RaftActors.Protocol;

/// <summary>The appends to one peer that have no answer yet, bounded by count and by bytes (thesis section 10.2.1, pipelining).</summary>
internal sealed class InFlightWindow
{
    private const int Slowness = 8;
    private readonly int _maxCount;
    private readonly long _maxBytes;
    private readonly Queue<(LogIndex Last, long Bytes, TimeSpan At)> _sent = new();

    public InFlightWindow(int maxCount, long maxBytes)
    {
        _maxCount = maxCount;
        _maxBytes = maxBytes;
    }

    /// <summary>How many appends are under way.</summary>
    public int Count => _sent.Count;

    /// <summary>How many bytes of entries they carry.</summary>
    public long Bytes { get; private set; }

    /// <summary>When the oldest of them left; null when there is none.</summary>
    public TimeSpan? OldestAt => _sent.TryPeek(out (LogIndex Last, long Bytes, TimeSpan At) oldest) ? oldest.At : null;

    /// <summary>How long the peer takes for an append, its disk included: a running mean; zero until the first answer.</summary>
    public TimeSpan AnswerTime { get; private set; }

    /// <summary>
    /// True when one more append may leave. The bytes may be exceeded by the last append: it is not measured before it is
    /// built, and a single batch larger than the window must get through too.
    /// </summary>
    public bool HasRoom => _sent.Count < _maxCount && Bytes < _maxBytes;

    /// <summary>An append has left.</summary>
    public void Add(LogIndex last, long bytes, TimeSpan now)
    {
        Invariant.That(HasRoom, "An append was sent although the peer's window was full.");
        _sent.Enqueue((last, bytes, now));
        Bytes += bytes;
    }

    /// <summary>The peer has everything up to <paramref name="match"/>: what ends there is answered, whichever reply said so.</summary>
    public void FreeUpTo(LogIndex match, TimeSpan now)
    {
        while (_sent.TryPeek(out (LogIndex Last, long Bytes, TimeSpan At) oldest) && oldest.Last <= match)
        {
            _sent.Dequeue();
            Bytes -= oldest.Bytes;
            AnswerTime = AnswerTime == TimeSpan.Zero ? now - oldest.At : AnswerTime + ((now - oldest.At - AnswerTime) / Slowness);
        }
    }

    /// <summary>Everything under way is given up.</summary>
    public void Clear()
    {
        _sent.Clear();
        Bytes = 0;
    }
}
