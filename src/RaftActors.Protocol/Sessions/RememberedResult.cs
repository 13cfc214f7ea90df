namespace RaftActors.Protocol;

/// <summary>A command of a session that was applied, and what came of it.</summary>
public sealed class RememberedResult
{
    internal RememberedResult(ClientSession session, ulong serial, EntryId id)
    {
        Session = session;
        Serial = serial;
        Id = id;
    }

    /// <summary>The command's number within its session.</summary>
    public ulong Serial { get; }

    /// <summary>The entry that was applied.</summary>
    public EntryId Id { get; }

    /// <summary>What the state machine replied; empty when nothing, or when that is forgotten.</summary>
    public ReadOnlyMemory<byte> Result { get; internal set; }

    /// <summary>True when it was applied but its reply took up too much room to be kept.</summary>
    public bool IsForgotten { get; internal set; }

    internal ClientSession Session { get; }
}
