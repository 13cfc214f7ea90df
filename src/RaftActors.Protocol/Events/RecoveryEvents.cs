namespace RaftActors.Protocol;

/// <summary>
/// An operator has forced a recovery on this member: it enters the new generation, and the membership of the survivors is the first entry of that generation. One write, so that
/// there is no generation without its membership.
/// </summary>
/// <param name="State">The new generation, its first term, and this member's own vote.</param>
/// <param name="Batch">The membership, behind the last entry that this member had.</param>
public sealed record RecoveryForced(TermState State, EntryBatch Batch) : RaftEvent;

/// <summary>A forced recovery has gone on without this member. It never takes part again.</summary>
/// <param name="Generation">What the others went on to.</param>
/// <param name="By">Who said so.</param>
public sealed record MemberFenced(Generation Generation, NodeId By) : RaftEvent;
