using System.Globalization;

namespace RaftActors.Protocol;

/// <summary>
/// Which history of a stream a member belongs to: the first one (0), or one that a forced recovery began. Members of different generations do not hear each other; the older one has to
/// give way. The member that began it is part of it, so that two recoveries that do not know of each other are not taken for one.
/// </summary>
/// <param name="Number">How many forced recoveries led here.</param>
/// <param name="Origin">Where the last of them was forced; none in the first generation.</param>
public readonly record struct Generation(uint Number, NodeId Origin) : IComparable<Generation>
{
    /// <summary>The history that the stream began with.</summary>
    public static Generation First => default;

    /// <summary>Both parts in one number, which orders as they do.</summary>
    public ulong Value => ((ulong)Number << 32) | Origin.Value;

    /// <summary>The inverse of <see cref="Value"/>.</summary>
    /// <param name="value">The number.</param>
    public static Generation Of(ulong value) => new((uint)(value >> 32), new NodeId((uint)value));

    /// <inheritdoc/>
    public int CompareTo(Generation other) => Value.CompareTo(other.Value);

    /// <summary>Whether the left one has to give way.</summary>
    public static bool operator <(Generation left, Generation right) => left.Value < right.Value;

    /// <summary>Whether the right one has to give way.</summary>
    public static bool operator >(Generation left, Generation right) => left.Value > right.Value;

    /// <summary>Not above.</summary>
    public static bool operator <=(Generation left, Generation right) => left.Value <= right.Value;

    /// <summary>Not below.</summary>
    public static bool operator >=(Generation left, Generation right) => left.Value >= right.Value;

    /// <inheritdoc/>
    public override string ToString() => Number == 0 ? "0" : string.Create(CultureInfo.InvariantCulture, $"{Number} (of member {Origin})");
}
