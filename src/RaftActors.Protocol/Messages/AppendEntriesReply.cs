namespace RaftActors.Protocol;

/// <summary>The answer to <see cref="AppendEntries"/>; a promise when it accepts.</summary>
/// <param name="Term">The follower's own term.</param>
/// <param name="Token">The token of the request. It covers all lower tokens of the term: acknowledgements that become possible
/// with the same write are sent as one, with the highest token.</param>
/// <param name="Accepted">True when the follower's log matches the leader's up to <paramref name="CurrentIndex"/>, on its disk.</param>
/// <param name="CurrentIndex">Accepted: the last index known to match and to be durable. Refused: the last index of the follower's log.</param>
/// <param name="ConflictHint">Refused: the first entry of the term that stands at the place of conflict in the follower's log, so that
/// the leader skips a whole term at a time (Raft paper section 5.3, end); not below what the follower knows to be committed. With
/// term 0 when the log is just too short.</param>
/// <param name="Applied">Accepted: what the follower's state machine has applied; 0 when the follower does not say.</param>
/// <param name="Busy">Accepted: the follower has more to apply than it may, and takes no entries until an answer says otherwise. What the request carried is not taken unless
/// <paramref name="CurrentIndex"/> says so.</param>
public sealed record AppendEntriesReply(
    Term Term,
    ulong Token,
    bool Accepted,
    LogIndex CurrentIndex,
    EntryId ConflictHint = default,
    LogIndex Applied = default,
    bool Busy = false) : PeerMessage(Term), IPromise;
