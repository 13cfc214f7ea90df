using System.Text;

namespace RaftActors.Protocol.Tests.Scripts;

/// <summary>
/// Cores whose disks, timers and network the script holds in its hands. Messages lie on the wire until they are delivered or dropped; a disk confirms at once unless it is told to
/// wait; time moves only with <c>tick</c>.
/// </summary>
internal sealed partial class ScriptWorld
{
    private const int BlockBytes = 16;
    private readonly SortedDictionary<NodeId, ScriptNode> _nodes = [];
    private readonly List<Letter> _wire = [];
    private readonly HashSet<(NodeId From, NodeId To)> _cut = [];
    private readonly List<string> _trace = [];
    private readonly HashSet<Letter> _new = [];
    private TimeSpan _now;
    private long _ticket;

    /// <summary>Does what a command says.</summary>
    /// <param name="command">The verb and its words.</param>
    /// <returns>What happened, line by line.</returns>
    public IReadOnlyList<string> Execute(string command)
    {
        _trace.Clear();
        _new.Clear();
        string[] words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Do(words[0], words[1..]);
        Letter[] left = [.. _wire.Where(_new.Contains)];
        if (left.Length > 0)
        {
            _trace.Add("on the wire:");
            _trace.AddRange(left.Select(l => $"  {l}"));
        }

        return [.. _trace];
    }

    private ScriptNode Node(string word) =>
        uint.TryParse(word, out uint id) && _nodes.TryGetValue(new NodeId(id), out ScriptNode? node) ? node : throw new FormatException($"there is no node {word}");

    private void Say(ScriptNode node, string what) => _trace.Add($"{node.Id}  {what}");

    private void Start(ScriptNode node)
    {
        node.Core = new RaftCore(node.Options, node.Durable);
        if (node.Core.Snapshot is { } snapshot)
        {
            Restore(node, snapshot.Last);
        }

        Say(node, $"starts in term {node.Core.Term}, log {(node.Core.LastEntry == EntryId.Zero ? "empty" : $"up to {node.Core.LastEntry}")}");
        Step(node, new RaftInput.Start());
    }

    private void Step(ScriptNode node, RaftInput input)
    {
        if (node.Core is not { } core)
        {
            return;
        }

        foreach (Effect effect in core.Step(_now, input).ToArray())
        {
            if (ScriptText.Of(effect) is { } words)
            {
                Say(node, words);
            }

            CarryOut(node, effect);
        }

        if (!node.DiskWaits)
        {
            Confirm(node);
        }
    }

    private void Confirm(ScriptNode node)
    {
        while (node is { Core: not null, HasUnconfirmed: true })
        {
            Step(node, new RaftInput.Durable(node.Confirm()));
        }
    }

    private void CarryOut(ScriptNode node, Effect effect)
    {
        switch (effect)
        {
            case Effect.Persist persist:
                node.Write(persist.Mark, persist.Event);
                break;
            case Effect.Send send:
                Post(node, send.To, send.Message);
                break;
            case Effect.BeginVoteRound round:
                foreach (NodeId peer in round.Peers)
                {
                    Post(node, peer, round.Request);
                }

                break;
            case Effect.StartTimer start:
                node.Timers[start.Timer] = (start.Generation, _now + start.After);
                break;
            case Effect.StopTimer stop:
                node.Timers.Remove(stop.Timer);
                break;
            case Effect.Commit commit:
                Apply(node, commit);
                break;
            default:
                CarryOutSnapshot(node, effect);
                break;
        }
    }

    private void Apply(ScriptNode node, Effect.Commit commit)
    {
        foreach (LogEntry entry in commit.Batches.SelectMany(b => b).Where(e => e.Id.Index >= commit.First && e.Id.Index <= commit.Last))
        {
            node.State.Add(entry.Kind == EntryKind.Normal ? Encoding.UTF8.GetString(entry.Data.Span) : string.Empty);
        }

        Step(node, new RaftInput.Applied(commit.Last));
    }

