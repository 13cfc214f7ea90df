using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>What a client knows about one of its submissions.</summary>
internal enum WriteState
{
    Waiting,
    Accepted,
    Acknowledged,
    Refused,
    Unknown,
}

/// <summary>One submission of a client: entries with values that nobody else writes.</summary>
internal sealed class ClientWrite(long ticket, ulong firstValue, int count)
{
    public long Ticket { get; } = ticket;

    public ulong FirstValue { get; } = firstValue;

    public int Count { get; } = count;

    public EntryId First { get; set; }

    public LogIndex Last => First.Index + (Count - 1);

    public WriteState State { get; set; }

    public ProposalRefusal? Refusal { get; set; }
}

/// <summary>An operator's request: a change of the membership, or a transfer.</summary>
internal sealed class OperatorRequest(long ticket)
{
    public long Ticket { get; } = ticket;

    public bool IsAnswered { get; set; }

    /// <summary>The answer; null when the member crashed before it could answer.</summary>
    public Effect? Answer { get; set; }
}

/// <summary>One linearizable read of a client.</summary>
internal sealed class ClientRead(long ticket, TimeSpan at, LogIndex mustSee)
{
    public long Ticket { get; } = ticket;

    public TimeSpan At { get; } = at;

    /// <summary>The highest index that was committed anywhere when the read was asked for.</summary>
    public LogIndex MustSee { get; } = mustSee;

    public bool IsAnswered { get; set; }

    public LogIndex? Index { get; set; }
}
