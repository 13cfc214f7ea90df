using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace KvServer.Resp;

/// <summary>Collects replies in the encoding of RESP2 until they are sent.</summary>
internal sealed class RespOutput
{
    private const int KeptCapacity = 256 * 1024;

    private ArrayBufferWriter<byte> _buffer = new(16 * 1024);

    public int Length => _buffer.WrittenCount;

    public ReadOnlyMemory<byte> Written => _buffer.WrittenMemory;

    public void Clear()
    {
        if (_buffer.Capacity > KeptCapacity)
        {
            _buffer = new ArrayBufferWriter<byte>(16 * 1024);
        }
        else
        {
            _buffer.ResetWrittenCount();
        }
    }

    public void Raw(ReadOnlySpan<byte> encoded) => _buffer.Write(encoded);

    public void Ok() => Raw("+OK\r\n"u8);

    public void Nil() => Raw("$-1\r\n"u8);

    public void Status(string text) => Line((byte)'+', text);

    /// <summary>An error: a code in capitals, a blank, and the reason.</summary>
    public void Error(string text) => Line((byte)'-', text);

    public void Error(ReadOnlySpan<byte> utf8) => Error(Encoding.UTF8.GetString(utf8));

    public void Integer(long value) => Number((byte)':', value);

    public void Array(int count) => Number((byte)'*', count);

    public void Bulk(ReadOnlySpan<byte> value)
    {
        Number((byte)'$', value.Length);
        _buffer.Write(value);
        Raw("\r\n"u8);
    }

    public void Bulk(string value) => Bulk(Encoding.UTF8.GetBytes(value));

    private void Number(byte mark, long value)
    {
        Span<byte> span = _buffer.GetSpan(24);
        span[0] = mark;
        Utf8Formatter.TryFormat(value, span[1..], out int length);
        span[length + 1] = (byte)'\r';
        span[length + 2] = (byte)'\n';
        _buffer.Advance(length + 3);
    }

    private void Line(byte mark, string text)
    {
        // A line break inside would end the reply early, and what follows it would be taken for the next one.
        text = text.ReplaceLineEndings(" ");
        Span<byte> span = _buffer.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length) + 3);
        span[0] = mark;
        int length = Encoding.UTF8.GetBytes(text, span[1..]);
        span[length + 1] = (byte)'\r';
        span[length + 2] = (byte)'\n';
        _buffer.Advance(length + 3);
    }
}
