namespace RaftActors;

/// <summary>A session could not be opened, or is not there any more.</summary>
public sealed class SessionNotOpenedException : RaftActorsException
{
    internal SessionNotOpenedException(StreamId stream, string reason, ProposalAnswer? answer)
        : base($"No session of stream {stream} could be opened: {reason}") => LastAnswer = answer;

    /// <summary>What the stream answered last; null when it did not.</summary>
    public ProposalAnswer? LastAnswer { get; }
}
