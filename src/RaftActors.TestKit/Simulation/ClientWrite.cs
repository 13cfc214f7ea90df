using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>What a client knows about one of its submissions.</summary>
public enum WriteState
{
    /// <summary>Submitted, not yet in a log.</summary>
    Waiting,

    /// <summary>In the leader's log, not yet committed.</summary>
    Accepted,

    /// <summary>Committed and applied.</summary>
    Acknowledged,

    /// <summary>Not in the log, with certainty.</summary>
    Refused,

    /// <summary>The member crashed or lost its office before it knew.</summary>
    Unknown,
}

/// <summary>One submission of a client: entries with values that nobody else writes.</summary>
public sealed class ClientWrite(long ticket, ulong firstValue, int count)
{
    /// <summary>Its number, unique in the run.</summary>
    public long Ticket { get; } = ticket;

    /// <summary>The first of its values; the others follow.</summary>
    public ulong FirstValue { get; } = firstValue;

    /// <summary>How many entries it has.</summary>
    public int Count { get; } = count;

    /// <summary>Where its first entry stands, once accepted.</summary>
    public EntryId First { get; set; }

    /// <summary>The index of its last entry, once accepted.</summary>
    public LogIndex Last => First.Index + (Count - 1);

    /// <summary>What the client knows.</summary>
    public WriteState State { get; set; }

    /// <summary>It was acknowledged, and lost in a forced recovery.</summary>
    public bool IsGivenUp { get; set; }

    /// <summary>Why it was refused.</summary>
    public ProposalRefusal? Refusal { get; set; }

    /// <summary>The client session that it belongs to; 0 for none.</summary>
    public ulong Session { get; init; }

    /// <summary>Its number within the session.</summary>
    public ulong Serial { get; init; }

    /// <summary>What it says about a session; null when it is a command.</summary>
    public SessionControl? Control { get; init; }

    /// <summary>What the session made of it; null while not applied, and without a session.</summary>
    public SessionVerdict? Verdict { get; set; }

    /// <summary>True when sessions decide whether it is applied.</summary>
    public bool ConcernsSession => Session != 0 || Control is not null;
}

/// <summary>An operator's request: a change of the membership, or a transfer.</summary>
public sealed class OperatorRequest(long ticket)
{
    /// <summary>Its number, unique in the run.</summary>
    public long Ticket { get; } = ticket;

    /// <summary>Whether the operator has an answer, or lost the member that owed it.</summary>
    public bool IsAnswered { get; set; }

    /// <summary>The answer; null when the member crashed before it could answer.</summary>
    public Effect? Answer { get; set; }
}

/// <summary>One linearizable read of a client.</summary>
public sealed class ClientRead(long ticket, SimulatedMember member, LogIndex mustSee)
{
    private readonly TimeSpan _stoodStill = member.StoodStill;

    /// <summary>Its number, unique in the run.</summary>
    public long Ticket { get; } = ticket;

    /// <summary>When it was asked for.</summary>
    public TimeSpan At { get; } = member.Cluster.Time.Now;

    /// <summary>How long the request has waited, times left out in which the member that was asked stood still.</summary>
    public TimeSpan Waited => member.Cluster.Time.Now - At - (member.StoodStill - _stoodStill);

    /// <summary>The highest index that was committed anywhere when the read was asked for.</summary>
    public LogIndex MustSee { get; } = mustSee;

    /// <summary>Whether the client has its answer.</summary>
    public bool IsAnswered { get; set; }

    /// <summary>The index to read at; null when refused or not answered.</summary>
    public LogIndex? Index { get; set; }
}
