using Xunit;

namespace RaftActors.Protocol.Tests.Log;

/// <summary>The checksum of everything on wire and disk, by its definition.</summary>
public sealed class Crc32CSpec
{
    [Fact]
    public void The_check_value_of_the_standard() => Assert.Equal(0xE3069283, Crc32C.Compute("123456789"u8));

    [Fact]
    public void Runs_of_every_length_give_what_bit_by_bit_division_gives()
    {
        byte[] bytes = new byte[10_000];
        new Random(4711).NextBytes(bytes);
        foreach (int length in (int[])[0, 1, 7, 8, 9, 1023, 1024, 1025, 3071, 3072, 3073, 3080, 6143, 6144, 6145, 9_999, 10_000])
        {
            Assert.Equal(ByDefinition(bytes.AsSpan(0, length)), Crc32C.Compute(bytes.AsSpan(0, length)));

            // From a place that is no multiple of 8, and in two pieces.
            int start = Math.Min(3, length);
            Assert.Equal(ByDefinition(bytes.AsSpan(start, length - start)), Crc32C.Compute(bytes.AsSpan(start, length - start)));
            Assert.Equal(ByDefinition(bytes.AsSpan(0, length)), Crc32C.Compute(bytes.AsSpan(length / 3, length - (length / 3)), Crc32C.Compute(bytes.AsSpan(0, length / 3))));
        }
    }

    private static uint ByDefinition(ReadOnlySpan<byte> bytes)
    {
        uint state = 0xFFFFFFFF;
        foreach (byte b in bytes)
        {
            state ^= b;
            for (int i = 0; i < 8; i++)
            {
                state = (state >> 1) ^ ((state & 1) != 0 ? 0x82F63B78u : 0);
            }
        }

        return ~state;
    }
}
