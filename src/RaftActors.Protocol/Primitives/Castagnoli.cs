using System.Buffers.Binary;
using System.Numerics;

namespace RaftActors;

/// <summary>
/// CRC-32C (Castagnoli) piece by piece, by the processor's instruction where there is one. A part of every project that needs it, so that the journal stays without a reference to the protocol.
/// </summary>
internal static class Castagnoli
{
    public const uint Start = 0xFFFFFFFF;

    public static uint Compute(ReadOnlySpan<byte> bytes) => Finish(Append(Start, bytes));

    public static uint Append(uint state, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= sizeof(ulong))
        {
            state = BitOperations.Crc32C(state, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (byte b in bytes)
        {
            state = BitOperations.Crc32C(state, b);
        }

        return state;
    }

    public static uint Finish(uint state) => ~state;
}
