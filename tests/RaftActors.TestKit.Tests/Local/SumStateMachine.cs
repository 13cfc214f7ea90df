using RaftActors.Protocol;

namespace RaftActors.TestKit.Tests.Local;

/// <summary>Counts bytes, and saves them with so much filling that a snapshot takes several blocks.</summary>
internal sealed class SumStateMachine(bool reads = false) : IStateMachine
{
    public const int SnapshotSize = 5000;

    public long Sum { get; private set; }

    public int Loads { get; private set; }

    public bool SupportsSnapshots => true;

    public void Apply(CommittedEntries entries)
    {
        foreach (CommittedEntry entry in entries)
        {
            Sum += entry.Data.Length;
        }
    }

    public ReadOnlyMemory<byte> Query(ReadOnlyMemory<byte> query) => BitConverter.GetBytes(Sum);

    public ulong StateHash() => (ulong)Sum;

    public async Task SaveSnapshotAsync(Stream destination, CancellationToken cancellationToken)
    {
        byte[] bytes = new byte[SnapshotSize];
        BitConverter.TryWriteBytes(bytes, Sum);
        for (int at = 0; at < bytes.Length; at += 500)
        {
            await destination.WriteAsync(bytes.AsMemory(at, 500), cancellationToken);
        }
    }

    public async Task LoadSnapshotAsync(Stream source, CancellationToken cancellationToken)
    {
        byte[] bytes = new byte[SnapshotSize];
        if (reads)
        {
            source.ReadExactly(bytes);
        }
        else
        {
            await source.ReadExactlyAsync(bytes, cancellationToken);
        }

        Sum = BitConverter.ToInt64(bytes);
        Loads++;
    }
}
