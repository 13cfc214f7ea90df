namespace RaftActors.Journal;

/// <summary>Something the write-ahead log or the snapshot store cannot do; the message says what and where.</summary>
public class JournalException : Exception
{
    /// <summary>Creates the exception.</summary>
    public JournalException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>
/// The log is damaged in a place that no crash explains, so nothing was opened and nothing changed. docs/JOURNAL.md says what to do.
/// </summary>
public sealed class JournalDamagedException : JournalException
{
    /// <summary>Creates the exception.</summary>
    public JournalDamagedException(string file, long offset, string what)
        : base($"The journal is damaged: {file}, offset {offset}: {what} This is not a write that a crash cut off, so nothing is dropped silently. " +
               "Restore the directory from a copy or let the node join anew; 'raftactors journal repair' keeps what stands before the damage.")
    {
        File = file;
        Offset = offset;
    }

    /// <summary>The damaged file.</summary>
    public string File { get; }

    /// <summary>Where in the file the damage begins.</summary>
    public long Offset { get; }
}

/// <summary>There is no room for the write; nothing of it was stored. Reads go on, and so do writes once there is room again.</summary>
public sealed class JournalFullException : JournalException
{
    /// <summary>Creates the exception.</summary>
    public JournalFullException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>A write or sync failed. What the disk holds is unknown, so the log takes no write any more until it is opened anew.</summary>
public sealed class JournalFailedException : JournalException
{
    /// <summary>Creates the exception.</summary>
    public JournalFailedException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }

    internal static JournalFailedException At(string directory, string path, Exception cause) =>
        new($"The journal in {directory} failed and takes no writes until it is opened again: {path}: {cause.Message}", cause);
}

/// <summary>Another process, or another log in this one, has the directory.</summary>
public sealed class JournalInUseException : JournalException
{
    /// <summary>Creates the exception.</summary>
    public JournalInUseException(string message)
        : base(message)
    {
    }
}
