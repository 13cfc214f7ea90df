using System.Buffers;

namespace KvServer.Resp;

/// <summary>Splits a line into words as redis-cli and telnet users write them: bare, in double quotes with escapes, in single quotes.</summary>
internal static class InlineWords
{
    /// <summary>Appends the words to <paramref name="to"/> and the places where they end to <paramref name="ends"/>.</summary>
    public static bool TrySplit(ReadOnlySpan<byte> line, ArrayBufferWriter<byte> to, List<int> ends)
    {
        int at = 0;
        while (true)
        {
            while (at < line.Length && IsBlank(line[at]))
            {
                at++;
            }

            if (at == line.Length)
            {
                return true;
            }

            bool closed = line[at] switch
            {
                (byte)'"' => TryDoubleQuoted(line, ref at, to),
                (byte)'\'' => TrySingleQuoted(line, ref at, to),
                _ => TryBare(line, ref at, to),
            };
            if (!closed || (at < line.Length && !IsBlank(line[at])))
            {
                return false;
            }

            ends.Add(to.WrittenCount);
        }
    }

    private static bool IsBlank(byte b) => b is (byte)' ' or (byte)'\t';

    private static bool TryBare(ReadOnlySpan<byte> line, ref int at, ArrayBufferWriter<byte> to)
    {
        int start = at;
        while (at < line.Length && !IsBlank(line[at]))
        {
            at++;
        }

        to.Write(line[start..at]);
        return true;
    }

    private static bool TrySingleQuoted(ReadOnlySpan<byte> line, ref int at, ArrayBufferWriter<byte> to)
    {
        for (at++; at < line.Length; at++)
        {
            if (line[at] == (byte)'\'')
            {
                at++;
                return true;
            }

            if (line[at] == (byte)'\\' && at + 1 < line.Length && line[at + 1] == (byte)'\'')
            {
                at++;
            }

            to.Write(line.Slice(at, 1));
        }

        return false;
    }

    private static bool TryDoubleQuoted(ReadOnlySpan<byte> line, ref int at, ArrayBufferWriter<byte> to)
    {
        for (at++; at < line.Length; at++)
        {
            byte b = line[at];
            if (b == (byte)'"')
            {
                at++;
                return true;
            }

            if (b == (byte)'\\' && at + 1 < line.Length)
            {
                b = Escaped(line, ref at);
            }

            to.Write([b]);
        }

        return false;
    }

    private static byte Escaped(ReadOnlySpan<byte> line, ref int at)
    {
        at++;
        if (line[at] == (byte)'x' && at + 2 < line.Length && HexDigit(line[at + 1]) is >= 0 and int high && HexDigit(line[at + 2]) is >= 0 and int low)
        {
            at += 2;
            return (byte)((high << 4) | low);
        }

        return line[at] switch
        {
            (byte)'n' => (byte)'\n',
            (byte)'r' => (byte)'\r',
            (byte)'t' => (byte)'\t',
            (byte)'b' => (byte)'\b',
            (byte)'a' => 7,
            byte other => other,
        };
    }

    private static int HexDigit(byte b) => b switch
    {
        >= (byte)'0' and <= (byte)'9' => b - '0',
        >= (byte)'a' and <= (byte)'f' => b - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => b - 'A' + 10,
        _ => -1,
    };
}
