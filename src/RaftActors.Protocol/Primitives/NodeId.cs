namespace RaftActors.Protocol;

/// <summary>Names one member of a stream. Values are 1 to 4,294,967,295; 0 means "no node".</summary>
/// <param name="Value">The id as it stands in configuration and on the wire (4 bytes).</param>
public readonly record struct NodeId(uint Value) : IComparable<NodeId>
{
    /// <summary>"No node": nobody voted for, no leader known.</summary>
    public static NodeId None => default;

    /// <summary>True for <see cref="None"/>.</summary>
    public bool IsNone => Value == 0;

    /// <inheritdoc/>
    public int CompareTo(NodeId other) => Value.CompareTo(other.Value);

    /// <inheritdoc/>
    public override string ToString() => Value == 0 ? "-" : Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
