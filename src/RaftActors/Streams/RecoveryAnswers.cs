namespace RaftActors;

/// <summary>What came of a forced recovery. Exactly one of the three sealed records below.</summary>
public abstract record RecoveryAnswer
{
    private protected RecoveryAnswer()
    {
    }
}

/// <summary>The recovery is on this member's disk; it stands for election, and takes the other survivors in when it leads.</summary>
/// <param name="Generation">The new history.</param>
/// <param name="Base">The last entry that it took over. What others had behind it, acknowledged or not, is lost.</param>
public sealed record RecoveryForcedHere(Generation Generation, EntryId Base) : RecoveryAnswer;

/// <summary>Nothing was changed.</summary>
/// <param name="Reason">Why.</param>
public sealed record RecoveryNotForced(string Reason) : RecoveryAnswer;

/// <summary>The recovery may or may not have taken place; the generation in the status tells.</summary>
/// <param name="Reason">What happened.</param>
public sealed record RecoveryOutcomeUnknown(string Reason) : RecoveryAnswer;
