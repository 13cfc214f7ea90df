namespace RaftActors.Runtime;

/// <summary>Remembers the newest tokens of a peer, to recognize repetitions. Bounded.</summary>
internal sealed class TokenWindow
{
    public const int Capacity = 16_384;

    private readonly HashSet<ulong> _set = [];
    private readonly Queue<ulong> _order = new();

    /// <summary>False when the token has been seen.</summary>
    public bool Add(ulong token)
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
