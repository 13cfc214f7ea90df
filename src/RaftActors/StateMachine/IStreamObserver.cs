namespace RaftActors;

/// <summary>
/// Hears what happens to one stream on this member, in order with the applied entries, on the dispatcher of user code. Exceptions of an
/// observer are logged and otherwise ignored.
/// </summary>
public interface IStreamObserver
{
    /// <summary>This member leads, and an entry of its own term is committed and applied.</summary>
    /// <param name="entry">The entry.</param>
    void OnLeaderWriteCompleted(CommittedEntry entry)
    {
    }

    /// <summary>
    /// An entry is committed and applied here that this member did not put into the log itself in its present term: it follows, or the entry is older.
    /// </summary>
    /// <param name="entry">The entry.</param>
    void OnFollowerCommitted(CommittedEntry entry)
    {
    }

    /// <summary>The role changed.</summary>
    /// <param name="oldRole">The role before.</param>
    /// <param name="newRole">The role now.</param>
    /// <param name="term">The term now.</param>
    void OnRoleChanged(Role oldRole, Role newRole, Term term)
    {
    }

    /// <summary>Another leader is known, or none.</summary>
    /// <param name="leader">The leader; <see cref="NodeId.None"/> when there is none.</param>
    /// <param name="term">The term now.</param>
    void OnLeaderChanged(NodeId leader, Term term)
    {
    }

    /// <summary>A membership is committed.</summary>
    /// <param name="membership">Who belongs to the stream now.</param>
    /// <param name="index">The entry that says so.</param>
    void OnMembershipCommitted(StreamMembership membership, LogIndex index)
    {
    }

    /// <summary>A snapshot of this member's state machine is on disk, and the log forgets what it covers, but for a reserve.</summary>
    /// <param name="index">The last index that it covers.</param>
    /// <param name="bytes">Its size.</param>
    void OnSnapshotTaken(LogIndex index, long bytes)
    {
    }

    /// <summary>The leader's snapshot has taken the place of this member's log and state.</summary>
    /// <param name="index">The last index that it covers.</param>
    void OnSnapshotInstalled(LogIndex index)
    {
    }

    /// <summary>A message of another member's application has come (<see cref="RaftStream.SendMessage"/>).</summary>
    /// <param name="from">The member.</param>
    /// <param name="data">Its bytes; they may be kept.</param>
    void OnMessage(NodeId from, ReadOnlyMemory<byte> data)
    {
    }

    /// <summary>Something went wrong for good: the state machine failed, or the journal did.</summary>
    /// <param name="exception">What happened.</param>
    void OnException(Exception exception)
    {
    }
}
