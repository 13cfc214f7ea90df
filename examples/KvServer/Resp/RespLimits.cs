namespace KvServer.Resp;

/// <summary>What a request may be at the most. Lengths are checked when they are announced, before anything is allocated for them.</summary>
internal sealed record RespLimits
{
    /// <summary>Bytes of a line that is not an array of bulk strings (telnet style).</summary>
    public int MaxInline { get; init; } = 64 * 1024;

    /// <summary>Arguments of one command.</summary>
    public int MaxArguments { get; init; } = 64 * 1024;

    /// <summary>Bytes of one argument. A longer one is read past and refused; the connection stays.</summary>
    public int MaxArgument { get; init; } = 4 * 1024 * 1024;

    /// <summary>Bytes of all arguments of a command. More is read past and refused; the connection stays.</summary>
    public int MaxRequest { get; init; } = 4 * 1024 * 1024;

    /// <summary>Bytes of a key.</summary>
    public int MaxKey { get; init; } = 64 * 1024;

    /// <summary>An announced length beyond this is no honest mistake: the connection is closed.</summary>
    public const long MaxAnnounced = 512L * 1024 * 1024;
}
