namespace RaftActors.Protocol;

/// <summary>
/// Reads of entries that only the journal holds: one at a time for each peer and one for the state machine, a few for all peers together. A slow disk or a slow peer so holds up
/// nobody else. Whoever has to wait comes in turn.
/// </summary>
internal sealed class EntryReads
{
    private readonly RaftState _state;
    private readonly Dictionary<long, (NodeId For, LogIndex First)> _open = [];
    private readonly Queue<NodeId> _waiting = new();
    private long _ticket;

    public EntryReads(RaftState state) => _state = state;

    /// <summary>How many are under way.</summary>
    public int Count => _open.Count;

    /// <summary>What came back and was not what the log says, or could not be read.</summary>
    public long Failed { get; private set; }

    /// <summary>Asks for entries, unless a read for the same reader is under way or its turn has not come.</summary>
    /// <param name="reader">The peer that needs them; <see cref="NodeId.None"/> for this member's own state machine.</param>
    /// <param name="first">The first index.</param>
    /// <param name="last">The last index.</param>
    /// <param name="maxBytes">Bytes of batches, at the most, but at least one batch.</param>
    public void Ask(NodeId reader, LogIndex first, LogIndex last, long maxBytes)
    {
        int others = 0;
        foreach ((NodeId @for, _) in _open.Values)
        {
            if (@for == reader)
            {
                return;
            }

            others += @for.IsNone ? 0 : 1;
        }

        if (!reader.IsNone && others >= _state.Options.MaxEntryReads)
        {
            if (!_waiting.Contains(reader))
            {
                _waiting.Enqueue(reader);
            }

            return;
        }

        _open.Add(++_ticket, (reader, first));
        _state.Emit(new Effect.ReadEntries(_ticket, reader, first, last, maxBytes));
    }

    /// <summary>A read is over.</summary>
    /// <returns>Whom it was for and where it began; null when nobody asked.</returns>
    public (NodeId For, LogIndex First)? End(long ticket) => _open.Remove(ticket, out (NodeId For, LogIndex First) read) ? read : null;

    /// <summary>A read did not bring what it should.</summary>
    public void CountFailure() => Failed++;

    /// <summary>How many wait for their turn.</summary>
    public int Waiting => _waiting.Count;

    /// <summary>Who has waited longest for its turn.</summary>
    public bool TryTakeWaiting(out NodeId reader) => _waiting.TryDequeue(out reader);
}
