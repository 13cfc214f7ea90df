using System.Buffers;
using System.Buffers.Binary;

namespace KvServer.State;

/// <summary>
/// The whole state at one index, and its byte form in snapshots: version 1, reserved 7, applied index 8, clock 8, malformed 8, number of keys 8; then per key, in the order of the
/// keys' bytes, so that equal states have equal bytes: length of the key 4, length of the value 4, deadline 8, key, value. Little-endian.
/// </summary>
/// <param name="AppliedIndex">The index of the last entry in it.</param>
/// <param name="Clock">See <see cref="KvStore.Clock"/>.</param>
/// <param name="Malformed">See <see cref="KvStore.Malformed"/>.</param>
/// <param name="Entries">The keys; deadline 0 for none.</param>
internal sealed record KvStateCopy(long AppliedIndex, long Clock, long Malformed, (byte[] Key, byte[] Value, long Deadline)[] Entries)
{
    private const byte Version = 1;
    private const int HeaderSize = 40;
    private const int EntrySize = 16;
    private const int ChunkSize = 64 * 1024;

    public async Task WriteAsync(Stream to, CancellationToken cancellation)
    {
        // Sorting and writing take their time: not on the thread that applies.
        await Task.Yield();
        Array.Sort(Entries, static (a, b) => a.Key.AsSpan().SequenceCompareTo(b.Key));
        ArrayBufferWriter<byte> chunk = new(ChunkSize * 2);
        Span<byte> header = chunk.GetSpan(HeaderSize)[..HeaderSize];
        header.Clear();
        header[0] = Version;
        BinaryPrimitives.WriteInt64LittleEndian(header[8..], AppliedIndex);
        BinaryPrimitives.WriteInt64LittleEndian(header[16..], Clock);
        BinaryPrimitives.WriteInt64LittleEndian(header[24..], Malformed);
        BinaryPrimitives.WriteInt64LittleEndian(header[32..], Entries.Length);
        chunk.Advance(HeaderSize);
        foreach ((byte[] key, byte[] value, long deadline) in Entries)
        {
            Write(chunk, key, value, deadline);
            if (chunk.WrittenCount >= ChunkSize)
            {
                await to.WriteAsync(chunk.WrittenMemory, cancellation).ConfigureAwait(false);
                chunk.ResetWrittenCount();
            }
        }

        await to.WriteAsync(chunk.WrittenMemory, cancellation).ConfigureAwait(false);
    }

    /// <exception cref="InvalidDataException">The bytes are no state of this version.</exception>
    public static async Task<KvStateCopy> ReadAsync(Stream from, CancellationToken cancellation)
    {
        BufferedStream source = new(from, ChunkSize);
        byte[] header = new byte[HeaderSize];
        await source.ReadExactlyAsync(header, cancellation).ConfigureAwait(false);
        long count = BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(32));
        if (header[0] != Version || count is < 0 or > int.MaxValue)
        {
            throw new InvalidDataException($"A state of format version {header[0]} with {count} keys; this program knows version {Version} only.");
        }

        List<(byte[], byte[], long)> entries = [];
        byte[] sizes = new byte[EntrySize];
        for (long i = 0; i < count; i++)
        {
            await source.ReadExactlyAsync(sizes, cancellation).ConfigureAwait(false);
            int keyLength = BinaryPrimitives.ReadInt32LittleEndian(sizes);
            int valueLength = BinaryPrimitives.ReadInt32LittleEndian(sizes.AsSpan(4));
            if (keyLength is < 0 or > KvFormat.MaxValueLength || valueLength is < 0 or > KvFormat.MaxValueLength)
            {
                throw new InvalidDataException($"Key {i} has {keyLength} bytes and its value {valueLength}.");
            }

            byte[] key = new byte[keyLength];
            byte[] value = new byte[valueLength];
            await source.ReadExactlyAsync(key, cancellation).ConfigureAwait(false);
            await source.ReadExactlyAsync(value, cancellation).ConfigureAwait(false);
            entries.Add((key, value, BinaryPrimitives.ReadInt64LittleEndian(sizes.AsSpan(8))));
        }

        return new KvStateCopy(
            BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(8)),
            BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(16)),
            BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(24)),
            [.. entries]);
    }

    private static void Write(ArrayBufferWriter<byte> to, byte[] key, byte[] value, long deadline)
    {
        Span<byte> sizes = to.GetSpan(EntrySize);
        BinaryPrimitives.WriteInt32LittleEndian(sizes, key.Length);
        BinaryPrimitives.WriteInt32LittleEndian(sizes[4..], value.Length);
        BinaryPrimitives.WriteInt64LittleEndian(sizes[8..], deadline);
        to.Advance(EntrySize);
        to.Write(key);
        to.Write(value);
    }
}
