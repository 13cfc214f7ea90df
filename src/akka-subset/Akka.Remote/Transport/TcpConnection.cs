using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Akka.Actor;

namespace Akka.Remote.Transport;

/// <summary>What a connection tells about itself.</summary>
internal interface IConnectionHandler
{
    /// <summary>One complete frame; called from the read loop, one at a time.</summary>
    void OnFrame(TcpConnection connection, FrameType type, ReadOnlySpan<byte> body);

    /// <summary>The end, exactly once. No cause: the peer closed.</summary>
    void OnClosed(TcpConnection connection, Exception? cause);
}

/// <summary>
/// One TCP (or TLS) connection after or before its handshake. Writing belongs to one caller at a time, reading to the
/// loop that <see cref="StartReading"/> starts; closing is safe from anywhere.
/// </summary>
internal sealed class TcpConnection
{
    private const string ClosedTooSoon = "The peer closed the connection during the handshake.";

    private readonly Socket _socket;
    private readonly int _maxFrame;
    private Stream? _stream;
    private int _closed;
    private int _ended;
    private IConnectionHandler? _handler;

    public TcpConnection(Socket socket, bool inbound, int maxFrame)
    {
        _socket = socket;
        _maxFrame = maxFrame;
        Inbound = inbound;
        RemoteEndPoint = socket.RemoteEndPoint;
        LastReceived = LastSent = Environment.TickCount64;
    }

    public bool Inbound { get; }
    public EndPoint? RemoteEndPoint { get; }
    public SendBuffer Output { get; } = new();
    public MessageEncoder? Encoder { get; set; }
    public MessageDecoder? Decoder { get; set; }
    public FailureDetector? FailureDetector { get; set; }
    public Address PeerAddress { get; set; } = null!;
    public int PeerUid { get; set; }
    public long LastReceived { get; private set; }
    public long LastSent { get; private set; }
    public long LastAckSent { get; set; }

    /// <summary>Set when the peer said that it leaves, or that it will not talk to us.</summary>
    public GoodbyeReason? PeerSaidGoodbye { get; set; }

    public bool IsClosed => Volatile.Read(ref _closed) != 0;

    public async Task AuthenticateAsServerAsync(TlsSettings tls, CancellationToken cancellation)
    {
        var ssl = new SslStream(new NetworkStream(_socket, ownsSocket: false));
        _stream = ssl;
        await ssl.AuthenticateAsServerAsync(tls.ForServer(), cancellation).ConfigureAwait(false);
    }

    public async Task AuthenticateAsClientAsync(TlsSettings tls, string host, CancellationToken cancellation)
    {
        var ssl = new SslStream(new NetworkStream(_socket, ownsSocket: false));
        _stream = ssl;
        await ssl.AuthenticateAsClientAsync(tls.ForClient(host), cancellation).ConfigureAwait(false);
    }

    /// <summary>Reads the handshake frame and not a byte more. The length is checked before room is made for it.</summary>
    public async Task<(FrameType Type, byte[] Body)> ReadHandshakeAsync(CancellationToken cancellation)
    {
        // The magic is looked at before the rest is awaited: a stranger is recognised by its first bytes.
        var head = new byte[Wire.LengthSize + 1 + Wire.Magic.Length];
        await ReadExactlyAsync(head, cancellation).ConfigureAwait(false);
        var length = BinaryPrimitives.ReadInt32LittleEndian(head);
        if (!head.AsSpan(Wire.LengthSize + 1).SequenceEqual(Wire.Magic) || length < head.Length - Wire.LengthSize || length > Wire.MaxHandshakeFrame)
            throw new WireException("The peer does not speak the remoting protocol (first bytes " + Convert.ToHexString(head) + ").");
        var body = new byte[length - (head.Length - Wire.LengthSize)];
        await ReadExactlyAsync(body, cancellation).ConfigureAwait(false);
        return ((FrameType)head[Wire.LengthSize], body);
    }

    /// <summary>Sends what <see cref="Output"/> holds and empties it.</summary>
    public ValueTask FlushAsync(CancellationToken cancellation = default)
    {
        if (_stream != null)
            return FlushAsync(_stream, cancellation);
        var bytes = Output.Written;
        var sent = SocketWriter.SendNow(_socket, bytes.Span);
        if (sent < bytes.Length)
            return SendAsync(bytes[sent..], cancellation);
        Sent();
        return default;
    }

