using Akka.Actor;
using Akka.Persistence;
using RaftActors.Persistence;
using RaftActors.Snapshots;

namespace RaftActors.Tests.Persistence;

/// <summary>Snapshots in a store that knows only the upper ends of what it is asked for, as the one of Akka.Persistence.Sql.</summary>
public sealed class SnapshotStorageSpec
{
    private static readonly LogIndex Older = new(10);
    private static readonly LogIndex Newer = new(20);

    private readonly SortedDictionary<long, object> _stored = [];
    private Exception? _refused;

    private SnapshotStorage Storage => new(ActorRefs.Nobody, "a", TimeSpan.FromSeconds(1), (_, request, _) => Task.FromResult(Answer(request)));

    [Fact]
    public async Task A_snapshot_that_is_begun_must_leave_the_one_before_it()
    {
        await SaveAsync(Older, "one", "two");

        await Storage.BeginAsync(Newer);
        await Storage.SaveBlockAsync(Newer, 0, Block("three"));

        Assert.Equal(2, (await Storage.VerifyAsync(Older)).Blocks.Count);
    }

    [Fact]
    public async Task A_snapshot_that_is_begun_again_must_be_the_new_one_only()
    {
        await SaveAsync(Newer, "old", "old", "old");
        await Storage.BeginAsync(Newer);
        await Assert.ThrowsAsync<SnapshotUnusableException>(() => Storage.LoadHeaderAsync(Newer));

        await SaveAsync(Newer, "new");

        Assert.Single((await Storage.VerifyAsync(Newer)).Blocks);
    }

    [Fact]
    public async Task A_block_that_is_missing_must_not_be_taken_from_another()
    {
        StoredSnapshotHeader header = await SaveAsync(Newer, "same", "same");
        _stored.Remove(_stored.Keys.Skip(1).First());

        await Assert.ThrowsAsync<SnapshotUnusableException>(() => Storage.LoadBlockAsync(header, 1));
        await Assert.ThrowsAsync<SnapshotUnusableException>(() => Storage.LoadHeaderAsync(new LogIndex(21)));
    }

    [Fact]
    public async Task Deleting_must_concern_what_it_names()
    {
        await SaveAsync(Older, "one");
        await SaveAsync(Newer, "two", "three");

        await Storage.DeleteAsync(Newer, 2);
        Assert.Equal(Older, await Storage.NewestBelowAsync(new LogIndex(100)));
        await Storage.VerifyAsync(Older);

        await SaveAsync(Newer, "two");
        await Storage.DeleteBelowAsync(Newer);
        Assert.Equal(LogIndex.Zero, await Storage.NewestBelowAsync(Newer));
        await Storage.VerifyAsync(Newer);
    }

    [Fact]
    public async Task A_snapshot_that_lacks_a_block_must_not_come_to_be_even_if_its_writer_goes_on()
    {
        SnapshotWriteStream content = new(Storage, Newer, blockBytes: 1);
        _refused = new IOException("no room");
        await Assert.ThrowsAsync<SnapshotUnusableException>(() => content.WriteAsync("a"u8.ToArray()).AsTask());
        _refused = null;

        // A state machine that takes no notice.
        await Assert.ThrowsAsync<SnapshotUnusableException>(() => content.WriteAsync("b"u8.ToArray()).AsTask());
        SnapshotUnusableException failed = await Assert.ThrowsAsync<SnapshotUnusableException>(() => content.CompleteAsync(Info(Newer)));

        Assert.Contains("no room", failed.Message, StringComparison.Ordinal);
        Assert.Equal(1, content.Blocks);
        await Assert.ThrowsAsync<SnapshotUnusableException>(() => Storage.LoadHeaderAsync(Newer));
    }

    private static SnapshotInfo Info(LogIndex index) =>
        new(new EntryId(new Term(1), index), new StreamMembership([new Member(new NodeId(1), MemberKind.Voter, "localhost:1")]));

    private static StoredSnapshotBlock Block(string text)
    {
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(text);
        return new StoredSnapshotBlock(bytes, Crc32C.Compute(bytes));
    }

    private async Task<StoredSnapshotHeader> SaveAsync(LogIndex index, params string[] blocks)
    {
        uint checksum = 0;
        for (int i = 0; i < blocks.Length; i++)
        {
            StoredSnapshotBlock block = Block(blocks[i]);
            await Storage.SaveBlockAsync(index, i, block);
            checksum = Crc32C.Compute(block.Data.Span, checksum);
        }

        StoredSnapshotHeader header = new(Info(index), checksum, [.. blocks.Select(b => b.Length)]);
        await Storage.SaveHeaderAsync(header);
        return header;
    }

    private object Answer(object request)
    {
        switch (request)
        {
            case SaveSnapshot save when _refused is { } refused:
                return new SaveSnapshotFailure(save.Metadata, refused);
            case SaveSnapshot save:
                _stored.Add(save.Metadata.SequenceNr, save.Snapshot);
                return new SaveSnapshotSuccess(save.Metadata);
            case LoadSnapshot load:
                long most = Math.Min(load.Criteria.MaxSequenceNr, load.ToSequenceNr);
                long found = _stored.Keys.Where(number => number <= most).DefaultIfEmpty(-1).Max();
                return new LoadSnapshotResult(found < 0 ? null! : new SelectedSnapshot(new SnapshotMetadata("a", found, DateTime.UtcNow), _stored[found]), load.ToSequenceNr);
            case DeleteSnapshot delete:
                _stored.Remove(delete.Metadata.SequenceNr);
                return new DeleteSnapshotSuccess(delete.Metadata);
            case DeleteSnapshots delete:
                foreach (long number in _stored.Keys.Where(number => number <= delete.Criteria.MaxSequenceNr).ToArray())
                {
                    _stored.Remove(number);
                }

                return new DeleteSnapshotsSuccess(delete.Criteria);
            default:
                throw new ArgumentException($"{request}", nameof(request));
        }
    }
}
