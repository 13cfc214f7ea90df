namespace RaftActors.Protocol;

/// <summary>A period with at most one leader (Raft paper, section 5.1). 0 is the term before the first election.</summary>
/// <param name="Value">The number of the term; never negative.</param>
public readonly record struct Term(long Value) : IComparable<Term>
{
    /// <summary>The term before the first election.</summary>
    public static Term Zero => default;

    /// <summary>The term after this one.</summary>
    public Term Next => new(checked(Value + 1));

    /// <inheritdoc/>
    public int CompareTo(Term other) => Value.CompareTo(other.Value);

    /// <summary>True when <paramref name="left"/> is older.</summary>
    public static bool operator <(Term left, Term right) => left.Value < right.Value;

    /// <summary>True when <paramref name="left"/> is newer.</summary>
    public static bool operator >(Term left, Term right) => left.Value > right.Value;

    /// <summary>True when <paramref name="left"/> is not newer.</summary>
    public static bool operator <=(Term left, Term right) => left.Value <= right.Value;

    /// <summary>True when <paramref name="left"/> is not older.</summary>
    public static bool operator >=(Term left, Term right) => left.Value >= right.Value;

    /// <inheritdoc/>
    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
