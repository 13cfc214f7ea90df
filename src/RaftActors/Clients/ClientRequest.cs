namespace RaftActors.Runtime;

/// <summary>
/// A client's request on its way through the actors, carrying its own completion. It is answered exactly once, by whoever comes first: the actors, its
/// timeout, the mailbox of an actor that ended, or the handle that saw the actor end.
/// </summary>
internal abstract class ClientRequest
{
    private int _answered;
    private StreamLink? _counted;

    /// <summary>When the client stops waiting, on the scheduler's clock.</summary>
    public TimeSpan Deadline { get; set; }

    private TimeSpan? _clientDeadline;

    /// <summary>When its client stops waiting, whatever happens here.</summary>
    public TimeSpan ClientDeadline => _clientDeadline ?? Deadline;

    /// <summary>What the request needs is gone: it is answered by then, if its client does not stop waiting before.</summary>
    public void Hurry(TimeSpan latest)
    {
        if (latest < Deadline)
        {
            _clientDeadline ??= Deadline;
            Deadline = latest;
        }
    }

    /// <summary>What the request needs is there again: it has its client's time.</summary>
    public void Relax()
    {
        Deadline = _clientDeadline ?? Deadline;
        _clientDeadline = null;
    }

    /// <summary>For <see cref="OpenRequests"/>: it holds this one by itself.</summary>
    public bool IsListed { get; set; }

    public bool IsAnswered => Volatile.Read(ref _answered) != 0;

    /// <summary>Answers that whoever should have answered is gone.</summary>
    public abstract void Abandon(string reason, RefusalCode code);

    /// <summary>Answers that the time is up.</summary>
    public abstract void TimeOut();

    /// <summary>Answers that too much is open already.</summary>
    public abstract void Overload(string reason);

    internal void CountedBy(StreamLink link) => _counted = link;

    /// <summary>Answers that the node whose mailbox this request was in has ended, and why it did as far as known.</summary>
    internal void AbandonUnserved()
    {
        (string reason, RefusalCode code) = _counted?.WhyClosed ?? StreamLink.Closed;
        Abandon(reason, code);
    }

    /// <summary>It becomes a request that nobody has answered. Only for whoever knows that nobody else holds it.</summary>
    protected virtual void Forget()
    {
        _counted = null;
        _clientDeadline = null;
        Deadline = default;
        IsListed = false;
        Volatile.Write(ref _answered, 0);
    }

    /// <summary>True for the one caller that may answer.</summary>
    protected bool Claim()
    {
        if (Interlocked.Exchange(ref _answered, 1) != 0)
        {
            return false;
        }

        _counted?.Leave();
        return true;
    }
}
