using System.Buffers.Binary;
using System.Text;

namespace RaftActors;

/// <summary>
/// A state machine that keeps nothing but a digest of everything applied, in order. For streams whose users follow the log
/// through callbacks, for trying out a cluster, and for telling whether two members applied the same.
/// </summary>
/// <remarks>The digest is a 64-bit mix over index, key and data of each entry; it finds differences, it does not withstand an attacker.</remarks>
public sealed class ChainedHashStateMachine : IStateMachine
{
    private const ulong Multiplier = 0x9E37_79B9_7F4A_7C15;

    private ulong _hash;
    private long _applied;

    /// <inheritdoc/>
    public void Apply(CommittedEntries entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        foreach (CommittedEntry entry in entries)
        {
            ulong hash = Mix(_hash, (ulong)entry.Index.Value);
            hash = Mix(hash, entry.Key);
            ReadOnlySpan<byte> data = entry.Data.Span;
            hash = Mix(hash, (ulong)data.Length);
            while (data.Length >= sizeof(ulong))
            {
                hash = Mix(hash, BinaryPrimitives.ReadUInt64LittleEndian(data));
                data = data[sizeof(ulong)..];
            }

            foreach (byte b in data)
            {
                hash = Mix(hash, b);
            }

            _hash = hash;
            _applied++;
        }
    }

    /// <summary>Answers any query with the number of entries applied and the digest, as text.</summary>
    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Query(ReadOnlyMemory<byte> query) =>
        Encoding.UTF8.GetBytes(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{_applied} {_hash:x16}"));

    /// <inheritdoc/>
    public ulong StateHash() => _hash;

    /// <inheritdoc/>
    public bool SupportsSnapshots => true;

    /// <inheritdoc/>
    public async Task SaveSnapshotAsync(Stream destination, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(destination);
        byte[] state = new byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(state, _hash);
        BinaryPrimitives.WriteInt64LittleEndian(state.AsSpan(8), _applied);
        await destination.WriteAsync(state, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task LoadSnapshotAsync(Stream source, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        byte[] state = new byte[16];
        await source.ReadExactlyAsync(state, cancellationToken).ConfigureAwait(false);
        _hash = BinaryPrimitives.ReadUInt64LittleEndian(state);
        _applied = BinaryPrimitives.ReadInt64LittleEndian(state.AsSpan(8));
    }

    private static ulong Mix(ulong hash, ulong value)
    {
        hash = (hash ^ value) * Multiplier;
        return hash ^ (hash >> 29);
    }
}
