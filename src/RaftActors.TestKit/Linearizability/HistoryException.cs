namespace RaftActors.TestKit.Linearizability;

/// <summary>A history cannot be read, contradicts itself, or holds operations that the model does not know.</summary>
public sealed class HistoryException : RaftActorsException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">What is wrong, with the place.</param>
    /// <param name="line">The line of the file, from 1; 0 when there is no file.</param>
    /// <param name="innerException">What caused it.</param>
    public HistoryException(string message, int line = 0, Exception? innerException = null)
        : base(message, innerException) => Line = line;

    /// <summary>The line of the file, from 1; 0 when there is no file.</summary>
    public int Line { get; }
}
