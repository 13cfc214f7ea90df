using RaftActors.Runtime;

namespace RaftActors;

// Read-only mode.
public sealed partial class RaftStream
{
    /// <summary>
    /// Puts this member into read-only mode (braft: <c>enter_readonly_mode</c>): while it leads, it refuses what clients propose, and new sessions, with <see cref="RefusalCode.ReadOnly"/>, whether they come to it or
    /// to a member that sends them on. When the task has completed, nothing more gets into its log that way; what was in the log before takes its course. Reads, replication, changes of the membership, and keeping
    /// and closing sessions go on.
    /// </summary>
    /// <remarks>
    /// The mode belongs to this member, not to the stream: a follower that is in it takes what its leader replicates and sends proposals on as always, and another leader that is not in it takes writes. It is
    /// not written down: it survives changes of role and restarts of the node's actor, and ends with <see cref="LeaveReadOnlyModeAsync"/>, or when the stream stops here. Setting it twice does nothing.
    /// </remarks>
    /// <param name="cancellationToken">Stops waiting; the mode is set all the same.</param>
    public Task EnterReadOnlyModeAsync(CancellationToken cancellationToken = default) => SetReadOnlyAsync(true, cancellationToken);

    /// <summary>Ends what <see cref="EnterReadOnlyModeAsync"/> began (braft: <c>leave_readonly_mode</c>); does nothing when this member is not in that mode.</summary>
    /// <param name="cancellationToken">Stops waiting; the mode is ended all the same.</param>
    public Task LeaveReadOnlyModeAsync(CancellationToken cancellationToken = default) => SetReadOnlyAsync(false, cancellationToken);

    private Task SetReadOnlyAsync(bool isReadOnly, CancellationToken cancellationToken)
    {
        // The switch comes first: then it holds whatever becomes of the node. The request shows when the node has seen it; not counted, because an operator may need this most when too much is open.
        PendingReadOnlyMode request = new(isReadOnly, _link.SetReadOnly(isReadOnly));
        _link.Hand(request);
        return request.Task.WaitAsync(cancellationToken);
    }
}
