namespace RaftActors.Protocol;

/// <summary>A position in a stream's log. The first entry has index 1; 0 is the position before it.</summary>
/// <param name="Value">The position; never negative.</param>
public readonly record struct LogIndex(long Value) : IComparable<LogIndex>
{
    /// <summary>The position before the first entry.</summary>
    public static LogIndex Zero => default;

    /// <summary>The position after this one.</summary>
    public LogIndex Next => new(checked(Value + 1));

    /// <summary>The position before this one; <see cref="Zero"/> stays where it is.</summary>
    public LogIndex Previous => new(Value == 0 ? 0 : Value - 1);

    /// <summary>The earlier of two positions.</summary>
    public static LogIndex Min(LogIndex a, LogIndex b) => a.Value <= b.Value ? a : b;

    /// <summary>The later of two positions.</summary>
    public static LogIndex Max(LogIndex a, LogIndex b) => a.Value >= b.Value ? a : b;

    /// <inheritdoc/>
    public int CompareTo(LogIndex other) => Value.CompareTo(other.Value);

    /// <summary>The position <paramref name="count"/> entries further on.</summary>
    public static LogIndex operator +(LogIndex index, long count) => new(checked(index.Value + count));

    /// <summary>How many positions <paramref name="left"/> is after <paramref name="right"/>.</summary>
    public static long operator -(LogIndex left, LogIndex right) => left.Value - right.Value;

    /// <summary>True when <paramref name="left"/> comes earlier.</summary>
    public static bool operator <(LogIndex left, LogIndex right) => left.Value < right.Value;

    /// <summary>True when <paramref name="left"/> comes later.</summary>
    public static bool operator >(LogIndex left, LogIndex right) => left.Value > right.Value;

    /// <summary>True when <paramref name="left"/> does not come later.</summary>
    public static bool operator <=(LogIndex left, LogIndex right) => left.Value <= right.Value;

    /// <summary>True when <paramref name="left"/> does not come earlier.</summary>
    public static bool operator >=(LogIndex left, LogIndex right) => left.Value >= right.Value;

    /// <inheritdoc/>
    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
