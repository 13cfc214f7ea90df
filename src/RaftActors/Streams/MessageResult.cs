namespace RaftActors;

/// <summary>What became of a message to another member (<see cref="RaftStream.SendMessage"/>).</summary>
public enum MessageResult
{
    /// <summary>It is on its way, at most once: it may still get lost, and nobody says so.</summary>
    Queued = 0,

    /// <summary>Not sent: it is larger than <c>max-user-message-size</c>.</summary>
    TooLarge = 1,

    /// <summary>Not sent: this member knows of no other member with that id.</summary>
    UnknownMember = 2,

    /// <summary>Not sent: more than <c>user-message-queue-bytes</c> wait for that member already.</summary>
    QueueFull = 3,

    /// <summary>Not sent: the stream does not run here, or is just starting.</summary>
    NotRunning = 4,
}
