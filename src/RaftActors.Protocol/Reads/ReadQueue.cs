namespace RaftActors.Protocol;

/// <summary>
/// Linearizable reads at a leader that wait until a quorum has confirmed its leadership (thesis section 6.4). A read that
/// has its index waits for answers to messages sent after it arrived.
/// </summary>
internal sealed class ReadQueue
{
    private readonly RaftState _state;
    private readonly Queue<Asked> _asked = new();
    private readonly Queue<Indexed> _indexed = new();

    /// <summary>The first token of the confirmation round that is under way; 0 when there is none.</summary>
    private ulong _round;

    public ReadQueue(RaftState state) => _state = state;

    /// <summary>How many reads wait.</summary>
    public int Count => _asked.Count + _indexed.Count;

    /// <summary>True when reads wait that no round under way will confirm.</summary>
    public bool NeedsRound => _indexed.Count > 0 && _round == 0;

    /// <summary>A read of this member's own clients.</summary>
    public void Ask(long ticket) => Ask(new Asked(NodeId.None, ticket, 0, _state.Now));

    /// <summary>A read that a follower has forwarded.</summary>
    public void Ask(NodeId from, ulong context) => Ask(new Asked(from, 0, context, _state.Now));

    /// <summary>Gives the reads that have arrived their index. Only a leader that has committed in its term knows one.</summary>
    /// <param name="index">The commit index.</param>
    /// <param name="nextToken">Messages from this one on are sent after the reads arrived.</param>
    public void AssignIndex(LogIndex index, ulong nextToken)
    {
        while (_asked.TryDequeue(out Asked read))
        {
            _indexed.Enqueue(new Indexed(read, index, nextToken));
        }
    }

    /// <summary>A round of messages is about to be sent, beginning with this token.</summary>
    public void BeginRound(ulong token) => _round = token;

    /// <summary>A quorum has answered tokens up to <paramref name="token"/>: what arrived before they were sent is confirmed.</summary>
    public void Confirm(ulong token)
    {
        while (_indexed.TryPeek(out Indexed read) && read.Token <= token)
        {
            _indexed.Dequeue();
            Answer(read.Read, read.Index);
        }

        if (_round <= token)
        {
            _round = 0;
        }
    }

    /// <summary>Gives up what has waited since before <paramref name="since"/>.</summary>
    public void Expire(TimeSpan since, string reason)
    {
        while (_indexed.TryPeek(out Indexed read) && read.Read.At < since)
        {
            _indexed.Dequeue();
            Refuse(read.Read, reason);
        }

        while (_asked.TryPeek(out Asked read) && read.At < since)
        {
            _asked.Dequeue();
            Refuse(read, reason);
        }
    }

    /// <summary>Gives up everything.</summary>
    public void RefuseAll(string reason) => Expire(TimeSpan.MaxValue, reason);

    private void Ask(in Asked read)
    {
        if (Count >= _state.Options.MaxPendingReads)
        {
            Refuse(read, "too many reads wait for their confirmation");
            return;
        }

        _asked.Enqueue(read);
    }

    private void Answer(in Asked read, LogIndex index)
    {
        if (read.From.IsNone)
        {
            _state.Emit(new Effect.ReadReady(read.Ticket, index));
        }
        else
        {
            _state.Send(read.From, new ReadIndexReply(_state.Term, read.Context, true, index));
        }
    }

    private void Refuse(in Asked read, string reason)
    {
        if (read.From.IsNone)
        {
            _state.Emit(new Effect.ReadRefused(read.Ticket, _state.Leader, reason));
        }
        else
        {
            _state.Send(read.From, new ReadIndexReply(_state.Term, read.Context, false, LogIndex.Zero));
        }
    }

    private readonly record struct Asked(NodeId From, long Ticket, ulong Context, TimeSpan At);

    private readonly record struct Indexed(Asked Read, LogIndex Index, ulong Token);
}
