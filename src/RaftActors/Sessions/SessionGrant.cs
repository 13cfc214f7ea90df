using System.Buffers.Binary;

namespace RaftActors;

/// <summary>
/// What a session that was opened may take up. It is the result of the entry that opens it, as bytes: version 1, reserved 3, results at the most 4, timeout in milliseconds 8; little-endian, extend-only.
/// </summary>
/// <param name="SessionId">The session: the index of the entry that opened it.</param>
/// <param name="Timeout">How long it lives without being used.</param>
/// <param name="MaxResults">
/// How many commands it remembers. Do not have more in the air, counted from the lowest serial whose answer is still wanted to the highest that was sent.
/// </param>
public sealed record SessionGrant(ulong SessionId, TimeSpan Timeout, int MaxResults)
{
    private const int Size = 16;

    /// <summary>Reads the answer to <see cref="OpenSession"/>; null when it is another answer.</summary>
    /// <param name="answer">The answer.</param>
    public static SessionGrant? Of(ProposalAnswer answer)
    {
        if (answer is not ProposalCommitted committed || committed.Result.Length < Size || committed.Result.Span[0] < 1)
        {
            return null;
        }

        ReadOnlySpan<byte> bytes = committed.Result.Span;
        return new SessionGrant(
            (ulong)committed.Index.Value,
            TimeSpan.FromMilliseconds(BinaryPrimitives.ReadInt64LittleEndian(bytes[8..])),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]));
    }

    internal static byte[] Encode(SessionLimits limits)
    {
        byte[] bytes = new byte[Size];
        bytes[0] = 1;
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), limits.MaxResults);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8), (long)limits.Timeout.TotalMilliseconds);
        return bytes;
    }
}
