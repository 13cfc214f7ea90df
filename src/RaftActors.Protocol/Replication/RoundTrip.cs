namespace RaftActors.Protocol;

/// <summary>
/// The round trip of the network to one peer, measured by heartbeats: they are answered at once, whatever the peer's disk is doing.
/// </summary>
/// <remarks>Near the shortest of late: what took longer than the network was waiting for a processor.</remarks>
internal sealed class RoundTrip
{
    private const int Slowness = 8;
    private ulong _token;
    private TimeSpan _askedAt;
    private bool _isOpen;

    /// <summary>Null until the first answer.</summary>
    public TimeSpan? Estimate { get; private set; }

    /// <summary>A heartbeat has left. The one before it no longer counts.</summary>
    public void Asked(ulong token, TimeSpan now)
    {
        if (_isOpen)
        {
            // No answer since the last one: at least so long.
            Take(now - _askedAt);
        }

        (_token, _askedAt, _isOpen) = (token, now, true);
    }

    /// <summary>An answer has come, to whatever.</summary>
    public void Answered(ulong token, TimeSpan now)
    {
        if (_isOpen && token == _token)
        {
            _isOpen = false;
            Take(now - _askedAt);
        }
    }

    /// <summary>Down at once, up slowly.</summary>
    private void Take(TimeSpan sample) =>
        Estimate = Estimate is { } before && before < sample ? before + ((sample - before) / Slowness) : sample;
}
