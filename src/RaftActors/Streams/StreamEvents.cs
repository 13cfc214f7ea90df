namespace RaftActors;

/// <summary>Something happened to a stream on this member. Published on the actor system's event stream.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Node">This member.</param>
public abstract record StreamEvent(StreamId Stream, NodeId Node);

/// <summary>The member has recovered and takes part.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Node">This member.</param>
public sealed record StreamStarted(StreamId Stream, NodeId Node) : StreamEvent(Stream, Node);

/// <summary>The member no longer takes part, as asked.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Node">This member.</param>
public sealed record StreamStopped(StreamId Stream, NodeId Node) : StreamEvent(Stream, Node);

/// <summary>The stream failed on this member, see <see cref="StreamHealth.Failed"/>.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Node">This member.</param>
/// <param name="Reason">Why.</param>
/// <param name="Cause">The exception behind it; null when there is none.</param>
public sealed record StreamFailed(StreamId Stream, NodeId Node, string Reason, Exception? Cause) : StreamEvent(Stream, Node);

/// <summary>Role, term or leader changed.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Node">This member.</param>
/// <param name="Role">The role now.</param>
/// <param name="Term">The term now.</param>
/// <param name="Leader">The leader, as far as known.</param>
/// <param name="Reason">Why, in words.</param>
public sealed record StreamRoleChanged(StreamId Stream, NodeId Node, Role Role, Term Term, NodeId Leader, string Reason) : StreamEvent(Stream, Node);

/// <summary>Another leader is known, or none.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Node">This member.</param>
/// <param name="Leader">The leader; <see cref="NodeId.None"/> when there is none.</param>
/// <param name="Term">The term now.</param>
public sealed record StreamLeaderChanged(StreamId Stream, NodeId Node, NodeId Leader, Term Term) : StreamEvent(Stream, Node);

/// <summary>Another membership is in force on this member. It takes effect when it is in the log, so it may still be taken back; see <see cref="StreamMembershipCommitted"/>.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Node">This member.</param>
/// <param name="Membership">Who belongs to the stream.</param>
/// <param name="Index">The entry that says so.</param>
public sealed record StreamMembershipChanged(StreamId Stream, NodeId Node, StreamMembership Membership, LogIndex Index) : StreamEvent(Stream, Node);

/// <summary>A membership is committed; nobody will take it back.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Node">This member.</param>
/// <param name="Membership">Who belongs to the stream.</param>
/// <param name="Index">The entry that says so.</param>
public sealed record StreamMembershipCommitted(StreamId Stream, NodeId Node, StreamMembership Membership, LogIndex Index) : StreamEvent(Stream, Node);

/// <summary>
/// A member lost its journal and came back as if nothing had happened: nothing that it says counts, and it is not fed, until it is removed and added again. Published by those that notice it,
/// and by the member itself when it is told.
/// </summary>
/// <param name="Stream">The stream.</param>
/// <param name="Node">This member.</param>
/// <param name="Member">The one that lost its journal; this member itself, perhaps.</param>
public sealed record StreamMemberLostJournal(StreamId Stream, NodeId Node, NodeId Member) : StreamEvent(Stream, Node);

/// <summary>A snapshot of the state machine is on disk, and the log forgets what it covers, but for a reserve.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Node">This member.</param>
/// <param name="Index">The last index that it covers.</param>
/// <param name="Bytes">Its size.</param>
public sealed record StreamSnapshotTaken(StreamId Stream, NodeId Node, LogIndex Index, long Bytes) : StreamEvent(Stream, Node);

/// <summary>The leader's snapshot has taken the place of this member's log and state.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Node">This member.</param>
/// <param name="Index">The last index that it covers.</param>
public sealed record StreamSnapshotInstalled(StreamId Stream, NodeId Node, LogIndex Index) : StreamEvent(Stream, Node);

/// <summary>A message of another member's application has come (<see cref="RaftStream.SendMessage"/>).</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Node">This member.</param>
/// <param name="From">The member that sent it.</param>
/// <param name="Data">Its bytes; not to be changed.</param>
public sealed record StreamMessageReceived(StreamId Stream, NodeId Node, NodeId From, ReadOnlyMemory<byte> Data) : StreamEvent(Stream, Node);

/// <summary>Entries are committed and applied here. Published only when <c>raft-actors.publish-commits</c> is on.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Node">This member.</param>
/// <param name="First">The first index.</param>
/// <param name="Last">The last index.</param>
public sealed record StreamEntriesCommitted(StreamId Stream, NodeId Node, LogIndex First, LogIndex Last) : StreamEvent(Stream, Node);

/// <summary>A recovery was forced (<see cref="RaftStream.ForceRecoveryAsync"/>): this member belongs to a new history of the stream from now on. Acknowledged writes may be lost.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Node">This member.</param>
/// <param name="Generation">The new history.</param>
/// <param name="Origin">The member on which it was forced.</param>
public sealed record StreamRecoveryForced(StreamId Stream, NodeId Node, Generation Generation, NodeId Origin) : StreamEvent(Stream, Node);

/// <summary>A forced recovery has gone on without this member: it has stopped for good, until its journal is wiped and it is added again. <see cref="StreamFailed"/> follows.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Node">This member.</param>
/// <param name="Generation">The history that it has no part in.</param>
public sealed record StreamMemberFenced(StreamId Stream, NodeId Node, Generation Generation) : StreamEvent(Stream, Node);
