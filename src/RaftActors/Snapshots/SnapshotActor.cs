using Akka.Actor;
using Akka.Event;
using RaftActors.Configuration;
using RaftActors.Persistence;
using RaftActors.Snapshots;

namespace RaftActors.Runtime;

/// <summary>
/// Everything about snapshots that takes time: completes those of this member, finds the one to start from, reads blocks for peers that lag behind, stores blocks that the leader sends.
/// The core decides what counts; nothing here does. Never blocks: each access to the store is a task whose outcome comes back as a message.
/// </summary>
internal sealed class SnapshotActor : UntypedActor, IWithTimers
{
    private const int MaxTries = 5;

    private readonly StreamLink _link;
    private readonly Lazy<SnapshotStorage> _storage;
    private readonly RaftClock _clock;
    private readonly StreamSettings _settings;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<NodeId, Outgoing> _outgoing = [];
    private readonly Queue<Effect.SendSnapshot> _waiting = new();
    private Incoming? _incoming;
    private TimeSpan _freeAt;

    public SnapshotActor(StreamLink link, RaftClock clock, Lazy<SnapshotStorage> storage)
    {
        _clock = clock;
        _link = link;
        _storage = storage;
        _settings = link.Settings;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => _clock.Now;

    public static Props Props(StreamLink link, RaftClock clock, Lazy<SnapshotStorage> storage) =>
        Akka.Actor.Props.Create(() => new SnapshotActor(link, clock, storage)).WithDispatcher(NodeEnvironment.Consensus);

    protected override void PostRestart(Exception reason)
    {
        base.PostRestart(reason);
        Context.Parent.Tell(SnapshotsRestarted.Instance);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case FinishSnapshot finish:
                Finish(finish);
                break;
            case FindSnapshot find:
                Find(find.Compaction);
                break;
            case PruneSnapshots prune:
                Prune(prune.Below);
                break;
            case Effect.SendSnapshot send:
                Begin(send);
                break;
            case Effect.StopSendingSnapshot stop:
                End(stop.Peer);
                break;
            case Effect.SnapshotAcknowledged acknowledged:
                OnAcknowledged(acknowledged);
                break;
            case StopTransfers:
                _waiting.Clear();
                foreach (NodeId peer in _outgoing.Keys.ToArray())
                {
                    Forget(peer);
                }

                break;
            case HeaderRead read:
                OnHeader(read);
                break;
            case SendNow now:
                ReadBlock(now.Peer);
                break;
            case BlockRead read:
                OnBlock(read);
                break;
            case BlockUnanswered unanswered:
                OnUnanswered(unanswered.Peer);
                break;
            case Effect.StoreSnapshotBlock store:
                Store(store);
                break;
            case BlockStored stored:
                OnStored(stored);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Finish(FinishSnapshot finish)
    {
        async Task<object> CompleteAsync()
        {
            try
            {
                await finish.Written.ConfigureAwait(false);
                StoredSnapshotHeader header = await finish.Content.CompleteAsync(finish.Info).ConfigureAwait(false);
                return new SnapshotOnDisk(finish.Info, header.TotalSize);
            }
            catch (Exception e)
            {
                // User code and plugins throw what they like; whatever it is, there is no snapshot.
                return new SnapshotNotTaken(e.Message, e, Never: false);
            }
        }

        _ = CompleteAsync().PipeTo(Context.Parent, Self);
    }

    private void Find(LogCompacted compaction)
    {
        async Task<object> FindAsync()
        {
            LogIndex newest = compaction.Snapshot.Last.Index;
            string? why = null;
            try
            {
                for (LogIndex index = newest; index >= compaction.Base.Index && index > LogIndex.Zero; index = await _storage.Value.NewestBelowAsync(index).ConfigureAwait(false))
                {
                    try
                    {
                        StoredSnapshotHeader header = await _storage.Value.VerifyAsync(index).ConfigureAwait(false);
                        if (index < newest || header.Info.Last == compaction.Snapshot.Last)
                        {
                            return new SnapshotFound(index, why);
                        }

                        why = $"snapshot {index} is of entry {header.Info.Last}, the journal says {compaction.Snapshot.Last}";
                    }
                    catch (SnapshotUnusableException e)
                    {
                        why = why is null ? e.Message : $"{why}; {e.Message}";
                    }
                }

                return new NoUsableSnapshot($"the log begins behind {compaction.Base}, and no snapshot that covers what is missing can be used: {why}. Restore the journal and the snapshots from the same copy, or remove this member and add it again as a new one", null);
            }
            catch (Exception e)
            {
                return new NoUsableSnapshot($"the log begins behind {compaction.Base}, and the snapshot store cannot be read: {e.Message}", e);
            }
        }

        _ = FindAsync().PipeTo(Context.Parent, Self);
    }

    private void Prune(LogIndex below)
    {
        // A peer may be in the middle of an older one; beginning anew with each snapshot, a slow peer would never end.
        foreach (Outgoing transfer in _outgoing.Values)
        {
            below = LogIndex.Min(below, transfer.Snapshot.Last.Index);
        }

        async Task DeleteAsync()
        {
            try
            {
                await _storage.Value.DeleteBelowAsync(below).ConfigureAwait(false);
            }
            catch (SnapshotUnusableException e)
            {
                // They only take up room; the next compaction tries again.
                LogLines.PruneFailed(_log, _link.Id, _link.Self, e.Message);
            }
        }

        _ = DeleteAsync();
    }

    private void Begin(Effect.SendSnapshot send)
    {
        Forget(send.Peer);
        if (_outgoing.Count >= _settings.MaxSnapshotTransfers)
        {
            _waiting.Enqueue(send);
            return;
        }

        Outgoing transfer = new(send.Snapshot);
        _outgoing.Add(send.Peer, transfer);
        LogLines.SendingSnapshot(_log, _link.Id, _link.Self, send.Peer, send.Snapshot);
        async Task<HeaderRead> ReadAsync()
        {
            try
            {
                return new HeaderRead(send.Peer, transfer, await _storage.Value.LoadHeaderAsync(send.Snapshot.Last.Index).ConfigureAwait(false), null);
            }
            catch (Exception e)
            {
                return new HeaderRead(send.Peer, transfer, null, e.Message);
            }
        }

        _ = ReadAsync().PipeTo(Self);
    }

    private void OnHeader(HeaderRead read)
    {
        if (!IsCurrent(read.Peer, read.Transfer))
        {
            return;
        }

        if (read.Header is not { } header)
        {
            Fail(read.Peer, read.Error!);
            return;
        }

        read.Transfer.Header = header;
        SendNext(read.Peer, read.Transfer);
    }

    private void OnAcknowledged(Effect.SnapshotAcknowledged acknowledged)
    {
        if (!_outgoing.TryGetValue(acknowledged.Peer, out Outgoing? transfer)
            || transfer.Header is not { } header
            || transfer.Snapshot.Last.Index != acknowledged.Snapshot
            || header.Id != acknowledged.Id
            || acknowledged.Offset > header.TotalSize)
        {
            return;
        }

        bool isNew = acknowledged.Offset != transfer.Offset || !acknowledged.Accepted;
        if (isNew && !transfer.Reading)
        {
            transfer.Offset = acknowledged.Offset;
            transfer.Tries = 0;
            if (transfer.Offset < header.TotalSize)
            {
                SendNext(acknowledged.Peer, transfer);
            }
        }
    }

    /// <summary>Reads the next block, when the bytes per second allow it.</summary>
    private void SendNext(NodeId peer, Outgoing transfer)
    {
        transfer.Reading = true;
        TimeSpan now = Now;
        TimeSpan start = _freeAt > now ? _freeAt : now;
        if (_settings.SnapshotBytesPerSecond > 0)
        {
            long bytes = transfer.Header!.Blocks[transfer.BlockAtOffset()];
            _freeAt = start + TimeSpan.FromSeconds((double)bytes / _settings.SnapshotBytesPerSecond);
        }

        if (start > now)
        {
            Timers.StartSingleTimer((peer, "send"), new SendNow(peer), start - now);
        }
        else
        {
            ReadBlock(peer);
        }
    }

    private void ReadBlock(NodeId peer)
    {
        if (!_outgoing.TryGetValue(peer, out Outgoing? transfer) || transfer.Header is not { } header)
        {
            return;
        }

        int number = transfer.BlockAtOffset();
        async Task<BlockRead> ReadAsync()
        {
            try
            {
                return new BlockRead(peer, transfer, number, await _storage.Value.LoadBlockAsync(header, number).ConfigureAwait(false), null);
            }
            catch (Exception e)
            {
                return new BlockRead(peer, transfer, number, null, e.Message);
            }
        }

        _ = ReadAsync().PipeTo(Self);
    }

    private void OnBlock(BlockRead read)
    {
        if (!IsCurrent(read.Peer, read.Transfer))
        {
            return;
        }

        if (read.Block is not { } block)
        {
            Fail(read.Peer, read.Error!);
            return;
        }

        // A peer that got a part from another leader, in other blocks, goes on in the middle of one.
        StoredSnapshotHeader header = read.Transfer.Header!;
        long begins = header.Blocks.Take(read.Number).Sum(b => (long)b);
        int skip = (int)Math.Clamp(read.Transfer.Offset - begins, 0, block.Data.Length - 1);
        ReadOnlyMemory<byte> data = block.Data[skip..];
        uint checksum = skip == 0 ? block.Checksum : Crc32C.Compute(data.Span);
        read.Transfer.Reading = false;
        Context.Parent.Tell(new RaftInput.SnapshotBlockRead(read.Peer, header.Info, header.Id, begins + skip, header.TotalSize, data, checksum));
        Timers.StartSingleTimer((read.Peer, "answer"), new BlockUnanswered(read.Peer), _settings.SnapshotRetryInterval);
    }

    private void OnUnanswered(NodeId peer)
    {
        if (!_outgoing.TryGetValue(peer, out Outgoing? transfer) || transfer.Reading)
        {
            return;
        }

        if (++transfer.Tries > MaxTries)
        {
            Fail(peer, "it does not answer");
            return;
        }

        SendNext(peer, transfer);
    }

    private void Fail(NodeId peer, string reason)
    {
        LogLines.SnapshotNotSent(_log, _link.Id, _link.Self, peer, reason);
        End(peer);
        Context.Parent.Tell(new RaftInput.SnapshotSendFailed(peer));
    }

    private void End(NodeId peer)
    {
        Forget(peer);
        int left = _waiting.Count;
        for (; left > 0 && _outgoing.Count < _settings.MaxSnapshotTransfers; left--)
        {
            Begin(_waiting.Dequeue());
        }
    }

    private void Forget(NodeId peer)
    {
        Timers.Cancel((peer, "send"));
        Timers.Cancel((peer, "answer"));
        _outgoing.Remove(peer);
        for (int i = _waiting.Count; i > 0; i--)
        {
            Effect.SendSnapshot waiting = _waiting.Dequeue();
            if (waiting.Peer != peer)
            {
                _waiting.Enqueue(waiting);
            }
        }
    }

    private bool IsCurrent(NodeId peer, Outgoing transfer) => _outgoing.TryGetValue(peer, out Outgoing? current) && ReferenceEquals(current, transfer);

    private void Store(Effect.StoreSnapshotBlock store)
    {
        InstallSnapshot block = store.Block;
        if (_incoming is not { } incoming || incoming.Last != block.Snapshot.Last || incoming.Id != block.Id)
        {
            if (_incoming is { Busy: true })
            {
                // The store is still at a block of another snapshot; the leader sends again.
                return;
            }

            incoming = new Incoming(block.Snapshot.Last, block.Id);
            _incoming = incoming;
        }

        if (incoming.Busy)
        {
            return;
        }

        if (incoming.Complete)
        {
            Context.Parent.Tell(new RaftInput.SnapshotReceived(store.From, block));
            return;
        }

        if (block.Offset != incoming.Received || block.Data.IsEmpty)
        {
            Context.Parent.Tell(new RaftInput.SnapshotBlockStored(store.From, block, Accepted: false, incoming.Received));
            return;
        }

        incoming.Busy = true;
        async Task<BlockStored> SaveAsync()
        {
            try
            {
                LogIndex index = block.Snapshot.Last.Index;
                if (incoming.Blocks.Count == 0)
                {
                    await _storage.Value.BeginAsync(index).ConfigureAwait(false);
                }

                await _storage.Value.SaveBlockAsync(index, incoming.Blocks.Count, new StoredSnapshotBlock(block.Data, block.Checksum)).ConfigureAwait(false);
                StoredSnapshotHeader? header = null;
                if (block.IsLast)
                {
                    header = new StoredSnapshotHeader(block.Snapshot, Crc32C.Compute(block.Data.Span, incoming.Checksum), [.. incoming.Blocks, block.Data.Length]);
                    if (header.Id != block.Id)
                    {
                        return new BlockStored(store, incoming, false, "the whole has a wrong checksum");
                    }

                    await _storage.Value.SaveHeaderAsync(header).ConfigureAwait(false);
                }

                return new BlockStored(store, incoming, true, null);
            }
            catch (Exception e)
            {
                return new BlockStored(store, incoming, false, e.Message);
            }
        }

        _ = SaveAsync().PipeTo(Self);
    }

    private void OnStored(BlockStored stored)
    {
        if (!ReferenceEquals(_incoming, stored.Into))
        {
            return;
        }

        Incoming incoming = stored.Into;
        InstallSnapshot block = stored.Store.Block;
        incoming.Busy = false;
        if (!stored.Ok)
        {
            // From the beginning: what is on disk is not known.
            LogLines.SnapshotNotReceived(_log, _link.Id, _link.Self, stored.Store.From, stored.Error!);
            _incoming = null;
            Context.Parent.Tell(new RaftInput.SnapshotBlockStored(stored.Store.From, block, Accepted: false, 0));
            return;
        }

        incoming.Add(block);
        if (block.IsLast)
        {
            incoming.Complete = true;
            Context.Parent.Tell(new RaftInput.SnapshotReceived(stored.Store.From, block));
        }
        else
        {
            Context.Parent.Tell(new RaftInput.SnapshotBlockStored(stored.Store.From, block, Accepted: true, incoming.Received));
        }
    }

    /// <summary>A snapshot on its way to a peer.</summary>
    private sealed class Outgoing(SnapshotInfo snapshot)
    {
        public SnapshotInfo Snapshot { get; } = snapshot;

        public StoredSnapshotHeader? Header { get; set; }

        /// <summary>How much the peer has.</summary>
        public long Offset { get; set; }

        public int Tries { get; set; }

        /// <summary>A block is being read, or waits for its turn.</summary>
        public bool Reading { get; set; }

        /// <summary>The block that holds the offset; the last one when the peer has everything but has not said that it is installed.</summary>
        public int BlockAtOffset()
        {
            long end = 0;
            for (int i = 0; i < Header!.Blocks.Count; i++)
            {
                end += Header.Blocks[i];
                if (Offset < end)
                {
                    return i;
                }
            }

            return Header.Blocks.Count - 1;
        }
    }

    /// <summary>A snapshot on its way from the leader. A restart begins anew.</summary>
    private sealed class Incoming(EntryId last, ulong id)
    {
        public EntryId Last { get; } = last;

        public ulong Id { get; } = id;

        public List<int> Blocks { get; } = [];

        public long Received { get; private set; }

        public uint Checksum { get; private set; }

        public bool Busy { get; set; }

        public bool Complete { get; set; }

        public void Add(InstallSnapshot block)
        {
            Blocks.Add(block.Data.Length);
            Received += block.Data.Length;
            Checksum = Crc32C.Compute(block.Data.Span, Checksum);
        }
    }

    private sealed record HeaderRead(NodeId Peer, Outgoing Transfer, StoredSnapshotHeader? Header, string? Error);

    private sealed record SendNow(NodeId Peer);

    private sealed record BlockRead(NodeId Peer, Outgoing Transfer, int Number, StoredSnapshotBlock? Block, string? Error);

    private sealed record BlockUnanswered(NodeId Peer);

    private sealed record BlockStored(Effect.StoreSnapshotBlock Store, Incoming Into, bool Ok, string? Error);
}
