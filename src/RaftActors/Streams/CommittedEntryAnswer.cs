namespace RaftActors;

/// <summary>The answer to <see cref="RaftStream.ReadCommittedAsync"/>. Exactly one of the sealed records below.</summary>
public abstract record CommittedEntryAnswer
{
    private protected CommittedEntryAnswer()
    {
    }
}

/// <summary>The entry, as it stands in the log.</summary>
/// <param name="Index">Its place.</param>
/// <param name="Term">Its term.</param>
/// <param name="Kind">What it is for; <see cref="EntryKind.Normal"/> for users' entries.</param>
/// <param name="Key">The number that the proposer sent along.</param>
/// <param name="Data">The proposer's bytes.</param>
public sealed record CommittedEntryFound(LogIndex Index, Term Term, EntryKind Kind, ulong Key, ReadOnlyMemory<byte> Data) : CommittedEntryAnswer;

/// <summary>No entry is known to be committed there yet.</summary>
/// <param name="CommitIndex">Up to where entries are known to be committed.</param>
public sealed record CommittedEntryNotYet(LogIndex CommitIndex) : CommittedEntryAnswer;

/// <summary>The entry has been compacted away.</summary>
/// <param name="FirstIndex">The first index that the log still holds.</param>
public sealed record CommittedEntryCompacted(LogIndex FirstIndex) : CommittedEntryAnswer;

/// <summary>The stream could not answer.</summary>
/// <param name="Reason">Why.</param>
public sealed record CommittedEntryUnavailable(string Reason) : CommittedEntryAnswer;
