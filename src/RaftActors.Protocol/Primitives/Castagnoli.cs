using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace RaftActors;

/// <summary>
/// CRC-32C (Castagnoli) piece by piece, by the processor's instruction where there is one. A part of every project that needs it, so that the journal stays without a reference to the protocol.
/// </summary>
internal static class Castagnoli
{
    public const uint Start = 0xFFFFFFFF;

    private const int Lane = 1024;

    // What a state becomes behind Lane zeroes, byte by byte of the state.
    private static readonly uint[] Zeroes = MakeZeroes();

    public static uint Compute(ReadOnlySpan<byte> bytes) => Finish(Append(Start, bytes));

    public static uint Append(uint state, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= 3 * Lane)
        {
            state = AppendThree(state, bytes);
            bytes = bytes[(3 * Lane)..];
        }

        return AppendOne(state, bytes);
    }

    public static uint Finish(uint state) => ~state;

    // The instruction gives its result three cycles after it began, but can begin every cycle: so three parts of a long run go side by side. The checksum is linear, so what the first part
    // leaves only has to be moved over as many zeroes as the others are long.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static uint AppendThree(uint state, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<ulong> a = MemoryMarshal.Cast<byte, ulong>(bytes[..Lane]);
        ReadOnlySpan<ulong> b = MemoryMarshal.Cast<byte, ulong>(bytes.Slice(Lane, Lane));
        ReadOnlySpan<ulong> c = MemoryMarshal.Cast<byte, ulong>(bytes.Slice(2 * Lane, Lane));
        uint first = state;
        uint second = 0;
        uint third = 0;
        for (int i = 0; i < a.Length && i < b.Length && i < c.Length; i++)
        {
            first = BitOperations.Crc32C(first, Little(a[i]));
            second = BitOperations.Crc32C(second, Little(b[i]));
            third = BitOperations.Crc32C(third, Little(c[i]));
        }

        return OverLane(OverLane(first) ^ second) ^ third;
    }

    private static uint OverLane(uint state) =>
        Zeroes[state & 0xFF] ^ Zeroes[256 + ((state >> 8) & 0xFF)] ^ Zeroes[512 + ((state >> 16) & 0xFF)] ^ Zeroes[768 + (state >> 24)];

    private static uint[] MakeZeroes()
    {
        uint[] table = new uint[1024];
        for (int bit = 0; bit < 32; bit++)
        {
            uint state = 1u << bit;
            for (int i = 0; i < Lane; i += sizeof(ulong))
            {
                state = BitOperations.Crc32C(state, 0ul);
            }

            // Every value with this bit as its highest is the sum of this bit and of a value before.
            int from = (bit / 8 * 256) + (1 << (bit % 8));
            for (int i = 0; i < 1 << (bit % 8); i++)
            {
                table[from + i] = table[(bit / 8 * 256) + i] ^ state;
            }
        }

        return table;
    }

    private static ulong Little(ulong word) => BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word);

    // At once as fast as it gets: a start runs it over the whole log before anything else is warm.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static uint AppendOne(uint state, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words)
        {
            state = BitOperations.Crc32C(state, Little(word));
        }

        foreach (byte b in bytes[(words.Length * sizeof(ulong))..])
        {
            state = BitOperations.Crc32C(state, b);
        }

        return state;
    }
}
