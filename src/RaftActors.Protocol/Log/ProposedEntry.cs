namespace RaftActors.Protocol;

/// <summary>What a client wants to have in the log, before it has a place there.</summary>
/// <param name="Kind">What the entry is for; clients send <see cref="EntryKind.Normal"/>.</param>
/// <param name="Data">The user's bytes; copied into the batch.</param>
/// <param name="Key">Carried along, see <see cref="LogEntry.Key"/>.</param>
/// <param name="SessionId">See <see cref="LogEntry.SessionId"/>.</param>
/// <param name="SessionSerial">See <see cref="LogEntry.SessionSerial"/>.</param>
public readonly record struct ProposedEntry(
    EntryKind Kind,
    ReadOnlyMemory<byte> Data,
    ulong Key = 0,
    ulong SessionId = 0,
    ulong SessionSerial = 0);
