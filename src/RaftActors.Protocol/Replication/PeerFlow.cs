namespace RaftActors.Protocol;

/// <summary>Why a peer gets no entries for a while. Heartbeats go on in any case.</summary>
internal sealed class PeerFlow
{
    private bool _readsHeld;

    /// <summary>Reads for it that failed in a row.</summary>
    public int FailedReads { get; set; }

    /// <summary>It gets no entries now.</summary>
    public bool IsHeld => _readsHeld;

    /// <summary>The journal could not be read: not again before the next heartbeat.</summary>
    public void HoldReads() => _readsHeld = true;

    /// <summary>A heartbeat is due.</summary>
    /// <returns>True when the peer may get entries again that it could not get before.</returns>
    public bool Release()
    {
        bool wasHeld = _readsHeld;
        _readsHeld = false;
        return wasHeld;
    }
}