    private async ValueTask FlushAsync(Stream stream, CancellationToken cancellation)
    {
        await stream.WriteAsync(Output.Written, cancellation).ConfigureAwait(false);
        Sent();
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        // A stream socket may take less than it was given.
        while (bytes.Length > 0)
        {
            var sent = await _socket.SendAsync(bytes, SocketFlags.None, cancellation).ConfigureAwait(false);
            bytes = bytes[sent..];
        }

        Sent();
    }

    private void Sent()
    {
        LastSent = Environment.TickCount64;
        Output.Clear();
    }

    public void StartReading(IConnectionHandler handler)
    {
        _handler = handler;
        if (IsClosed)
            End(null);
        else if (_stream != null || !SocketReader.TryStart("akka.remote-reader", () => ReadOnOwnThread(handler)))
            _ = ReadLoopAsync(handler);
    }

    /// <summary>No more from us; what the peer still sends is read. Lets the last frames arrive.</summary>
    public void ShutdownSend()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // Closed already.
        }
        catch (ObjectDisposedException)
        {
            // Closed already.
        }
    }

    public void Close(Exception? cause = null)
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
            return;
        Hurry(_socket);
        _socket.Dispose();
        _stream?.Dispose();
        End(cause);
    }

    private void End(Exception? cause)
    {
        if (_handler is { } handler && Interlocked.Exchange(ref _ended, 1) == 0)
            handler.OnClosed(this, cause);
    }

    private ValueTask<int> ReceiveAsync(Memory<byte> into) =>
        _stream != null ? _stream.ReadAsync(into) : _socket.ReceiveAsync(into, SocketFlags.None);

    private async Task ReadExactlyAsync(Memory<byte> into, CancellationToken cancellation)
    {
        if (_stream == null && SocketReader.ReceiveExactlyAsync(_socket, into, cancellation) is { } received)
        {
            if (await received.ConfigureAwait(false) < into.Length)
                throw new EndOfStreamException(ClosedTooSoon);
            return;
        }

        while (into.Length > 0)
        {
            var n = _stream != null
                ? await _stream.ReadAsync(into, cancellation).ConfigureAwait(false)
                : await _socket.ReceiveAsync(into, SocketFlags.None, cancellation).ConfigureAwait(false);
            if (n == 0)
                throw new EndOfStreamException(ClosedTooSoon);
            into = into[n..];
        }
    }

    private async Task ReadLoopAsync(IConnectionHandler handler)
    {
        using var incoming = new ReceiveBuffer();
        Exception? cause = null;
        try
        {
            int received;
            while ((received = await ReceiveAsync(incoming.Free).ConfigureAwait(false)) > 0)
                Take(handler, incoming, received);
        }
        catch (Exception e)
        {
            cause = IsClosed ? null : e;
        }

        Close(cause);
        End(cause);
    }

    private void ReadOnOwnThread(IConnectionHandler handler)
    {
        using var incoming = new ReceiveBuffer();
        Exception? cause = null;
        try
        {
            int received;
            while ((received = SocketReader.Receive(_socket, incoming.Free.Span)) > 0)
                Take(handler, incoming, received);
        }
        catch (Exception e)
        {
            cause = IsClosed ? null : e;
        }

        Close(cause);
        End(cause);
    }

    private void Take(IConnectionHandler handler, ReceiveBuffer incoming, int received)
    {
        LastReceived = Environment.TickCount64;
        FailureDetector?.HeartBeat();
        incoming.Add(received);
        var consumed = Parse(handler, incoming.Filled, out var frame);
        incoming.Remove(consumed, frame);
    }

    /// <summary>Hands out every complete frame; answers how many bytes they took and how long the next one is.</summary>
    private int Parse(IConnectionHandler handler, ReadOnlySpan<byte> bytes, out int nextFrame)
    {
        var at = 0;
        nextFrame = 0;
        while (bytes.Length - at >= Wire.LengthSize)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(bytes[at..]);
            if (length < 1 || length > _maxFrame)
                throw new WireException("A frame announces " + length + " bytes; allowed are 1 to " + _maxFrame + ".");
            nextFrame = length + Wire.LengthSize;
            if (bytes.Length - at < nextFrame)
                return at;
            handler.OnFrame(this, (FrameType)bytes[at + Wire.LengthSize], bytes.Slice(at + Wire.LengthSize + 1, length - 1));
            at += nextFrame;
        }

        return at;
    }

    // Whoever waits for data learns of the end at once.
    private static void Hurry(Socket socket)
    {
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (SocketException)
        {
            // Not connected any more.
        }
        catch (ObjectDisposedException)
        {
            // Closed already.
        }
    }
}
