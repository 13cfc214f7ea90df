using System.Buffers.Binary;

namespace KvServer.State;

/// <summary>A 64-bit digest that is the same in every process and on every machine: replicas compare it.</summary>
internal static class StableHash
{
    private const ulong LengthFactor = 0x9E3779B97F4A7C15;
    private const ulong DataFactor = 0xD6E8FEB86659FD93;

    /// <summary>The digest of one key with its value and expiry.</summary>
    public static ulong OfEntry(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long deadline) =>
        Add(Add(Add(LengthFactor, key), value), (ulong)deadline);

    /// <summary>Continues a digest with bytes; their number is part of it.</summary>
    public static ulong Add(ulong hash, ReadOnlySpan<byte> data)
    {
        hash = Mix(hash ^ ((ulong)data.Length + LengthFactor), LengthFactor);
        while (data.Length >= sizeof(ulong))
        {
            hash = Mix(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(data) ^ LengthFactor, DataFactor);
            data = data[sizeof(ulong)..];
        }

        ulong tail = 0;
        for (int i = 0; i < data.Length; i++)
        {
            tail |= (ulong)data[i] << (8 * i);
        }

        return Mix(hash ^ tail ^ DataFactor, LengthFactor);
    }

    /// <summary>Continues a digest with a number.</summary>
    public static ulong Add(ulong hash, ulong value) => Mix(hash ^ value ^ LengthFactor, DataFactor);

    private static ulong Mix(ulong a, ulong b)
    {
        ulong high = Math.BigMul(a, b, out ulong low);
        return high ^ low;
    }
}
