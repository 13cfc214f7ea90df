namespace RaftActors.Remoting;

/// <summary>Counts what goes between this node and its peers, over all streams. Thread-safe.</summary>
internal sealed class PeerTraffic
{
    private long _framesReceived;
    private long _bytesReceived;
    private long _framesSent;
    private long _bytesSent;
    private long _badFrames;
    private long _unknownStreams;
    private long _droppedUserMessages;

    public void Received(int bytes)
    {
        Interlocked.Increment(ref _framesReceived);
        Interlocked.Add(ref _bytesReceived, bytes);
    }

    public void Sent(int bytes)
    {
        Interlocked.Increment(ref _framesSent);
        Interlocked.Add(ref _bytesSent, bytes);
    }

    public void BadFrame() => Interlocked.Increment(ref _badFrames);

    public void UnknownStream() => Interlocked.Increment(ref _unknownStreams);

    public void DroppedUserMessage() => Interlocked.Increment(ref _droppedUserMessages);

    public PeerTrafficCounts Read() => new(
        Interlocked.Read(ref _framesSent),
        Interlocked.Read(ref _bytesSent),
        Interlocked.Read(ref _framesReceived),
        Interlocked.Read(ref _bytesReceived),
        Interlocked.Read(ref _badFrames),
        Interlocked.Read(ref _unknownStreams))
    {
        DroppedUserMessages = Interlocked.Read(ref _droppedUserMessages),
    };
}

/// <summary>What went between a node and its peers since the extension was made, over all streams.</summary>
/// <param name="FramesSent">Frames handed to the transport.</param>
/// <param name="BytesSent">Bytes in them.</param>
/// <param name="FramesReceived">Frames that came in, good or bad.</param>
/// <param name="BytesReceived">Bytes in them.</param>
/// <param name="BadFrames">Frames that were dropped because they could not be believed.</param>
/// <param name="UnknownStreams">Frames for streams or members that this node does not run.</param>
public sealed record PeerTrafficCounts(
    long FramesSent,
    long BytesSent,
    long FramesReceived,
    long BytesReceived,
    long BadFrames,
    long UnknownStreams)
{
    /// <summary>Messages of applications that arrived and were dropped, because too many waited already or the stream was not ready to take them.</summary>
    public long DroppedUserMessages { get; init; }
}
