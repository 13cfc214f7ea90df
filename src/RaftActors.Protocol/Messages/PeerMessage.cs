namespace RaftActors.Protocol;

/// <summary>
/// What the members of a stream say to each other about consensus. Immutable. The sender and the stream stand in
/// the frame around it (see PROTOCOL.md), the term in the message itself.
/// </summary>
/// <param name="Term">The sender's term when it sent the message.</param>
public abstract record PeerMessage(Term Term);

/// <summary>
/// Marks messages that claim nothing about the sender's disk and so may leave at any time.
/// </summary>
public interface IMayLeaveAtOnce;

/// <summary>
/// Marks messages that are promises (a vote, an acknowledgement). They leave only through the
/// <see cref="DurableOutbox"/>, when what they promise is on disk.
/// </summary>
public interface IPromise;
