using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using RaftActors.Persistence;

namespace RaftActors.Remoting;

/// <summary>The bodies of peer frames. Little-endian; each is described where it is written. Extend-only.</summary>
internal static class PeerBody
{
    /// <summary>Bytes in front of the only batch of an append whose header is the longest one: what <see cref="EncodeInPlace"/> needs.</summary>
    public const int RoomOfAppend = PeerFrameHeader.MaxSize + AppendSize + sizeof(uint);

    private const int AppendSize = 28;
    private const long FlagBusy = 1;
    private const long FlagTakesUnaddressed = 2;
    private const int VoteSize = 9;
    private const int VoteSizeWithStay = 25;
    private const byte FlagPreVote = 1;
    private const byte FlagTransfer = 2;
    private const byte FlagCandidateIsRemoved = 2;

    /// <summary>Encodes a message of the protocol into one array.</summary>
    public static PeerFrame Encode(PeerMessage message, StreamId stream, NodeId from, NodeId to, FrameIdentity identity = default) => message switch
    {
        AppendEntries append => Encode(append, stream, from, to, identity),
        AppendEntriesReply reply => Encode(reply, stream, from, to, identity),
        RequestVote request => Encode(request, stream, from, to, identity),
        RequestVoteReply reply => Encode(reply, stream, from, to, identity),
        TimeoutNow request => PeerFrameHeader.Seal(new PeerFrameHeader(PeerFrameType.TimeoutNow, from, to, request.Term, LogIndex.Zero, false, stream, identity).Allocate(0)),
        ReadIndexRequest request => Encode(request, stream, from, to, identity),
        ReadIndexReply reply => Encode(reply, stream, from, to, identity),
        InstallSnapshot install => SnapshotBody.Encode(install, stream, from, to, identity),
        InstallSnapshotReply reply => SnapshotBody.Encode(reply, stream, from, to, identity),
        RecoveryNotice notice => Encode(notice, stream, from, to, identity),
        Introduction introduction => IntroductionBody.Encode(introduction, stream, from, to, identity),
        _ => throw new ArgumentException($"There is no frame for a {message.GetType().Name}.", nameof(message)),
    };

    /// <summary>Reads the body of a protocol message. Nothing is believed before it is checked, nothing is copied.</summary>
    public static bool TryDecode(in PeerFrameHeader header, ReadOnlyMemory<byte> body, [NotNullWhen(true)] out PeerMessage? message, [NotNullWhen(false)] out string? error)
    {
        message = null;
        error = null;
        switch (header.Type)
        {
            case PeerFrameType.AppendEntries:
                return TryDecodeAppend(header, body, out message, out error);
            case PeerFrameType.AppendEntriesReply:
                return TryDecodeAppendReply(header, body.Span, out message, out error);
            case PeerFrameType.RequestVote:
                return TryDecodeVote(header, body.Span, out message, out error);
            case PeerFrameType.RequestVoteReply:
                return TryDecodeVoteReply(header, body.Span, out message, out error);
            case PeerFrameType.TimeoutNow:
                if (!HasLength(body.Span, 0, out error))
                {
                    return false;
                }

                message = new TimeoutNow(header.Term);
                return true;
            case PeerFrameType.ReadIndexRequest:
                if (!HasLength(body.Span, 8, out error))
                {
                    return false;
                }

                message = new ReadIndexRequest(header.Term, BinaryPrimitives.ReadUInt64LittleEndian(body.Span));
                return true;
            case PeerFrameType.ReadIndexReply:
                if (!HasLength(body.Span, 8, out error))
                {
                    return false;
                }

                message = new ReadIndexReply(header.Term, BinaryPrimitives.ReadUInt64LittleEndian(body.Span), header.Accepted, header.Index);
                return true;
            case PeerFrameType.SnapshotBlock:
                return SnapshotBody.TryDecodeBlock(header, body, out message, out error);
            case PeerFrameType.SnapshotBlockReply:
                return SnapshotBody.TryDecodeReply(header, body.Span, out message, out error);
            case PeerFrameType.RecoveryNotice:
                if (!MembershipCodec.TryDecode(body.Span, out StreamMembership? membership))
                {
                    error = "a notice of a recovery with an unreadable membership";
                    return false;
                }

                message = new RecoveryNotice(header.Term, membership);
                return true;
            case PeerFrameType.Introduction:
                return IntroductionBody.TryDecode(header, body.Span, out message, out error);
            default:
                error = $"type {(byte)header.Type} is not a message of the protocol";
                return false;
        }
    }

