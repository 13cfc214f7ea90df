namespace RaftActors.Protocol;

/// <summary>How a leader feeds one peer.</summary>
public enum PeerState : byte
{
    /// <summary>The place where the logs meet is not known yet, or the peer is silent: one append at a time, repeated with the heartbeat.</summary>
    Probing = 0,

    /// <summary>The logs meet: appends are sent without waiting for the answers, up to the window.</summary>
    Replicating = 1,

    /// <summary>It needs entries that the log no longer holds, and gets the snapshot.</summary>
    InstallingSnapshot = 2,

    /// <summary>It lost its journal: it is another incarnation than the one that belongs to the stream, gets nothing, and counts for nothing. Remove it and add it again.</summary>
    AnotherIncarnation = 3,
}
