namespace KvServer.Commands;

/// <summary>What a command is, for dispatch and for COMMAND.</summary>
/// <param name="Name">In capitals.</param>
/// <param name="Kind">Which one.</param>
/// <param name="Arity">Arguments with the name; negative: that many at least.</param>
/// <param name="Access">What it does to the state.</param>
/// <param name="FirstKey">Where the keys begin; 0 when there are none.</param>
/// <param name="LastKey">Where they end; negative counts from the end.</param>
/// <param name="KeyStep">From one key to the next.</param>
internal sealed record CommandInfo(
    string Name, CommandKind Kind, int Arity, CommandAccess Access, int FirstKey = 0, int LastKey = 0, int KeyStep = 0)
{
    public bool Accepts(int count) => Arity >= 0 ? count == Arity : count >= -Arity;
}

internal enum CommandAccess
{
    /// <summary>Answered by the connection itself.</summary>
    Local,

    /// <summary>Reads the replicated state.</summary>
    Read,

    /// <summary>Goes through the log.</summary>
    Write,
}

internal enum CommandKind
{
    Ping,
    Echo,
    Select,
    Client,
    Config,
    Command,
    Hello,
    Info,
    Quit,
    Raft,
    Get,
    Exists,
    MGet,
    StrLen,
    Ttl,
    PTtl,
    Keys,
    DbSize,
    Set,
    Del,
    Incr,
    Decr,
    IncrBy,
    DecrBy,
    Append,
    MSet,
    GetSet,
    Cas,
    Once,
}