    // Index: previous index. Body: token 8, previous term 8, commit 8, batch count 4, then per batch length 4 and the batch as it stands in the log.
    private static PeerFrame Encode(AppendEntries append, StreamId stream, NodeId from, NodeId to, FrameIdentity identity)
    {
        int size = AppendSize;
        foreach (EntryBatch batch in append.Batches)
        {
            size = checked(size + 4 + batch.Encoded.Length);
        }

        PeerFrameHeader header = new(PeerFrameType.AppendEntries, from, to, append.Term, append.Previous.Index, false, stream, identity);
        byte[] frame = header.Allocate(size);
        Span<byte> body = frame.AsSpan(header.Length);
        WriteAppend(append, body);
        int at = AppendSize;
        foreach (EntryBatch batch in append.Batches)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(body[at..], (uint)batch.Encoded.Length);
            batch.Encoded.Span.CopyTo(body[(at + 4)..]);
            at += 4 + batch.Encoded.Length;
        }

        return PeerFrameHeader.Seal(frame);
    }

    /// <summary>
    /// Encodes an append around its only batch, without a copy of that: the frame is the batch's own array. For nobody in particular, so that it can go to every peer that lacks the same.
    /// </summary>
    /// <returns>Null when the batch has no room for that, or was sent in this way before: then each peer needs a frame of its own.</returns>
    public static PeerFrame? EncodeInPlace(AppendEntries append, StreamId stream, NodeId from, FrameIdentity identity)
    {
        if (append.Batches.Count != 1 || !append.Batches[0].TryTakeRoom(RoomOfAppend, out byte[]? frame))
        {
            return null;
        }

        new PeerFrameHeader(PeerFrameType.AppendEntries, from, NodeId.None, append.Term, append.Previous.Index, false, stream, identity).WriteLongest(frame);
        Span<byte> body = frame.AsSpan(PeerFrameHeader.MaxSize);
        WriteAppend(append, body);
        BinaryPrimitives.WriteUInt32LittleEndian(body[AppendSize..], (uint)append.Batches[0].Encoded.Length);
        return PeerFrameHeader.Seal(frame);
    }

    /// <summary>The same reply as <see cref="Encode(PeerMessage, StreamId, NodeId, NodeId, FrameIdentity)"/> makes of it; an accepted one says that its sender takes appends that are for nobody in particular.</summary>
    public static PeerFrame EncodeTakesUnaddressed(AppendEntriesReply reply, StreamId stream, NodeId from, NodeId to, FrameIdentity identity) =>
        Encode(reply, stream, from, to, identity, takesUnaddressed: true);

    /// <summary>Whether the sender of an accepted reply, whose body can be read, has said that.</summary>
    public static bool TakesUnaddressed(ReadOnlySpan<byte> reply) => (BinaryPrimitives.ReadInt64LittleEndian(reply[16..]) & FlagTakesUnaddressed) != 0;

    private static void WriteAppend(AppendEntries append, Span<byte> body)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(body, append.Token);
        BinaryPrimitives.WriteInt64LittleEndian(body[8..], append.Previous.Term.Value);
        BinaryPrimitives.WriteInt64LittleEndian(body[16..], append.Commit.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(body[24..], (uint)append.Batches.Count);
    }

    private static bool TryDecodeAppend(in PeerFrameHeader header, ReadOnlyMemory<byte> body, [NotNullWhen(true)] out PeerMessage? message, [NotNullWhen(false)] out string? error)
    {
        message = null;
        ReadOnlySpan<byte> span = body.Span;
        if (span.Length < AppendSize)
        {
            error = $"append entries of {span.Length} bytes";
            return false;
        }

        ulong token = BinaryPrimitives.ReadUInt64LittleEndian(span);
        Term previousTerm = new(BinaryPrimitives.ReadInt64LittleEndian(span[8..]));
        long commit = BinaryPrimitives.ReadInt64LittleEndian(span[16..]);
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(span[24..]);
        if (previousTerm.Value < 0 || previousTerm > header.Term || commit < 0 || count > (uint)(span.Length - AppendSize) / (4 + EntryBatch.HeaderSize))
        {
            error = $"append entries with previous term {previousTerm}, commit {commit} and {count} batches";
            return false;
        }

        EntryBatch[] batches = count == 0 ? [] : new EntryBatch[count];
        EntryId last = new(previousTerm, header.Index);
        int at = AppendSize;
        for (int i = 0; i < batches.Length; i++)
        {
            if (span.Length - at < 4)
            {
                error = $"batch {i} runs over the end";
                return false;
            }

            uint length = BinaryPrimitives.ReadUInt32LittleEndian(span[at..]);
            if (length > (uint)(span.Length - at - 4))
            {
                error = $"batch {i} runs over the end";
                return false;
            }

            if (!EntryBatch.TryDecode(body.Slice(at + 4, (int)length), out EntryBatch? batch, out error))
            {
                return false;
            }

            if (batch.FirstIndex != last.Index.Next || batch.Term < last.Term || batch.Term > header.Term)
            {
                error = $"batch {batch} does not follow {last} in term {header.Term}";
                return false;
            }

            batches[i] = batch;
            last = batch.LastId;
            at += 4 + (int)length;
        }

        if (at != span.Length)
        {
            error = $"{span.Length - at} bytes behind the last batch";
            return false;
        }

        error = null;
        message = new AppendEntries(header.Term, token, new EntryId(previousTerm, header.Index), new LogIndex(commit), batches);
        return true;
    }

    // Index: current index. Accepted: as in the message. Body: token 8; refused: hint term 8, hint index 8; accepted: applied index 8, flags 8 (1 busy, 2 takes appends with
    // destination 0), which older nodes take for a hint and do not look at.
    private static PeerFrame Encode(AppendEntriesReply reply, StreamId stream, NodeId from, NodeId to, FrameIdentity identity, bool takesUnaddressed = false)
    {
        PeerFrameHeader header = new(PeerFrameType.AppendEntriesReply, from, to, reply.Term, reply.CurrentIndex, reply.Accepted, stream, identity);
        byte[] frame = header.Allocate(24);
        Span<byte> body = frame.AsSpan(header.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(body, reply.Token);
        BinaryPrimitives.WriteInt64LittleEndian(body[8..], reply.Accepted ? reply.Applied.Value : reply.ConflictHint.Term.Value);
        BinaryPrimitives.WriteInt64LittleEndian(body[16..], reply.Accepted ? (reply.Busy ? FlagBusy : 0) | (takesUnaddressed ? FlagTakesUnaddressed : 0) : reply.ConflictHint.Index.Value);
        return PeerFrameHeader.Seal(frame);
    }

    private static bool TryDecodeAppendReply(in PeerFrameHeader header, ReadOnlySpan<byte> body, [NotNullWhen(true)] out PeerMessage? message, [NotNullWhen(false)] out string? error)
    {
        message = null;
        if (!HasLength(body, 24, out error))
        {
            return false;
        }

        ulong token = BinaryPrimitives.ReadUInt64LittleEndian(body);
        long first = BinaryPrimitives.ReadInt64LittleEndian(body[8..]);
        long second = BinaryPrimitives.ReadInt64LittleEndian(body[16..]);
        if (first < 0 || second < 0)
        {
            error = $"conflict hint {first}:{second}";
            return false;
        }

        message = header.Accepted
            ? new AppendEntriesReply(header.Term, token, true, header.Index, Applied: new LogIndex(first), Busy: (second & FlagBusy) != 0)
            : new AppendEntriesReply(header.Term, token, false, header.Index, new EntryId(new Term(first), new LogIndex(second)));
        return true;
    }

    // Index: last index. Body: flags 1 (1 pre-vote, 2 transfer), last term 8.
    private static PeerFrame Encode(RequestVote request, StreamId stream, NodeId from, NodeId to, FrameIdentity identity)
    {
        PeerFrameHeader header = new(PeerFrameType.RequestVote, from, to, request.Term, request.LastEntry.Index, false, stream, identity);
        byte[] frame = header.Allocate(request.Joined == EntryId.Zero ? VoteSize : VoteSizeWithStay);
        Span<byte> body = frame.AsSpan(header.Length);
        body[0] = (byte)((request.PreVote ? FlagPreVote : 0) | (request.Transfer ? FlagTransfer : 0));
        BinaryPrimitives.WriteInt64LittleEndian(body[1..], request.LastEntry.Term.Value);
        if (request.Joined != EntryId.Zero)
        {
            EntryIdBytes.Write(body[9..], request.Joined);
        }

        return PeerFrameHeader.Seal(frame);
    }

    private static bool TryDecodeVote(in PeerFrameHeader header, ReadOnlySpan<byte> body, [NotNullWhen(true)] out PeerMessage? message, [NotNullWhen(false)] out string? error)
    {
        message = null;
        if (!HasLength(body, body.Length == VoteSizeWithStay ? VoteSizeWithStay : VoteSize, out error))
        {
            return false;
        }

        long lastTerm = BinaryPrimitives.ReadInt64LittleEndian(body[1..]);
        if ((body[0] & ~(FlagPreVote | FlagTransfer)) != 0 || lastTerm < 0 || lastTerm > header.Term.Value)
        {
            error = $"vote request with flags 0x{body[0]:x2} and last term {lastTerm}";
            return false;
        }

        message = new RequestVote(header.Term, new EntryId(new Term(lastTerm), header.Index), (body[0] & FlagPreVote) != 0, (body[0] & FlagTransfer) != 0)
        {
            Joined = body.Length == VoteSize ? EntryId.Zero : EntryIdBytes.Read(body[9..]),
        };
        return true;
    }

    // Accepted: granted. Body: flags 1 (1 pre-vote, 2 the candidate was removed), request term 8.
    private static PeerFrame Encode(RequestVoteReply reply, StreamId stream, NodeId from, NodeId to, FrameIdentity identity)
    {
        PeerFrameHeader header = new(PeerFrameType.RequestVoteReply, from, to, reply.Term, LogIndex.Zero, reply.Granted, stream, identity);
        byte[] frame = header.Allocate(9);
        Span<byte> body = frame.AsSpan(header.Length);
        body[0] = (byte)((reply.PreVote ? FlagPreVote : 0) | (reply.CandidateIsRemoved ? FlagCandidateIsRemoved : 0));
        BinaryPrimitives.WriteInt64LittleEndian(body[1..], reply.RequestTerm.Value);
        return PeerFrameHeader.Seal(frame);
    }

    private static bool TryDecodeVoteReply(in PeerFrameHeader header, ReadOnlySpan<byte> body, [NotNullWhen(true)] out PeerMessage? message, [NotNullWhen(false)] out string? error)
    {
        message = null;
        if (!HasLength(body, 9, out error))
        {
            return false;
        }

        long requestTerm = BinaryPrimitives.ReadInt64LittleEndian(body[1..]);
        if ((body[0] & ~(FlagPreVote | FlagCandidateIsRemoved)) != 0 || requestTerm < 0)
        {
            error = $"vote reply with flags 0x{body[0]:x2} and request term {requestTerm}";
            return false;
        }

        message = new RequestVoteReply(header.Term, new Term(requestTerm), (body[0] & FlagPreVote) != 0, header.Accepted, (body[0] & FlagCandidateIsRemoved) != 0);
        return true;
    }

    // Body: context 8.
    private static PeerFrame Encode(ReadIndexRequest request, StreamId stream, NodeId from, NodeId to, FrameIdentity identity)
    {
        PeerFrameHeader header = new(PeerFrameType.ReadIndexRequest, from, to, request.Term, LogIndex.Zero, false, stream, identity);
        byte[] frame = header.Allocate(8);
        BinaryPrimitives.WriteUInt64LittleEndian(frame.AsSpan(header.Length), request.Context);
        return PeerFrameHeader.Seal(frame);
    }

    // Index and accepted: as in the message. Body: context 8.
    private static PeerFrame Encode(ReadIndexReply reply, StreamId stream, NodeId from, NodeId to, FrameIdentity identity)
    {
        PeerFrameHeader header = new(PeerFrameType.ReadIndexReply, from, to, reply.Term, reply.Index, reply.Accepted, stream, identity);
        byte[] frame = header.Allocate(8);
        BinaryPrimitives.WriteUInt64LittleEndian(frame.AsSpan(header.Length), reply.Context);
        return PeerFrameHeader.Seal(frame);
    }

    // Body: the membership, see MembershipCodec.
    private static PeerFrame Encode(RecoveryNotice notice, StreamId stream, NodeId from, NodeId to, FrameIdentity identity)
    {
        byte[] membership = MembershipCodec.Encode(notice.Membership);
        PeerFrameHeader header = new(PeerFrameType.RecoveryNotice, from, to, notice.Term, LogIndex.Zero, false, stream, identity);
        byte[] frame = header.Allocate(membership.Length);
        membership.CopyTo(frame, header.Length);
        return PeerFrameHeader.Seal(frame);
    }

    private static bool HasLength(ReadOnlySpan<byte> body, int length, [NotNullWhen(false)] out string? error)
    {
        error = body.Length == length ? null : $"a body of {body.Length} bytes where {length} belong";
        return error is null;
    }
}
