namespace RaftActors;

/// <summary>A node did not answer an administrative request, or refused it.</summary>
public sealed class NodeUnreachableException : RaftActorsException
{
    /// <summary>Makes an exception.</summary>
    /// <param name="message">Which node, and what happened.</param>
    /// <param name="innerException">What caused it.</param>
    public NodeUnreachableException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
