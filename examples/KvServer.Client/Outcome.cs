namespace KvServer.Client;

/// <summary>What may be concluded about a command.</summary>
public enum OutcomeKind
{
    /// <summary>Executed, and never lost again.</summary>
    Acknowledged,

    /// <summary>Certainly not executed.</summary>
    Refused,

    /// <summary>Executed, not executed, or executed later: repeat it only if that does no harm.</summary>
    Unknown,
}

/// <summary>What came of a command.</summary>
/// <param name="Kind">What may be concluded.</param>
/// <param name="Reply">The server's reply; null when none came.</param>
/// <param name="Code">The code of an error; empty otherwise.</param>
/// <param name="Reason">The text of an error; empty otherwise.</param>
public readonly record struct Outcome(OutcomeKind Kind, RespReply? Reply, string Code, string Reason)
{
    /// <summary>True when executed.</summary>
    public bool IsAcknowledged => Kind == OutcomeKind.Acknowledged;

    /// <summary>True when the same command may succeed at another time or another node.</summary>
    public bool MayRetry => Kind == OutcomeKind.Refused && Code is "NOLEADER" or "OVERLOADED" or "STOPPING" or "NOTSENT";

    /// <summary>True when the server no longer knows the session, or the command's serial: whether an earlier attempt was executed cannot be found out any more.</summary>
    public bool IsSessionOver => Kind == OutcomeKind.Refused && Code == "NOSESSION";

    /// <summary>Reads a reply.</summary>
    /// <param name="reply">What the server sent.</param>
    public static Outcome Of(RespReply reply)
    {
        ArgumentNullException.ThrowIfNull(reply);
        return !reply.IsError ? new Outcome(OutcomeKind.Acknowledged, reply, "", "")
            : reply.ErrorCode == "FORGOTTEN" ? new Outcome(OutcomeKind.Acknowledged, reply, "FORGOTTEN", reply.Text)
            : reply.ErrorCode == "UNKNOWN" ? new Outcome(OutcomeKind.Unknown, reply, "UNKNOWN", reply.Text)
            : new Outcome(OutcomeKind.Refused, reply, reply.ErrorCode, reply.Text);
    }
}
