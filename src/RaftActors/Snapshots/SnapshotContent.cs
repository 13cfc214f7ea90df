using System.Buffers.Binary;

namespace RaftActors.Snapshots;

/// <summary>
/// What stands in front of the state machine's own bytes: version 1, reserved 3, length 4 of the runtime's own part, that part. The part is a row of sections, each of which is
/// there only when it has something to say: kind 1, reserved 3, length 4, bytes. Kinds: 1 the client sessions (<see cref="SessionTable"/>). Little-endian, extend-only; a reader skips sections that it
/// does not know.
/// </summary>
internal static class SnapshotContent
{
    private const int PrefixSize = 8;
    private const int SectionSize = 8;
    private const byte Sessions = 1;

    /// <summary>Writes what comes before the state machine's bytes.</summary>
    public static void WritePrefix(Stream to, SessionTable sessions)
    {
        // What only tells the time is worth keeping too: time never goes back.
        byte[] table = sessions.Count == 0 && sessions.LogTime == TimeSpan.Zero ? [] : sessions.Encode();
        byte[] prefix = new byte[PrefixSize + (table.Length == 0 ? 0 : SectionSize + table.Length)];
        prefix[0] = 1;
        BinaryPrimitives.WriteInt32LittleEndian(prefix.AsSpan(4), prefix.Length - PrefixSize);
        if (table.Length > 0)
        {
            prefix[PrefixSize] = Sessions;
            BinaryPrimitives.WriteInt32LittleEndian(prefix.AsSpan(PrefixSize + 4), table.Length);
            table.CopyTo(prefix, PrefixSize + SectionSize);
        }

        to.Write(prefix);
    }

    /// <summary>Reads what comes before the state machine's bytes.</summary>
    /// <exception cref="SnapshotUnusableException">It is of another version, or damaged.</exception>
    public static async Task<SessionTable> ReadPrefixAsync(Stream from)
    {
        byte[] prefix = new byte[PrefixSize];
        await from.ReadExactlyAsync(prefix).ConfigureAwait(false);
        int length = BinaryPrimitives.ReadInt32LittleEndian(prefix.AsSpan(4));
        if (prefix[0] != 1 || length < 0)
        {
            throw new SnapshotUnusableException($"the snapshot has format version {prefix[0]}");
        }

        byte[] part = new byte[length];
        await from.ReadExactlyAsync(part).ConfigureAwait(false);
        return Read(part);
    }

    private static SessionTable Read(ReadOnlySpan<byte> part)
    {
        SessionTable sessions = new();
        while (!part.IsEmpty)
        {
            int length = part.Length < SectionSize ? -1 : BinaryPrimitives.ReadInt32LittleEndian(part[4..]);
            if (length < 0 || length > part.Length - SectionSize)
            {
                throw new SnapshotUnusableException("the runtime's part of the snapshot is damaged");
            }

            if (part[0] == Sessions)
            {
                sessions = SessionTable.TryDecode(part.Slice(SectionSize, length), out SessionTable? table, out string? error)
                    ? table
                    : throw new SnapshotUnusableException($"the snapshot holds {error}");
            }

            part = part[(SectionSize + length)..];
        }

        return sessions;
    }
}
