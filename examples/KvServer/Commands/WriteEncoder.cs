using System.Buffers;
using System.Buffers.Text;
using System.Text;
using KvServer.Resp;
using KvServer.State;

namespace KvServer.Commands;

/// <summary>Turns a request into the operation that goes into the log, or into the reason why it does not.</summary>
internal static class WriteEncoder
{
    private const long LongestLifetime = 1_000_000_000_000_000;

    /// <summary>Encodes a request whose number of arguments has been checked.</summary>
    /// <returns>Null when <paramref name="to"/> holds the operation; otherwise the encoded error reply.</returns>
    public static byte[]? Encode(CommandInfo command, RespRequestParser request, RespLimits limits, ArrayBufferWriter<byte> to)
    {
        if (KeyTooLong(command, request, limits) is { } tooLong)
        {
            return tooLong;
        }

        switch (command.Kind)
        {
            case CommandKind.Set:
                return EncodeSet(request, to);
            case CommandKind.GetSet:
                KvWriter.Operation(to, KvOperation.Set);
                KvWriter.Byte(to, (byte)KvSetFlags.ReturnOld);
                return Put(request, to, 2);
            case CommandKind.Del:
                KvWriter.Operation(to, KvOperation.Delete);
                KvWriter.Number(to, (ulong)(request.Count - 1));
                return Put(request, to, request.Count - 1);
            case CommandKind.Incr:
                return EncodeIncrement(request, to, 1);
            case CommandKind.Decr:
                return EncodeIncrement(request, to, -1);
            case CommandKind.IncrBy:
                return TryInteger(request[2], out long up) ? EncodeIncrement(request, to, up) : NotAnInteger();
            case CommandKind.DecrBy:
                return TryInteger(request[2], out long down) && down != long.MinValue ? EncodeIncrement(request, to, -down) : NotAnInteger();
            case CommandKind.Append:
                KvWriter.Operation(to, KvOperation.Append);
                return Put(request, to, 2);
            case CommandKind.Cas:
                KvWriter.Operation(to, KvOperation.CompareAndSet);
                return Put(request, to, 3);
            case CommandKind.MSet:
                if (request.Count % 2 == 0)
                {
                    return Replies.WrongNumber(command.Name);
                }

                KvWriter.Operation(to, KvOperation.SetMany);
                KvWriter.Number(to, (ulong)(request.Count / 2));
                return Put(request, to, request.Count - 1);
            default:
                return Replies.Error("ERR", $"'{command.Name}' is not a write");
        }
    }

    /// <summary>The refusal when a key of the request is longer than allowed.</summary>
    public static byte[]? KeyTooLong(CommandInfo command, RespRequestParser request, RespLimits limits)
    {
        if (command.FirstKey == 0)
        {
            return null;
        }

        int last = command.LastKey < 0 ? request.Count + command.LastKey : command.LastKey;
        for (int i = command.FirstKey; i <= last; i += command.KeyStep)
        {
            if (request[i].Length > limits.MaxKey)
            {
                return Replies.Error("TOOLARGE", $"key of {request[i].Length} bytes exceeds limit {limits.MaxKey}");
            }
        }

        return null;
    }

    private static byte[]? EncodeSet(RespRequestParser request, ArrayBufferWriter<byte> to)
    {
        KvSetFlags flags = KvSetFlags.None;
        long lifetime = 0;
        for (int i = 3; i < request.Count; i++)
        {
            ReadOnlySpan<byte> word = request[i];
            if (Is(word, "NX"u8))
            {
                flags |= KvSetFlags.IfAbsent;
            }
            else if (Is(word, "XX"u8))
            {
                flags |= KvSetFlags.IfPresent;
            }
            else if (Is(word, "GET"u8))
            {
                flags |= KvSetFlags.ReturnOld;
            }
            else if (Is(word, "KEEPTTL"u8))
            {
                flags |= KvSetFlags.KeepExpiry;
            }
            else if ((Is(word, "EX"u8) || Is(word, "PX"u8)) && i + 1 < request.Count && (flags & KvSetFlags.HasLifetime) == 0)
            {
                if (!TryInteger(request[++i], out lifetime))
                {
                    return NotAnInteger();
                }

                long unit = Is(word, "EX"u8) ? 1000 : 1;
                if (lifetime <= 0 || lifetime > LongestLifetime / unit)
                {
                    return Replies.Error("ERR", "invalid expire time in 'set' command");
                }

                lifetime *= unit;
                flags |= KvSetFlags.HasLifetime;
            }
            else
            {
                return Replies.Error("ERR", "syntax error");
            }
        }

        if ((flags & (KvSetFlags.IfAbsent | KvSetFlags.IfPresent)) == (KvSetFlags.IfAbsent | KvSetFlags.IfPresent)
            || (flags & (KvSetFlags.KeepExpiry | KvSetFlags.HasLifetime)) == (KvSetFlags.KeepExpiry | KvSetFlags.HasLifetime))
        {
            return Replies.Error("ERR", "syntax error");
        }

        KvWriter.Operation(to, KvOperation.Set);
        KvWriter.Byte(to, (byte)flags);
        if ((flags & KvSetFlags.HasLifetime) != 0)
        {
            KvWriter.Number(to, (ulong)lifetime);
        }

        return Put(request, to, 2);
    }

    private static byte[]? EncodeIncrement(RespRequestParser request, ArrayBufferWriter<byte> to, long delta)
    {
        KvWriter.Operation(to, KvOperation.Increment);
        KvWriter.Bytes(to, request[1]);
        KvWriter.Signed(to, delta);
        return null;
    }

    private static byte[]? Put(RespRequestParser request, ArrayBufferWriter<byte> to, int count)
    {
        for (int i = 1; i <= count; i++)
        {
            KvWriter.Bytes(to, request[i]);
        }

        return null;
    }

    private static byte[] NotAnInteger() => Replies.Error("ERR", "value is not an integer or out of range");

    private static bool TryInteger(ReadOnlySpan<byte> text, out long value) =>
        Utf8Parser.TryParse(text, out value, out int used) && used == text.Length;

    private static bool Is(ReadOnlySpan<byte> word, ReadOnlySpan<byte> upper) => Ascii.EqualsIgnoreCase(word, upper);
}
