using Akka.Actor;
using Akka.Persistence;
using RaftActors.Persistence;

namespace RaftActors.Snapshots;

/// <summary>
/// Snapshots of one member in an Akka.Persistence snapshot store. A store keeps one object under one sequence number, and a large object blocks it; so the content is cut into blocks
/// with numbers of their own: the snapshot's index, then 20 bits for the block. The header has the highest, so it is what the store finds first.
/// </summary>
/// <remarks>
/// Of a range, only the upper end may be trusted: the store of Akka.Persistence.Sql knows no lower one. It answers a question for one number with the newest up to it, and would delete everything up to it. So what is
/// read is compared with what was asked for, and what is deleted is either one number or all below one. And no number is written a second time, where stores differ in which of the two they find.
/// </remarks>
internal sealed class SnapshotStorage(IActorRef store, string persistenceId, TimeSpan timeout, Func<IActorRef, object, TimeSpan, Task<object>>? ask = null)
{
    /// <summary>All numbers below the header's.</summary>
    public const int MaxBlocks = HeaderNumber;

    private const int BlockBits = 20;
    private const int HeaderNumber = (1 << BlockBits) - 1;

    /// <summary>To be called before the first block: what an unfinished snapshot may have left under this index is none from here on.</summary>
    public Task BeginAsync(LogIndex snapshot) => DeleteOneAsync(NumberOf(snapshot, HeaderNumber));

    /// <summary>Stores a block, in the place of one that an unfinished snapshot may have left. How many it left is not known, and a store that is asked may not find a damaged one; so each place is cleared when its turn comes.</summary>
    public async Task SaveBlockAsync(LogIndex snapshot, int block, StoredSnapshotBlock data)
    {
        await DeleteOneAsync(NumberOf(snapshot, block)).ConfigureAwait(false);
        await SaveAsync(NumberOf(snapshot, block), data).ConfigureAwait(false);
    }

    public Task SaveHeaderAsync(StoredSnapshotHeader header) => SaveAsync(NumberOf(header.Info.Last.Index, HeaderNumber), header);

    /// <summary>The header of a snapshot.</summary>
    /// <exception cref="SnapshotUnusableException">There is none, or it cannot be read.</exception>
    public async Task<StoredSnapshotHeader> LoadHeaderAsync(LogIndex snapshot) =>
        await LoadAsync(NumberOf(snapshot, HeaderNumber), $"the header of snapshot {snapshot}").ConfigureAwait(false) as StoredSnapshotHeader
        ?? throw new SnapshotUnusableException($"the header of snapshot {snapshot} is something else");

    /// <summary>One block of a snapshot, checked.</summary>
    /// <exception cref="SnapshotUnusableException">There is none, or it cannot be read.</exception>
    public async Task<StoredSnapshotBlock> LoadBlockAsync(StoredSnapshotHeader header, int block)
    {
        string what = $"block {block} of snapshot {header.Info.Last.Index}";
        StoredSnapshotBlock? data = await LoadAsync(NumberOf(header.Info.Last.Index, block), what).ConfigureAwait(false) as StoredSnapshotBlock;
        return data?.Data.Length == header.Blocks[block] ? data : throw new SnapshotUnusableException($"{what} is something else");
    }

    /// <summary>Reads a whole snapshot and compares its checksum.</summary>
    /// <exception cref="SnapshotUnusableException">It is not whole, or damaged.</exception>
    public async Task<StoredSnapshotHeader> VerifyAsync(LogIndex snapshot)
    {
        StoredSnapshotHeader header = await LoadHeaderAsync(snapshot).ConfigureAwait(false);
        uint checksum = 0;
        for (int i = 0; i < header.Blocks.Count; i++)
        {
            checksum = Crc32C.Compute((await LoadBlockAsync(header, i).ConfigureAwait(false)).Data.Span, checksum);
        }

        return checksum == header.Checksum ? header : throw new SnapshotUnusableException($"snapshot {snapshot} has a wrong checksum");
    }

    /// <summary>The newest snapshot below <paramref name="index"/>, whole or not; zero when there is none.</summary>
    public async Task<LogIndex> NewestBelowAsync(LogIndex index)
    {
        long most = NumberOf(index, 0) - 1;
        object answer = await AskAsync(new LoadSnapshot(persistenceId, new SnapshotSelectionCriteria(most), most)).ConfigureAwait(false);
        return answer is LoadSnapshotResult { Snapshot: { } found } ? new LogIndex(found.Metadata.SequenceNr >> BlockBits) : LogIndex.Zero;
    }

    /// <summary>Deletes every snapshot below <paramref name="index"/>.</summary>
    public Task DeleteBelowAsync(LogIndex index) =>
        DeleteAsync(new DeleteSnapshots(persistenceId, new SnapshotSelectionCriteria(NumberOf(index, 0) - 1, DateTime.MaxValue, 0, null)), "old snapshots");

    /// <summary>Deletes one snapshot of so many blocks, finished or not.</summary>
    public async Task DeleteAsync(LogIndex snapshot, int blocks)
    {
        await BeginAsync(snapshot).ConfigureAwait(false);
        for (int block = 0; block < blocks; block++)
        {
            await DeleteOneAsync(NumberOf(snapshot, block)).ConfigureAwait(false);
        }
    }

    private static long NumberOf(LogIndex snapshot, int block) => checked((snapshot.Value << BlockBits) | (long)block);

    private Task DeleteOneAsync(long number) => DeleteAsync(new DeleteSnapshot(new SnapshotMetadata(persistenceId, number, DateTime.MinValue)), "an unfinished snapshot");

    private async Task DeleteAsync(object request, string what)
    {
        object answer = await AskAsync(request).ConfigureAwait(false);
        if (((answer as DeleteSnapshotFailure)?.Cause ?? (answer as DeleteSnapshotsFailure)?.Cause) is { } cause)
        {
            throw new SnapshotUnusableException($"{what} could not be deleted: {cause.Message}", cause);
        }
    }

    private async Task SaveAsync(long number, object data)
    {
        if (await AskAsync(new SaveSnapshot(new SnapshotMetadata(persistenceId, number, DateTime.UtcNow), data)).ConfigureAwait(false) is SaveSnapshotFailure failure)
        {
            throw new SnapshotUnusableException($"the snapshot store failed to write: {failure.Cause.Message}", failure.Cause);
        }
    }

    private async Task<object> LoadAsync(long number, string what) =>
        await AskAsync(new LoadSnapshot(persistenceId, new SnapshotSelectionCriteria(number, DateTime.MaxValue, number, null), number)).ConfigureAwait(false) switch
        {
            LoadSnapshotResult { Snapshot: { } other } when other.Metadata.SequenceNr != number => throw new SnapshotUnusableException($"{what} is not in the snapshot store"),
            LoadSnapshotResult { Snapshot.Snapshot: UnreadableEvent unreadable } => throw new SnapshotUnusableException($"{what} is {unreadable.Error}"),
            LoadSnapshotResult { Snapshot: { } found } => found.Snapshot,
            LoadSnapshotFailed failed => throw new SnapshotUnusableException($"{what} cannot be read: {failed.Cause.Message}", failed.Cause),
            _ => throw new SnapshotUnusableException($"{what} is not in the snapshot store"),
        };

    private async Task<object> AskAsync(object request)
    {
        try
        {
            return await (ask is null ? store.Ask<object>(request, timeout) : ask(store, request, timeout)).ConfigureAwait(false);
        }
        catch (AskTimeoutException e)
        {
            throw new SnapshotUnusableException($"the snapshot store did not answer within {timeout}", e);
        }
    }
}
