namespace RaftActors.Runtime;

/// <summary>
/// Follows the switch of the mode (<see cref="StreamLink.IsReadOnly"/>) through the node's mailbox: what comes behind it finds the mode as it is now. Whoever ends it early does no harm, because a node that is
/// gone takes nothing in, and the next one knows the mode.
/// </summary>
internal sealed class PendingReadOnlyMode(bool isReadOnly, bool isChange) : PendingAcknowledgement
{
    public bool IsReadOnly { get; } = isReadOnly;

    /// <summary>False when the mode was so already.</summary>
    public bool IsChange { get; } = isChange;
}
