using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace RaftActors.Protocol;

/// <summary>
/// A membership as the data of an entry (<see cref="EntryKind.Join"/>, <see cref="EntryKind.JoinLearner"/>, <see cref="EntryKind.Leave"/> and
/// <see cref="EntryKind.Membership"/> all carry the whole membership that they lead to) and in snapshots. Part of the journal and wire formats: extend-only.
/// </summary>
/// <remarks>
/// Little-endian: version 1 (now 1), then twice (members, outgoing members) a count 2 and for each member id 4, kind 1, priority 4, address
/// length 2, address in UTF-8. Later versions only add behind that; a reader of version 1 ignores what they add.
/// </remarks>
public static class MembershipCodec
{
    private const byte Version = 1;
    private const int MemberSize = 11;
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>True for the kinds of entries whose data is a membership.</summary>
    public static bool IsMembership(EntryKind kind) =>
        kind is EntryKind.Join or EntryKind.JoinLearner or EntryKind.Leave or EntryKind.Membership;

    /// <summary>Writes a membership.</summary>
    public static byte[] Encode(StreamMembership membership)
    {
        byte[] bytes = new byte[1 + SizeOf(membership.Members) + SizeOf(membership.Outgoing)];
        bytes[0] = Version;
        int at = Write(bytes, 1, membership.Members);
        Write(bytes, at, membership.Outgoing);
        return bytes;
    }

    /// <summary>Reads a membership. Nothing is believed before it is checked.</summary>
    /// <param name="bytes">What <see cref="Encode"/> wrote.</param>
    /// <param name="membership">The membership.</param>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out StreamMembership? membership)
    {
        membership = null;
        if (bytes.IsEmpty || bytes[0] == 0)
        {
            return false;
        }

        bool isOurs = bytes[0] == Version;
        ReadOnlySpan<byte> rest = bytes[1..];
        if (!TryRead(ref rest, out ImmutableArray<Member> members)
            || !TryRead(ref rest, out ImmutableArray<Member> outgoing)
            || (isOurs && !rest.IsEmpty))
        {
            return false;
        }

        membership = new StreamMembership(members, outgoing);
        return true;
    }

    private static int SizeOf(ImmutableArray<Member> members)
    {
        int size = 2;
        foreach (Member member in members)
        {
            size += MemberSize + Strict.GetByteCount(member.Address);
        }

        return size;
    }

    private static int Write(byte[] bytes, int at, ImmutableArray<Member> members)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(at), checked((ushort)members.Length));
        at += 2;
        foreach (Member member in members)
        {
            Span<byte> one = bytes.AsSpan(at);
            BinaryPrimitives.WriteUInt32LittleEndian(one, member.Id.Value);
            one[4] = (byte)member.Kind;
            BinaryPrimitives.WriteInt32LittleEndian(one[5..], member.Priority);
            int address = Strict.GetBytes(member.Address, one[MemberSize..]);
            BinaryPrimitives.WriteUInt16LittleEndian(one[9..], checked((ushort)address));
            at += MemberSize + address;
        }

        return at;
    }

    private static bool TryRead(ref ReadOnlySpan<byte> bytes, out ImmutableArray<Member> members)
    {
        members = [];
        if (bytes.Length < 2)
        {
            return false;
        }

        int count = BinaryPrimitives.ReadUInt16LittleEndian(bytes);
        bytes = bytes[2..];
        if (count > bytes.Length / MemberSize)
        {
            return false;
        }

        ImmutableArray<Member>.Builder read = ImmutableArray.CreateBuilder<Member>(count);
        HashSet<NodeId> seen = [];
        for (int i = 0; i < count; i++)
        {
            if (bytes.Length < MemberSize)
            {
                return false;
            }

            NodeId id = new(BinaryPrimitives.ReadUInt32LittleEndian(bytes));
            MemberKind kind = (MemberKind)bytes[4];
            int priority = BinaryPrimitives.ReadInt32LittleEndian(bytes[5..]);
            int length = BinaryPrimitives.ReadUInt16LittleEndian(bytes[9..]);
            bytes = bytes[MemberSize..];
            if (id.IsNone || kind > MemberKind.LogOnly || length > bytes.Length || !seen.Add(id))
            {
                return false;
            }

            string address;
            try
            {
                address = Strict.GetString(bytes[..length]);
            }
            catch (DecoderFallbackException)
            {
                return false;
            }

            read.Add(new Member(id, kind, address) { Priority = priority });
            bytes = bytes[length..];
        }

        members = read.MoveToImmutable();
        return true;
    }
}
