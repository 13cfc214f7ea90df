namespace RaftActors.Protocol;

/// <summary>What is to be done with an entry that has to do with a session.</summary>
public enum SessionDecision : byte
{
    /// <summary>Apply it, and give what comes of it to <see cref="SessionTable.Complete"/>.</summary>
    Apply = 0,

    /// <summary>It was applied before: answer what was answered then.</summary>
    Duplicate = 1,

    /// <summary>There is no such session (any more). The entry must not be applied.</summary>
    NoSession = 2,

    /// <summary>The serial lies below what the session remembers: whether it was applied before is not known any more. It must not be applied.</summary>
    SerialTooOld = 3,

    /// <summary>The entry was about the session itself, and is done.</summary>
    Done = 4,
}

/// <summary>The decision about one entry, the same on every member.</summary>
/// <param name="Decision">What to do.</param>
/// <param name="Result">For <see cref="SessionDecision.Apply"/> what is to be completed, for <see cref="SessionDecision.Duplicate"/> the first result.</param>
public readonly record struct SessionVerdict(SessionDecision Decision, RememberedResult? Result = null);
