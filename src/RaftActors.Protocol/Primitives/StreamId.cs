namespace RaftActors.Protocol;

/// <summary>Names one stream (one Raft group). 0 is the default stream, the one that older peers mean when they name none.</summary>
/// <param name="Value">The id as it stands in configuration and on the wire (4 bytes).</param>
public readonly record struct StreamId(uint Value) : IComparable<StreamId>
{
    /// <inheritdoc/>
    public int CompareTo(StreamId other) => Value.CompareTo(other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
