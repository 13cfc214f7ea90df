namespace RaftActors.Protocol;

/// <summary>
/// Counts the journal writes that one run of a core has asked for. "Durable up to mark m" means that the writes
/// 1 to m are on disk. Not a position in the log, and not a sequence number of the journal.
/// </summary>
/// <param name="Value">1 for the first write of a run; 0 for "nothing".</param>
public readonly record struct JournalMark(long Value) : IComparable<JournalMark>
{
    /// <summary>Before the first write.</summary>
    public static JournalMark Zero => default;

    /// <summary>The mark of the following write.</summary>
    public JournalMark Next => new(checked(Value + 1));

    /// <inheritdoc/>
    public int CompareTo(JournalMark other) => Value.CompareTo(other.Value);

    /// <summary>True when <paramref name="left"/> was asked for earlier.</summary>
    public static bool operator <(JournalMark left, JournalMark right) => left.Value < right.Value;

    /// <summary>True when <paramref name="left"/> was asked for later.</summary>
    public static bool operator >(JournalMark left, JournalMark right) => left.Value > right.Value;

    /// <summary>True when <paramref name="left"/> was not asked for later.</summary>
    public static bool operator <=(JournalMark left, JournalMark right) => left.Value <= right.Value;

    /// <summary>True when <paramref name="left"/> was not asked for earlier.</summary>
    public static bool operator >=(JournalMark left, JournalMark right) => left.Value >= right.Value;

    /// <inheritdoc/>
    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
