using System.Buffers.Binary;

namespace RaftActors.Persistence;

/// <summary>The frame around a record in a journal: version 1 and reserved 3 before it, a CRC32C 4 over all bytes before it behind it.</summary>
internal static class SealedRecord
{
    public const int Prefix = 4;
    public const int Crc = 4;

    private const byte Version = 1;

    /// <summary>Writes version and checksum around what is in <paramref name="bytes"/>.</summary>
    public static byte[] Seal(byte[] bytes)
    {
        bytes[0] = Version;
        int end = bytes.Length - Crc;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(end), Crc32C.Compute(bytes.AsSpan(0, end)));
        return bytes;
    }

    /// <summary>What is wrong with a record that has at least <paramref name="least"/> bytes within its frame; null for nothing.</summary>
    public static string? WhyBad(byte[] bytes, int least) =>
        bytes.Length < Prefix + least + Crc ? $"{bytes.Length} bytes"
        : !HasItsChecksum(bytes) ? "a wrong checksum"
        : bytes[0] != Version ? $"format version {bytes[0]}"
        : null;

    /// <summary>Whether the bytes, which must be long enough for a checksum, are those that were sealed.</summary>
    public static bool HasItsChecksum(byte[] bytes)
    {
        int end = bytes.Length - Crc;
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(end)) == Crc32C.Compute(bytes.AsSpan(0, end));
    }
}
