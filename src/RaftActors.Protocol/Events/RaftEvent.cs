namespace RaftActors.Protocol;

/// <summary>
/// A fact that goes to the journal. Recovery replays the same events through the same method that live
/// operation uses. Journal events are a public, extend-only format.
/// </summary>
public abstract record RaftEvent;

/// <summary>The durable part of an election: the current term, and whom this member voted for in it.</summary>
/// <param name="Term">The term entered.</param>
/// <param name="VotedFor">The vote cast in that term; <see cref="NodeId.None"/> while there is none.</param>
public sealed record TermState(Term Term, NodeId VotedFor) : RaftEvent
{
    /// <summary>Before the first election.</summary>
    public static TermState Initial { get; } = new(Term.Zero, NodeId.None);

    /// <summary>Which history this member belongs to.</summary>
    public Generation Generation { get; init; }

    /// <summary>
    /// The term in which that history began. Until its log holds an entry of at least that term, the member neither votes nor stands for election: it does not know yet what the survivor knew.
    /// </summary>
    public Term Since { get; init; }
}

/// <summary>
/// Entries were appended at <see cref="EntryBatch.FirstIndex"/>. What the log held from there on is gone: a journal can only
/// delete a prefix, so the truncation of a suffix is part of this event.
/// </summary>
/// <param name="Batch">The entries.</param>
public sealed record EntriesAppended(EntryBatch Batch) : RaftEvent;
