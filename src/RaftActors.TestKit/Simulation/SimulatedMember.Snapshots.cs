using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

// Snapshots: taken while the member goes on, on a disk of their own that a crash does not lose, sent in small blocks that may be lost.
public sealed partial class SimulatedMember
{
    private const int BlockBytes = 200;
    private const int MaxTries = 6;

    private readonly Dictionary<EntryId, byte[]> _snapshots = [];
    private readonly Dictionary<NodeId, (SnapshotInfo Snapshot, long Offset, int Tries, int Round)> _sending = [];
    private (EntryId Last, ulong Id, List<byte> Bytes)? _incoming;
    private (LogIndex At, byte[] Bytes)? _captured;
    private bool _takingSnapshot;
    private int _transferRound;

    /// <summary>Where the state machine began in this run.</summary>
    public LogIndex RestoredAt { get; private set; }

    /// <summary>Snapshots that this member has put in the place of its log.</summary>
    public int Installed { get; private set; }

    private void RestoreAfterCrash()
    {
        RestoredAt = Core!.Snapshot?.Last.Index ?? LogIndex.Zero;
        if (Core.Snapshot is { } snapshot)
        {
            Restore(snapshot.Last);
        }
    }

    private void Restore(EntryId last)
    {
        if (!_snapshots.TryGetValue(last, out byte[]? bytes))
        {
            throw new InvariantBrokenException($"member {Id} has no snapshot {last} on its disk, but its journal says so");
        }

        RestoreFrom(bytes);
    }

    private void ForgetTransfers()
    {
        _sending.Clear();
        _incoming = null;
        _captured = null;
        _takingSnapshot = false;
    }

    private void SnapshotWhenDue()
    {
        int every = _cluster.Profile.SnapshotEvery;
        if (every == 0 || _takingSnapshot || Core is null || Applied.Count - (Core.Snapshot?.Last.Index.Value ?? 0) < every)
        {
            return;
        }

        _takingSnapshot = true;
        LogIndex at = new(Applied.Count);
        byte[] bytes = SnapshotBytes();
        Later(Random.Between(TimeSpan.Zero, TimeSpan.FromMilliseconds(60)), () =>
        {
            _captured = (at, bytes);
            FinishSnapshot();
        });
    }

    /// <summary>The state is saved beside what goes on; it becomes a snapshot when the log on the disk is as far.</summary>
    private void FinishSnapshot()
    {
        if (_captured is not { } captured || Core is null)
        {
            return;
        }

        bool isNew = captured.At > (Core.Snapshot?.Last.Index ?? LogIndex.Zero);
        SnapshotInfo? info = isNew ? Core.DescribeSnapshot(captured.At) : null;
        if (isNew && info is null && Core.DurableIndex < captured.At)
        {
            return;
        }

        _captured = null;
        _takingSnapshot = false;
        if (info is null)
        {
            return;
        }

        _snapshots[info.Last] = captured.Bytes;
        if (_cluster.Profile.FaultEvery > TimeSpan.Zero && Random.Chance(0.02))
        {
            // Between the snapshot and the record of it.
            _cluster.Crash(this);
            return;
        }

        Take(new RaftInput.SnapshotTaken(info));
    }

    private void CarryOutSnapshot(Effect effect)
    {
        switch (effect)
        {
            case Effect.SendSnapshot send:
                _sending[send.Peer] = (send.Snapshot, 0, 0, ++_transferRound);
                SendBlock(send.Peer, _transferRound);
                break;
            case Effect.StopSendingSnapshot stop:
                _sending.Remove(stop.Peer);
                break;
            case Effect.SnapshotAcknowledged acknowledged:
                if (_sending.TryGetValue(acknowledged.Peer, out (SnapshotInfo Snapshot, long Offset, int Tries, int Round) transfer)
                    && transfer.Snapshot.Last.Index == acknowledged.Snapshot && (acknowledged.Offset != transfer.Offset || !acknowledged.Accepted))
                {
                    _sending[acknowledged.Peer] = (transfer.Snapshot, acknowledged.Offset, 0, ++_transferRound);
                    SendBlock(acknowledged.Peer, _transferRound);
                }

                break;
            case Effect.StoreSnapshotBlock store:
                Store(store.From, store.Block);
                break;
            case Effect.RestoreState restore:
                Installed++;
                _toApply.Enqueue((restore.Snapshot.Last.Index, restore.Snapshot.Last.Index, [], restore.Snapshot));
                Later(Random.Between(TimeSpan.Zero, TimeSpan.FromMilliseconds(1)) + ApplyDelay, Apply);
                break;
        }
    }

    private void SendBlock(NodeId peer, int round) => Later(TimeSpan.FromMilliseconds(0.1), () =>
    {
        if (!_sending.TryGetValue(peer, out (SnapshotInfo Snapshot, long Offset, int Tries, int Round) transfer) || transfer.Round != round)
        {
            return;
        }

        if (transfer.Tries >= MaxTries)
        {
            _sending.Remove(peer);
            Take(new RaftInput.SnapshotSendFailed(peer));
            return;
        }

        _sending[peer] = transfer with { Tries = transfer.Tries + 1 };
        byte[] bytes = _snapshots[transfer.Snapshot.Last];
        int offset = (int)Math.Min(transfer.Offset, bytes.Length);
        ReadOnlyMemory<byte> block = bytes.AsMemory(offset, Math.Min(BlockBytes, bytes.Length - offset));
        Take(new RaftInput.SnapshotBlockRead(peer, transfer.Snapshot, Crc32C.Compute(bytes), offset, bytes.Length, block, Crc32C.Compute(block.Span)));
        Later(2 * SimulationProfile.HeartbeatInterval, () => SendBlock(peer, round));
    });

    private void Store(NodeId from, InstallSnapshot block)
    {
        EntryId last = block.Snapshot.Last;
        if (_incoming is not { } incoming || incoming.Last != last || incoming.Id != block.Id)
        {
            incoming = (last, block.Id, []);
            _incoming = incoming;
        }

        bool joins = block.Offset == incoming.Bytes.Count && Crc32C.Compute(block.Data.Span) == block.Checksum;
        if (joins)
        {
            incoming.Bytes.AddRange(block.Data.Span);
        }

        bool complete = incoming.Bytes.Count == block.TotalSize;
        Later(Random.Between(_cluster.Profile.MinDisk, _cluster.Profile.MaxDisk), () =>
        {
            if (complete)
            {
                _snapshots[last] = [.. incoming.Bytes];
                Take(new RaftInput.SnapshotReceived(from, block));
            }
            else
            {
                Take(new RaftInput.SnapshotBlockStored(from, block, joins, incoming.Bytes.Count));
            }
        });
    }

    private void DeleteFromJournalSoon() => Later(Random.Between(TimeSpan.Zero, TimeSpan.FromMilliseconds(100)), Journal.DeleteCompacted);
}
