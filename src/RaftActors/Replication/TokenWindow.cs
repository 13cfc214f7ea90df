namespace RaftActors.Runtime;

/// <summary>Remembers the newest tokens of a peer, to recognize repetitions. Bounded. Thread-safe: an actor that ends may still be at work when its successor begins.</summary>
internal sealed class TokenWindow
{
    public const int Capacity = 16_384;

    private readonly Lock _lock = new();
    private readonly HashSet<ulong> _set = [];
    private readonly Queue<ulong> _order = new();

    /// <summary>False when the token has been seen.</summary>
    public bool Add(ulong token)
    {
        lock (_lock)
        {
            if (!_set.Add(token))
            {
                return false;
            }

            _order.Enqueue(token);
            if (_order.Count > Capacity)
            {
                _set.Remove(_order.Dequeue());
            }

            return true;
        }
    }
}
