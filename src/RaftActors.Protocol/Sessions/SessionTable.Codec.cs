using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace RaftActors.Protocol;

// The table as a part of snapshots, version 1, little-endian, extend-only: version 1, reserved 3, log time in milliseconds 8, number of sessions 4; per session, in order of ids: id 8, timeout in
// milliseconds 8, last used at (log time in milliseconds) 8, last use (index) 8, flags 1 (1 used since the log told the time), reserved 3, results at the most 4, bytes of them 4, floor 8,
// number of results 4; per result, in order of serials: serial 8, term 8, index 8, flags 1 (1 forgotten), reserved 3, length 4, result. Equal tables give equal bytes.
public sealed partial class SessionTable
{
    private const byte FormatVersion = 1;
    private const int HeaderBytes = 16;
    private const int SessionBytes = 56;
    private const int ResultBytes = 32;
    private const byte FlagFresh = 1;
    private const byte FlagForgotten = 1;

    /// <summary>The bytes that stand for this table in a snapshot. No command may be between <see cref="Begin"/> and <see cref="Complete"/>.</summary>
    public byte[] Encode()
    {
#if RAFT_MUTANTS
        if (Mutants.Active == Mutant.SnapshotWithoutSessions)
        {
            return new SessionTable { LogTime = LogTime }.EncodeAll();
        }
#endif
        return EncodeAll();
    }

    private byte[] EncodeAll()
    {
        long size = HeaderBytes;
        foreach (ClientSession session in _sessions.Values)
        {
            size += SessionBytes + session.Bytes + (ResultBytes * (long)session.Results.Count);
        }

        byte[] bytes = new byte[checked((int)size)];
        bytes[0] = FormatVersion;
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(4), Milliseconds(LogTime));
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), _sessions.Count);
        Span<byte> at = bytes.AsSpan(HeaderBytes);
        foreach (ClientSession session in _sessions.Values)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(at, session.Id);
            BinaryPrimitives.WriteInt64LittleEndian(at[8..], Milliseconds(session.Timeout));
            BinaryPrimitives.WriteInt64LittleEndian(at[16..], Milliseconds(session.ActiveAt));
            BinaryPrimitives.WriteInt64LittleEndian(at[24..], session.LastUse.Value);
            at[32] = session.IsFresh ? FlagFresh : (byte)0;
            BinaryPrimitives.WriteInt32LittleEndian(at[36..], session.MaxResults);
            BinaryPrimitives.WriteInt32LittleEndian(at[40..], session.MaxResultBytes);
            BinaryPrimitives.WriteUInt64LittleEndian(at[44..], session.Floor);
            BinaryPrimitives.WriteInt32LittleEndian(at[52..], session.Results.Count);
            at = at[SessionBytes..];
            foreach (RememberedResult result in session.Results.Values)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(at, result.Serial);
                BinaryPrimitives.WriteInt64LittleEndian(at[8..], result.Id.Term.Value);
                BinaryPrimitives.WriteInt64LittleEndian(at[16..], result.Id.Index.Value);
                at[24] = result.IsForgotten ? FlagForgotten : (byte)0;
                BinaryPrimitives.WriteInt32LittleEndian(at[28..], result.Result.Length);
                result.Result.Span.CopyTo(at[ResultBytes..]);
                at = at[(ResultBytes + result.Result.Length)..];
            }
        }

        return bytes;
    }

    /// <summary>Reads a table from a snapshot.</summary>
    /// <param name="bytes">What <see cref="Encode"/> wrote.</param>
    /// <param name="table">The table, when the bytes are one.</param>
    /// <param name="error">What is wrong, when they are not.</param>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out SessionTable? table, [NotNullWhen(false)] out string? error)
    {
        table = null;
        if (bytes.Length < HeaderBytes || bytes[0] != FormatVersion)
        {
            error = bytes.Length < HeaderBytes ? $"a table of sessions of {bytes.Length} bytes" : $"a table of sessions of version {bytes[0]}; this version reads {FormatVersion}";
            return false;
        }

        SessionTable read = new();
        int count = BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]);
        ReadOnlySpan<byte> at = bytes[HeaderBytes..];
        bool isPossible = SessionControl.TryTime(BinaryPrimitives.ReadInt64LittleEndian(bytes[4..]), out TimeSpan logTime) && count >= 0 && count <= at.Length / SessionBytes;
        read.LogTime = logTime;
        for (int i = 0; isPossible && i < count; i++)
        {
            isPossible = read.TryReadSession(ref at);
        }

        if (!isPossible || !at.IsEmpty)
        {
            error = "a table of sessions with impossible contents";
            return false;
        }

        error = null;
        table = read;
        return true;
    }

    private bool TryReadSession(ref ReadOnlySpan<byte> at)
    {
        if (at.Length < SessionBytes
            || !SessionControl.TryTime(BinaryPrimitives.ReadInt64LittleEndian(at[8..]), out TimeSpan timeout)
            || !SessionControl.TryTime(BinaryPrimitives.ReadInt64LittleEndian(at[16..]), out TimeSpan activeAt))
        {
            return false;
        }

        ulong id = BinaryPrimitives.ReadUInt64LittleEndian(at);
        long lastUse = BinaryPrimitives.ReadInt64LittleEndian(at[24..]);
        SessionLimits limits = new(timeout, 1, BinaryPrimitives.ReadInt32LittleEndian(at[36..]), BinaryPrimitives.ReadInt32LittleEndian(at[40..]));
        ulong floor = BinaryPrimitives.ReadUInt64LittleEndian(at[44..]);
        int results = BinaryPrimitives.ReadInt32LittleEndian(at[52..]);
        bool isFresh = (at[32] & FlagFresh) != 0;
        if (id == 0 || lastUse <= 0 || floor == 0 || !limits.IsPossible || results < 0 || results > limits.MaxResults || (_sessions.Count > 0 && _sessions.ContainsKey(id)))
        {
            return false;
        }

        ClientSession session = new(id, timeout, limits.MaxResults, limits.MaxResultBytes) { LastUse = new LogIndex(lastUse), ActiveAt = activeAt, Floor = floor };
        at = at[SessionBytes..];
        for (int i = 0; i < results; i++)
        {
            if (!TryReadResult(session, ref at))
            {
                return false;
            }
        }

        _sessions.Add(id, session);
        _nextExpiry = Min(_nextExpiry, session.ExpiresAt);
        if (isFresh)
        {
            Use(session, session.LastUse);
        }

        return true;
    }

    private static bool TryReadResult(ClientSession session, ref ReadOnlySpan<byte> at)
    {
        if (at.Length < ResultBytes)
        {
            return false;
        }

        ulong serial = BinaryPrimitives.ReadUInt64LittleEndian(at);
        EntryId id = new(new Term(BinaryPrimitives.ReadInt64LittleEndian(at[8..])), new LogIndex(BinaryPrimitives.ReadInt64LittleEndian(at[16..])));
        int length = BinaryPrimitives.ReadInt32LittleEndian(at[28..]);
        if (id.Term.Value <= 0 || id.Index.Value <= 0 || length < 0 || length > at.Length - ResultBytes || session.Results.ContainsKey(serial))
        {
            return false;
        }

        RememberedResult result = new(session, serial, id)
        {
            IsForgotten = (at[24] & FlagForgotten) != 0,
            Result = at.Slice(ResultBytes, length).ToArray(),
        };
        session.Results.Add(serial, result);
        session.Bytes += length;
        at = at[(ResultBytes + length)..];
        return true;
    }

    private static long Milliseconds(TimeSpan time) => time.Ticks / TimeSpan.TicksPerMillisecond;
}
