namespace RaftActors.Protocol;

/// <summary>
/// Entries that the journal holds and memory does not. Never written: at start it takes the place of <see cref="EntriesAppended"/> events of one term whose bytes are left on disk
/// (<see cref="RecoveredJournal"/>).
/// </summary>
/// <param name="Term">The term of all of them.</param>
/// <param name="First">The first index.</param>
/// <param name="Last">The last index.</param>
/// <param name="Bytes">How many bytes their batches have.</param>
public sealed record EntriesOnDisk(Term Term, LogIndex First, LogIndex Last, long Bytes) : RaftEvent;
