using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace RaftActors.Protocol;

/// <summary>What an entry of kind <see cref="EntryKind.Session"/> does.</summary>
public enum SessionOperation : byte
{
    /// <summary>Opens a session; its id is the index of the entry.</summary>
    Open = 1,

    /// <summary>Ends a session: nothing more is accepted from it.</summary>
    Close = 2,

    /// <summary>Only tells the time.</summary>
    Clock = 3,

    /// <summary>Counts as a use of the session.</summary>
    KeepAlive = 4,
}

/// <summary>
/// The data of an entry of kind <see cref="EntryKind.Session"/>. Little-endian: version 1, operation 1, reserved 2, log time in milliseconds 8; then for open: timeout in milliseconds 8,
/// sessions at the most 4, results 4, bytes of results 4; for close and keep-alive: session id 8. Extend-only: later versions add behind that, and readers ignore what they do not know.
/// </summary>
/// <param name="Operation">What it does.</param>
/// <param name="LogTime">The leader's reading of the log's time; whole milliseconds.</param>
/// <param name="SessionId">The session; 0 for open and clock.</param>
/// <param name="Limits">For open; otherwise null.</param>
public sealed record SessionControl(SessionOperation Operation, TimeSpan LogTime, ulong SessionId, SessionLimits? Limits)
{
    private const int Prefix = 12;
    private const byte FormatVersion = 1;

    /// <summary>Opens a session.</summary>
    public static SessionControl Open(SessionLimits limits, TimeSpan logTime = default) => new(SessionOperation.Open, logTime, 0, limits);

    /// <summary>Ends a session.</summary>
    public static SessionControl Close(ulong sessionId, TimeSpan logTime = default) => new(SessionOperation.Close, logTime, sessionId, null);

    /// <summary>Keeps a session that has nothing to say.</summary>
    public static SessionControl KeepAlive(ulong sessionId, TimeSpan logTime = default) => new(SessionOperation.KeepAlive, logTime, sessionId, null);

    /// <summary>Tells the time.</summary>
    public static SessionControl Clock(TimeSpan logTime) => new(SessionOperation.Clock, logTime, 0, null);

    /// <summary>The bytes.</summary>
    public byte[] Encode()
    {
        byte[] bytes = new byte[Prefix + (Operation switch { SessionOperation.Open => 20, SessionOperation.Clock => 0, _ => 8 })];
        bytes[0] = FormatVersion;
        bytes[1] = (byte)Operation;
        Span<byte> at = bytes.AsSpan(4);
        BinaryPrimitives.WriteInt64LittleEndian(at, (long)LogTime.TotalMilliseconds);
        at = at[8..];
        switch (Operation)
        {
            case SessionOperation.Open:
                BinaryPrimitives.WriteInt64LittleEndian(at, (long)Limits!.Timeout.TotalMilliseconds);
                BinaryPrimitives.WriteInt32LittleEndian(at[8..], Limits.MaxSessions);
                BinaryPrimitives.WriteInt32LittleEndian(at[12..], Limits.MaxResults);
                BinaryPrimitives.WriteInt32LittleEndian(at[16..], Limits.MaxResultBytes);
                break;
            case SessionOperation.Clock:
                break;
            default:
                BinaryPrimitives.WriteUInt64LittleEndian(at, SessionId);
                break;
        }

        return bytes;
    }

    /// <summary>Reads one that came from a log or a peer.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out SessionControl? control)
    {
        control = null;
        if (bytes.Length < Prefix || bytes[0] < FormatVersion)
        {
            return false;
        }

        long time = BinaryPrimitives.ReadInt64LittleEndian(bytes[4..]);
        if (!TryTime(time, out TimeSpan logTime))
        {
            return false;
        }

        ReadOnlySpan<byte> at = bytes[Prefix..];
        SessionOperation operation = (SessionOperation)bytes[1];
        switch (operation)
        {
            case SessionOperation.Open when at.Length >= 20 && TryTime(BinaryPrimitives.ReadInt64LittleEndian(at), out TimeSpan timeout):
                SessionLimits limits = new(
                    timeout,
                    BinaryPrimitives.ReadInt32LittleEndian(at[8..]),
                    BinaryPrimitives.ReadInt32LittleEndian(at[12..]),
                    BinaryPrimitives.ReadInt32LittleEndian(at[16..]));
                control = limits.IsPossible ? Open(limits, logTime) : null;
                break;
            case SessionOperation.Close or SessionOperation.KeepAlive when at.Length >= 8 && BinaryPrimitives.ReadUInt64LittleEndian(at) is > 0 and var session:
                control = new SessionControl(operation, logTime, session, null);
                break;
            case SessionOperation.Clock:
                control = Clock(logTime);
                break;
        }

        return control is not null;
    }

    internal static bool TryTime(long milliseconds, out TimeSpan time)
    {
        // Far beyond any real stream, and far from where adding to it overflows.
        bool isPossible = milliseconds is >= 0 and < long.MaxValue / TimeSpan.TicksPerMillisecond / 4;
        time = isPossible ? TimeSpan.FromTicks(milliseconds * TimeSpan.TicksPerMillisecond) : default;
        return isPossible;
    }
}
