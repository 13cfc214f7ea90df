namespace RaftActors.Protocol;

/// <summary>One entry of a log, as a view into the batch that carries it.</summary>
/// <param name="Id">Term and index.</param>
/// <param name="Kind">What the entry is for.</param>
/// <param name="Key">A number that the proposer sent along and gets back in callbacks (DCF: key); 0 when there is none.</param>
/// <param name="SessionId">The client session of an exactly-once command; 0 when there is none.</param>
/// <param name="SessionSerial">The command's serial number within its session.</param>
/// <param name="Data">The user's bytes. They stay valid as long as the batch does.</param>
public readonly record struct LogEntry(
    EntryId Id,
    EntryKind Kind,
    ulong Key,
    ulong SessionId,
    ulong SessionSerial,
    ReadOnlyMemory<byte> Data);
