using System.Buffers.Binary;
using System.Numerics;

namespace RaftActors.Protocol;

/// <summary>The Castagnoli checksum of frames, batches and journal records; the processor's own instruction where it has one.</summary>
public static class Crc32C
{
    /// <summary>The checksum of <paramref name="data"/>, continuing from <paramref name="seed"/>.</summary>
    /// <param name="data">The bytes to sum.</param>
    /// <param name="seed">0 for the first run; the result of the previous run to continue it.</param>
    public static uint Compute(ReadOnlySpan<byte> data, uint seed = 0)
    {
        uint crc = ~seed;
        while (data.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(data));
            data = data[sizeof(ulong)..];
        }

        foreach (byte b in data)
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        return ~crc;
    }
}
