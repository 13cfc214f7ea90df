using System.Buffers.Binary;

namespace KvServer.State;

/// <summary>Reads the parts of <see cref="KvFormat"/>. Every method returns false at the end of the data or when it is malformed.</summary>
internal ref struct KvReader(ReadOnlySpan<byte> data)
{
    private ReadOnlySpan<byte> _rest = data;

    public readonly bool AtEnd => _rest.IsEmpty;

    /// <summary>Bytes not yet read.</summary>
    public readonly int Left => _rest.Length;

    public bool TryByte(out byte value)
    {
        if (_rest.IsEmpty)
        {
            value = 0;
            return false;
        }

        value = _rest[0];
        _rest = _rest[1..];
        return true;
    }

    public bool TryTime(out long unixMilliseconds)
    {
        if (!BinaryPrimitives.TryReadInt64LittleEndian(_rest, out unixMilliseconds))
        {
            return false;
        }

        _rest = _rest[sizeof(long)..];
        return true;
    }

    public bool TryNumber(out ulong value)
    {
        value = 0;
        for (int i = 0, shift = 0; i < 10 && i < _rest.Length; i++, shift += 7)
        {
            byte b = _rest[i];
            if (i == 9 && b > 1)
            {
                return false;
            }

            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
            {
                _rest = _rest[(i + 1)..];
                return true;
            }
        }

        return false;
    }

    public bool TrySigned(out long value)
    {
        bool read = TryNumber(out ulong raw);
        value = (long)(raw >> 1) ^ -(long)(raw & 1);
        return read;
    }

    public bool TryBytes(out ReadOnlySpan<byte> value)
    {
        if (!TryNumber(out ulong length) || length > (ulong)_rest.Length)
        {
            value = default;
            return false;
        }

        value = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return true;
    }

    /// <summary>Steps over one operation, whatever it is.</summary>
    public bool TrySkipOperation()
    {
        if (!TryByte(out byte operation))
        {
            return false;
        }

        switch ((KvOperation)operation)
        {
            case KvOperation.Set:
                return TryByte(out byte flags)
                    && (((KvSetFlags)flags & KvSetFlags.HasLifetime) == 0 || TryNumber(out _))
                    && TryBytes(out _) && TryBytes(out _);
            case KvOperation.Delete:
                return TrySkipMany(1);
            case KvOperation.SetMany:
                return TrySkipMany(2);
            case KvOperation.Increment:
                return TryBytes(out _) && TrySigned(out _);
            case KvOperation.Append:
                return TryBytes(out _) && TryBytes(out _);
            case KvOperation.CompareAndSet:
                return TryBytes(out _) && TryBytes(out _) && TryBytes(out _);
            case KvOperation.Tick:
                return true;
            default:
                return false;
        }
    }

    /// <summary>Steps over one result and says where it was.</summary>
    public bool TryResult(out KvResultKind kind, out long integer, out ReadOnlySpan<byte> bytes)
    {
        kind = default;
        integer = 0;
        bytes = default;
        if (!TryByte(out byte raw))
        {
            return false;
        }

        kind = (KvResultKind)raw;
        return kind switch
        {
            KvResultKind.Ok or KvResultKind.Nil => true,
            KvResultKind.Integer => TrySigned(out integer),
            KvResultKind.Bulk or KvResultKind.Error => TryBytes(out bytes),
            _ => false,
        };
    }

    private bool TrySkipMany(int perItem)
    {
        // Every part takes a byte at least, so a count beyond what is left is malformed and not worth a loop.
        if (!TryNumber(out ulong count) || count > (ulong)_rest.Length)
        {
            return false;
        }

        for (ulong i = 0; i < count * (ulong)perItem; i++)
        {
            if (!TryBytes(out _))
            {
                return false;
            }
        }

        return true;
    }
}
