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
/// Little-endian: version 1 (1 or 2), then twice (members, outgoing members) a count 2 and for each member id 4, kind 1, priority 4, address
/// length 2, address in UTF-8. Version 2 adds sections behind that (see <c>MembershipSections</c>) and is written only when there is something to put into one.
/// </remarks>
public static class MembershipCodec
{
    private const byte Version = 1;
    private const byte VersionWithSections = 2;
    private const int MemberSize = 11;
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>True for the kinds of entries whose data is a membership.</summary>
    public static bool IsMembership(EntryKind kind) =>
        kind is EntryKind.Join or EntryKind.JoinLearner or EntryKind.Leave or EntryKind.Membership;

    /// <summary>Writes a membership.</summary>
    public static byte[] Encode(StreamMembership membership)
    {
        byte[] sections = MembershipSections.Write(membership);
        byte[] bytes = new byte[1 + SizeOf(membership.Members) + SizeOf(membership.Outgoing) + sections.Length];
        bytes[0] = sections.Length == 0 ? Version : VersionWithSections;
        int at = Write(bytes, 1, membership.Members);
        at = Write(bytes, at, membership.Outgoing);
        sections.CopyTo(bytes, at);
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

        bool isFirst = bytes[0] == Version;
        ReadOnlySpan<byte> rest = bytes[1..];
        if (!TryRead(ref rest, out ImmutableArray<Member> members)
            || !TryRead(ref rest, out ImmutableArray<Member> outgoing)
            || (isFirst && !rest.IsEmpty))
        {
            return false;
        }

        return MembershipSections.TryRead(rest, members, outgoing, out membership);
    }

    /// <summary>A list of members alone.</summary>
    internal static byte[] EncodeList(ImmutableArray<Member> members)
    {
        byte[] bytes = new byte[SizeOf(members)];
        Write(bytes, 0, members);
        return bytes;
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

    /// <summary>Reads a list of members, and leaves in <paramref name="bytes"/> what stands behind it.</summary>
    internal static bool TryRead(ref ReadOnlySpan<byte> bytes, out ImmutableArray<Member> members)
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
