namespace RaftActors;

/// <summary>The base of this library's exceptions.</summary>
public class RaftActorsException : Exception
{
    /// <summary>Makes an exception.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="innerException">What caused it.</param>
    public RaftActorsException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>A setting is unknown, impossible or contradicts another.</summary>
public sealed class RaftConfigurationException : RaftActorsException
{
    /// <summary>Makes an exception.</summary>
    /// <param name="key">The setting.</param>
    /// <param name="value">Its value, as written.</param>
    /// <param name="allowed">What would be allowed.</param>
    /// <param name="innerException">What caused it.</param>
    public RaftConfigurationException(string key, string? value, string allowed, Exception? innerException = null)
        : base(value is null ? $"Setting '{key}': {allowed}" : $"Setting '{key}' is '{value}': {allowed}", innerException)
    {
        Key = key;
        Value = value;
        Allowed = allowed;
    }

    /// <summary>The setting.</summary>
    public string Key { get; }

    /// <summary>Its value, as written; null when that does not matter.</summary>
    public string? Value { get; }

    /// <summary>What would be allowed.</summary>
    public string Allowed { get; }
}

/// <summary>This node does not run the stream that was asked for.</summary>
public sealed class StreamNotFoundException : RaftActorsException
{
    /// <summary>Makes an exception.</summary>
    /// <param name="stream">The stream.</param>
    public StreamNotFoundException(StreamId stream)
        : base($"Stream {stream} does not run on this node.") => Stream = stream;

    /// <summary>The stream.</summary>
    public StreamId Stream { get; }
}

/// <summary>A stream could not be started.</summary>
public sealed class StreamStartException : RaftActorsException
{
    /// <summary>Makes an exception.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="reason">Why.</param>
    /// <param name="innerException">What caused it.</param>
    public StreamStartException(StreamId stream, string reason, Exception? innerException = null)
        : base($"Stream {stream} could not be started: {reason}", innerException) => Stream = stream;

    /// <summary>The stream.</summary>
    public StreamId Stream { get; }
}

/// <summary>The journal holds something that this version did not write or cannot have written.</summary>
public sealed class JournalCorruptException : RaftActorsException
{
    /// <summary>Makes an exception.</summary>
    /// <param name="persistenceId">Whose journal.</param>
    /// <param name="sequenceNr">At which sequence number.</param>
    /// <param name="what">What is wrong there.</param>
    /// <param name="innerException">What caused it.</param>
    public JournalCorruptException(string persistenceId, long sequenceNr, string what, Exception? innerException = null)
        : base($"The journal of '{persistenceId}' is damaged at sequence number {sequenceNr}: {what}. Nothing was repaired; restore the journal, or bring this member back as a new one.", innerException)
    {
        PersistenceId = persistenceId;
        SequenceNr = sequenceNr;
    }

    /// <summary>Whose journal.</summary>
    public string PersistenceId { get; }

    /// <summary>At which sequence number.</summary>
    public long SequenceNr { get; }
}
