using System.Buffers.Binary;

namespace RaftActors.Snapshots;

/// <summary>
/// What stands in front of the state machine's own bytes: version 1, reserved 3, length 4 of the runtime's own part, that part. Little-endian, extend-only. The part is empty in
/// version 1; a reader skips what it does not know.
/// </summary>
internal static class SnapshotContent
{
    private const int PrefixSize = 8;

    public static void WritePrefix(Stream to)
    {
        Span<byte> prefix = stackalloc byte[PrefixSize];
        prefix.Clear();
        prefix[0] = 1;
        to.Write(prefix);
    }

    public static async Task SkipPrefixAsync(Stream from)
    {
        byte[] prefix = new byte[PrefixSize];
        await from.ReadExactlyAsync(prefix).ConfigureAwait(false);
        int length = BinaryPrimitives.ReadInt32LittleEndian(prefix.AsSpan(4));
        if (prefix[0] != 1 || length < 0)
        {
            throw new SnapshotUnusableException($"the snapshot has format version {prefix[0]}");
        }

        await from.ReadExactlyAsync(new byte[length]).ConfigureAwait(false);
    }
}
