using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace RaftActors.Remoting;

/// <summary>
/// Splits frames that are larger than the transport's and puts them together again. Body of a fragment: message id 8, length of the whole frame 4, offset 4,
/// bytes. The whole frame has its own header and checksum, which are verified when it is complete.
/// </summary>
internal static class Fragments
{
    public const int Overhead = PeerFrameHeader.SizeWithStream + 16;

    public static IEnumerable<PeerFrame> Split(PeerFrame whole, int maxFrame, ulong messageId, StreamId stream, NodeId from, NodeId to)
    {
        int step = maxFrame - Overhead;
        for (int at = 0; at < whole.Bytes.Length; at += step)
        {
            ReadOnlySpan<byte> part = whole.Bytes.Span.Slice(at, Math.Min(step, whole.Bytes.Length - at));
            PeerFrameHeader header = new(PeerFrameType.Fragment, from, to, Term.Zero, LogIndex.Zero, false, stream);
            byte[] frame = header.Allocate(16 + part.Length);
            Span<byte> body = frame.AsSpan(header.Length);
            BinaryPrimitives.WriteUInt64LittleEndian(body, messageId);
            BinaryPrimitives.WriteUInt32LittleEndian(body[8..], (uint)whole.Bytes.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(body[12..], (uint)at);
            part.CopyTo(body[16..]);
            yield return PeerFrameHeader.Seal(frame);
        }
    }

    /// <summary>Body: message id 8.</summary>
    public static PeerFrame Acknowledge(ReadOnlySpan<byte> fragmentBody, StreamId stream, NodeId from, NodeId to)
    {
        PeerFrameHeader header = new(PeerFrameType.FragmentReceived, from, to, Term.Zero, LogIndex.Zero, false, stream);
        byte[] frame = header.Allocate(8);
        fragmentBody[..8].CopyTo(frame.AsSpan(header.Length));
        return PeerFrameHeader.Seal(frame);
    }
}

/// <summary>Puts the fragments of one peer together, within bounds. A gap drops the message: whoever sent it repeats it.</summary>
internal sealed class FragmentAssembler(int maxMessage, int maxUnfinished)
{
    private readonly LinkedList<Unfinished> _unfinished = [];

    /// <summary>Messages given up because a fragment was missing or there were too many.</summary>
    public long Dropped { get; private set; }

    /// <summary>Takes one fragment's body. True when it is acceptable; <paramref name="whole"/> is set when it completes a message.</summary>
    public bool TryAdd(ReadOnlySpan<byte> body, out PeerFrame? whole, [NotNullWhen(false)] out string? error)
    {
        whole = null;
        if (body.Length <= 16)
        {
            error = $"a fragment of {body.Length} bytes";
            return false;
        }

        ulong id = BinaryPrimitives.ReadUInt64LittleEndian(body);
        uint total = BinaryPrimitives.ReadUInt32LittleEndian(body[8..]);
        uint offset = BinaryPrimitives.ReadUInt32LittleEndian(body[12..]);
        ReadOnlySpan<byte> part = body[16..];
        if (total > (uint)maxMessage || total < PeerFrameHeader.Size || offset > total || (uint)part.Length > total - offset)
        {
            error = $"a fragment of {part.Length} bytes at {offset} of {total}; messages may have {maxMessage} bytes";
            return false;
        }

        error = null;
        LinkedListNode<Unfinished>? node = Find(id);
        if (offset == 0)
        {
            if (node is not null)
            {
                Drop(node);
            }

            node = Begin(id, (int)total);
        }
        else if (node is null || node.Value.Received != offset || node.Value.Bytes.Length != total)
        {
            // A gap or a repetition: without acknowledgements there is nothing to ask for again.
            if (node is not null)
            {
                Drop(node);
            }

            return true;
        }

        part.CopyTo(node.Value.Bytes.AsSpan((int)offset));
        node.Value.Received += part.Length;
        if (node.Value.Received == node.Value.Bytes.Length)
        {
            _unfinished.Remove(node);
            whole = new PeerFrame(node.Value.Bytes);
        }

        return true;
    }

    /// <summary>Forgets what is unfinished: the connection broke.</summary>
    public void Clear()
    {
        Dropped += _unfinished.Count;
        _unfinished.Clear();
    }

    private LinkedListNode<Unfinished> Begin(ulong id, int total)
    {
        if (_unfinished.Count >= maxUnfinished)
        {
            Drop(_unfinished.First!);
        }

        return _unfinished.AddLast(new Unfinished(id, GC.AllocateUninitializedArray<byte>(total)));
    }

    private LinkedListNode<Unfinished>? Find(ulong id)
    {
        for (LinkedListNode<Unfinished>? node = _unfinished.First; node is not null; node = node.Next)
        {
            if (node.Value.Id == id)
            {
                return node;
            }
        }

        return null;
    }

    private void Drop(LinkedListNode<Unfinished> node)
    {
        _unfinished.Remove(node);
        Dropped++;
    }

    private sealed class Unfinished(ulong id, byte[] bytes)
    {
        public ulong Id { get; } = id;

        public byte[] Bytes { get; } = bytes;

        public int Received { get; set; }
    }
}
