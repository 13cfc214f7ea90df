namespace RaftActors.Protocol;

/// <summary>How far a survivor is; asked of every one before a recovery is forced on the furthest.</summary>
/// <param name="Id">The survivor.</param>
/// <param name="Last">Its last entry.</param>
/// <param name="Committed">The last entry that it knows to be committed; 0 when it knows of none.</param>
public readonly record struct SurvivorReport(NodeId Id, EntryId Last, EntryId Committed);
