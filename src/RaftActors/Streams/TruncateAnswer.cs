namespace RaftActors;

/// <summary>The answer to <see cref="RaftStream.TruncateLogAsync"/>. One of the two sealed records below.</summary>
public abstract record TruncateAnswer
{
    private protected TruncateAnswer()
    {
    }
}

/// <summary>The log has forgotten what it could.</summary>
/// <param name="FirstKept">The first entry that the log still has: at most the one that was asked for.</param>
public sealed record LogTruncated(LogIndex FirstKept) : TruncateAnswer;

/// <summary>Nothing was forgotten.</summary>
/// <param name="Reason">Why, in words.</param>
/// <param name="Highest">The highest entry that could be named as the first one to keep; 0 when it is not known.</param>
public sealed record LogNotTruncated(string Reason, LogIndex Highest) : TruncateAnswer;
