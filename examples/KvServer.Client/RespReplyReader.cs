using System.Buffers.Text;
using System.Net.Sockets;

namespace KvServer.Client;

/// <summary>Reads replies off a socket.</summary>
internal sealed class RespReplyReader(Socket socket)
{
    private byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;

    /// <exception cref="IOException">The server closed the connection, or does not speak the protocol.</exception>
    public async ValueTask<RespReply> ReadAsync(CancellationToken cancellation)
    {
        int lineLength = await LineAsync(cancellation).ConfigureAwait(false);
        byte mark = _buffer[_start];
        byte[] line = _buffer.AsSpan(_start + 1, lineLength - 1).ToArray();
        _start += lineLength + 2;
        switch (mark)
        {
            case (byte)'+':
                return RespReply.OfBytes(RespReplyKind.Status, line);
            case (byte)'-':
                return RespReply.OfBytes(RespReplyKind.Error, line);
            case (byte)':':
                return RespReply.OfInteger(Number(line));
            case (byte)'$':
                long length = Number(line);
                return length < 0 ? RespReply.OfNil() : RespReply.OfBytes(RespReplyKind.Bulk, await BulkAsync((int)length, cancellation).ConfigureAwait(false));
            case (byte)'*':
                long count = Number(line);
                if (count < 0)
                {
                    return RespReply.OfNil();
                }

                RespReply[] items = new RespReply[count];
                for (int i = 0; i < items.Length; i++)
                {
                    items[i] = await ReadAsync(cancellation).ConfigureAwait(false);
                }

                return RespReply.OfArray(items);
            default:
                throw new IOException($"The server sent 0x{mark:X2} where a reply begins.");
        }
    }

    private static long Number(ReadOnlySpan<byte> line) =>
        Utf8Parser.TryParse(line, out long value, out int used) && used == line.Length ? value : throw new IOException("The server sent a number that is none.");

    private async ValueTask<int> LineAsync(CancellationToken cancellation)
    {
        int searched = 0;
        while (true)
        {
            int at = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf("\r\n"u8);
            if (at >= 0)
            {
                return searched + at;
            }

            searched = Math.Max(0, _end - _start - 1);
            await FillAsync(cancellation).ConfigureAwait(false);
        }
    }

    private async ValueTask<byte[]> BulkAsync(int length, CancellationToken cancellation)
    {
        byte[] bytes = new byte[length];
        int have = Math.Min(length, _end - _start);
        _buffer.AsSpan(_start, have).CopyTo(bytes);
        _start += have;
        while (have < length)
        {
            int received = await socket.ReceiveAsync(bytes.AsMemory(have), SocketFlags.None, cancellation).ConfigureAwait(false);
            have += received > 0 ? received : throw new IOException("The server closed the connection.");
        }

        while (_end - _start < 2)
        {
            await FillAsync(cancellation).ConfigureAwait(false);
        }

        _start += 2;
        return bytes;
    }

    private async ValueTask FillAsync(CancellationToken cancellation)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        int received = await socket.ReceiveAsync(_buffer.AsMemory(_end), SocketFlags.None, cancellation).ConfigureAwait(false);
        _end += received > 0 ? received : throw new IOException("The server closed the connection.");
    }
}
