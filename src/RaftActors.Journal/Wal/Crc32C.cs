using System.Buffers.Binary;
using System.Numerics;

namespace RaftActors.Journal.Wal;

/// <summary>CRC-32C (Castagnoli), by the processor's instruction where there is one.</summary>
internal static class Crc32C
{
    public const uint Start = 0xFFFFFFFF;

    public static uint Compute(ReadOnlySpan<byte> bytes) => Finish(Append(Start, bytes));

    public static uint Append(uint state, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= 8)
        {
            state = BitOperations.Crc32C(state, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[8..];
        }

        foreach (byte b in bytes)
        {
            state = BitOperations.Crc32C(state, b);
        }

        return state;
    }

    public static uint Finish(uint state) => ~state;
}