    private void CarryOutSnapshot(ScriptNode node, Effect effect)
    {
        switch (effect)
        {
            case Effect.SendSnapshot send:
                node.Sending[send.Peer] = send.Snapshot;
                SendBlock(node, send.Peer, 0);
                break;
            case Effect.StopSendingSnapshot stop:
                node.Sending.Remove(stop.Peer);
                break;
            case Effect.SnapshotAcknowledged acknowledged when node.Sending.ContainsKey(acknowledged.Peer):
                if (acknowledged.Offset < node.Snapshots[node.Sending[acknowledged.Peer].Last].Length)
                {
                    SendBlock(node, acknowledged.Peer, (int)acknowledged.Offset);
                }

                break;
            case Effect.StoreSnapshotBlock store:
                Store(node, store.From, store.Block);
                break;
            case Effect.RestoreState restore:
                Restore(node, restore.Snapshot.Last);
                Step(node, new RaftInput.Applied(restore.Snapshot.Last.Index));
                break;
        }
    }

    private void SendBlock(ScriptNode node, NodeId peer, int offset)
    {
        SnapshotInfo snapshot = node.Sending[peer];
        byte[] bytes = node.Snapshots[snapshot.Last];
        ReadOnlyMemory<byte> block = bytes.AsMemory(offset, Math.Min(BlockBytes, bytes.Length - offset));
        Step(node, new RaftInput.SnapshotBlockRead(peer, snapshot, Crc32C.Compute(bytes), offset, bytes.Length, block, Crc32C.Compute(block.Span)));
    }

    private void Store(ScriptNode node, NodeId from, InstallSnapshot block)
    {
        if (node.Incoming is not { } incoming || incoming.Last != block.Snapshot.Last)
        {
            node.Incoming = incoming = (block.Snapshot.Last, []);
        }

        bool joins = block.Offset == incoming.Bytes.Count;
        if (joins)
        {
            incoming.Bytes.AddRange(block.Data.Span);
        }

        if (incoming.Bytes.Count == block.TotalSize)
        {
            node.Snapshots[block.Snapshot.Last] = [.. incoming.Bytes];
            Step(node, new RaftInput.SnapshotReceived(from, block));
        }
        else
        {
            Step(node, new RaftInput.SnapshotBlockStored(from, block, joins, incoming.Bytes.Count));
        }
    }

    private static void Restore(ScriptNode node, EntryId last)
    {
        node.State.Clear();
        node.State.AddRange(Encoding.UTF8.GetString(node.Snapshots[last]).Split('|'));
    }

    private void Post(ScriptNode from, NodeId to, PeerMessage message)
    {
        Letter letter = new(from.Id, to, message, from.Core?.Generation ?? default);
        if (_cut.Contains((from.Id, to)))
        {
            _trace.Add($"{letter} (lost)");
            return;
        }

        _wire.Add(letter);
        _new.Add(letter);
    }

    private void Deliver(Letter letter)
    {
        _wire.Remove(letter);
        bool isLost = _cut.Contains((letter.From, letter.To)) || !_nodes.TryGetValue(letter.To, out ScriptNode? node) || node.Core is null;
        _trace.Add(isLost ? $"{letter} (lost)" : letter.ToString());
        if (!isLost)
        {
            Step(_nodes[letter.To], new RaftInput.Received(letter.From, letter.Message) { Generation = letter.Generation });
        }
    }

    /// <summary>A message under way; two equal ones are two.</summary>
    private sealed class Letter(NodeId from, NodeId to, PeerMessage message, Generation generation)
    {
        public NodeId From { get; } = from;

        public NodeId To { get; } = to;

        public PeerMessage Message { get; } = message;

        public Generation Generation { get; } = generation;

        public override string ToString() => $"{From} -> {To}  {ScriptText.Of(Message)}";
    }
}
