namespace KvServer.State;

/// <summary>
/// The format of what is replicated. An entry is: version 1 byte, proposer's time 8 bytes (milliseconds since 1970, UTC,
/// little-endian), then operations up to its end. A result is: version 1 byte, then one result per operation. Lengths and
/// counts are LEB128 numbers. The format lives in journals: it is only ever extended, by a new version or operation.
/// </summary>
internal static class KvFormat
{
    public const byte Version = 1;

    /// <summary>Version and time.</summary>
    public const int EntryHeaderSize = 9;

    /// <summary>No value grows beyond this, whatever a node's own limit for requests is: replicas must agree, so it is not a setting.</summary>
    public const int MaxValueLength = 64 * 1024 * 1024;
}

/// <summary>What an operation does. The numbers are part of the format.</summary>
internal enum KvOperation : byte
{
    /// <summary>flags, [lifetime in ms], key, value.</summary>
    Set = 1,

    /// <summary>count, keys.</summary>
    Delete = 2,

    /// <summary>key, zigzag number.</summary>
    Increment = 3,

    /// <summary>key, value.</summary>
    Append = 4,

    /// <summary>count, then key and value in turn.</summary>
    SetMany = 5,

    /// <summary>key, expected value, new value.</summary>
    CompareAndSet = 6,

    /// <summary>Nothing but the time in the entry's header: what has expired by then goes.</summary>
    Tick = 7,
}

/// <summary>How a <see cref="KvOperation.Set"/> behaves. The numbers are part of the format.</summary>
[Flags]
internal enum KvSetFlags : byte
{
    None = 0,

    /// <summary>Only when there is no such key.</summary>
    IfAbsent = 1,

    /// <summary>Only when there is such a key.</summary>
    IfPresent = 2,

    /// <summary>The expiry stays as it was.</summary>
    KeepExpiry = 4,

    /// <summary>The result is the value before.</summary>
    ReturnOld = 8,

    /// <summary>A lifetime follows.</summary>
    HasLifetime = 16,
}

/// <summary>What an operation came to. The numbers are part of the format.</summary>
internal enum KvResultKind : byte
{
    Ok = 0,
    Nil = 1,
    Integer = 2,
    Bulk = 3,
    Error = 4,
}
