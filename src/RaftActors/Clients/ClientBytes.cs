using System.Buffers;

namespace RaftActors.Runtime;

/// <summary>
/// Memory for the copies of clients' bytes. They are taken on many threads and given back on one, hundreds at a time: .NET's shared pool keeps some dozens of each size and would make the rest anew.
/// </summary>
internal static class ClientBytes
{
    // At most 8 MiB in all are kept.
    private const int MaxSmall = 4096;
    private const int KeptOfEachSize = 1024;

    private static readonly ArrayPool<byte> Small = ArrayPool<byte>.Create(MaxSmall, KeptOfEachSize);

    /// <summary>An array of at least this length, its content undefined.</summary>
    public static byte[] Rent(int length) => PoolFor(length).Rent(length);

    /// <summary>Takes an array back that nobody looks at any more.</summary>
    public static void Return(byte[] bytes) => PoolFor(bytes.Length).Return(bytes);

    private static ArrayPool<byte> PoolFor(int length) => length <= MaxSmall ? Small : ArrayPool<byte>.Shared;
}
