namespace RaftActors.Protocol;

/// <summary>
/// Linearizable reads of a member that does not lead: it asks its leader for the index (thesis section 6.4, end). One
/// request is under way at a time, for all reads that wait; it is repeated, under a new context, until it is answered or
/// the reads have waited for an election timeout.
/// </summary>
/// <remarks>
/// An answer to a context confirms every read that arrived before the request with that context was sent. Contexts begin at
/// a random number and are never reused, so a late answer to an earlier run of this node confirms nothing.
/// </remarks>
internal sealed class ForwardedReads
{
    private readonly RaftState _state;
    private readonly Queue<Waiting> _waiting = new();
    private ulong _context;
    private ulong _unanswered;

    public ForwardedReads(RaftState state, ulong firstContext)
    {
        _state = state;
        _context = firstContext;
    }

    /// <summary>How many reads wait.</summary>
    public int Count => _waiting.Count;

    /// <summary>Clients of this member want to read.</summary>
    public void Ask(long ticket)
    {
        if (_state.Leader.IsNone)
        {
            _state.Emit(new Effect.ReadRefused(ticket, NodeId.None, "no leader is known"));
            return;
        }

        if (_waiting.Count >= _state.Options.MaxPendingReads)
        {
            _state.Emit(new Effect.ReadRefused(ticket, _state.Leader, "too many reads wait for their confirmation"));
            return;
        }

        _waiting.Enqueue(new Waiting(ticket, _context + 1, _state.Now));
        if (_unanswered == 0)
        {
            SendRequest();
        }
    }

    /// <summary>The leader's answer.</summary>
    public void OnReply(NodeId from, ReadIndexReply reply)
    {
        bool isMine = from == _state.Leader && reply.Term == _state.Term && reply.Context <= _context;
        if (!isMine)
        {
            return;
        }

        while (_waiting.TryPeek(out Waiting read) && read.FirstContext <= reply.Context)
        {
            _waiting.Dequeue();
            _state.Emit(reply.Accepted
                ? new Effect.ReadReady(read.Ticket, reply.Index)
                : new Effect.ReadRefused(read.Ticket, _state.Leader, "the leader could not confirm its leadership"));
        }

        if (reply.Context >= _unanswered)
        {
            _unanswered = 0;
            SendRequest();
        }
    }

    /// <summary>No answer for a while: the request or its answer is lost, or the leader cannot confirm.</summary>
    public void OnRetryDue()
    {
        while (_waiting.TryPeek(out Waiting read) && _state.Now - read.At >= _state.Options.ElectionTimeoutMax)
        {
            _waiting.Dequeue();
            _state.Emit(new Effect.ReadRefused(read.Ticket, _state.Leader, "the leader did not answer"));
        }

        _unanswered = 0;
        SendRequest();
    }

    /// <summary>Gives up everything.</summary>
    public void RefuseAll(string reason)
    {
        while (_waiting.TryDequeue(out Waiting read))
        {
            _state.Emit(new Effect.ReadRefused(read.Ticket, _state.Leader, reason));
        }

        _unanswered = 0;
        _state.Timers.Stop(RaftTimer.ReadRetry);
    }

    private void SendRequest()
    {
        if (_waiting.Count == 0)
        {
            _state.Timers.Stop(RaftTimer.ReadRetry);
            return;
        }

        _unanswered = ++_context;
        _state.Send(_state.Leader, new ReadIndexRequest(_state.Term, _context));
        _state.Timers.Start(RaftTimer.ReadRetry, _state.Options.ElectionTimeoutMin / 4);
    }

    private readonly record struct Waiting(long Ticket, ulong FirstContext, TimeSpan At);
}
