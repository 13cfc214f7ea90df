using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;

namespace RaftActors.Snapshots;

/// <summary>
/// The byte form of a membership inside snapshots and their messages: number of members 2, number of outgoing members 2, then each: id 4, kind 1, reserved 1, length of the
/// address 2, address in UTF-8. Little-endian.
/// </summary>
internal static class MembershipBytes
{
    private const int MemberHeader = 8;

    public static byte[] Encode(StreamMembership membership)
    {
        Member[] all = [.. membership.Members, .. membership.Outgoing];
        byte[][] addresses = Array.ConvertAll(all, m => Encoding.UTF8.GetBytes(m.Address));
        byte[] bytes = new byte[4 + (MemberHeader * all.Length) + addresses.Sum(a => a.Length)];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, checked((ushort)membership.Members.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2), checked((ushort)membership.Outgoing.Length));
        Span<byte> at = bytes.AsSpan(4);
        for (int i = 0; i < all.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(at, all[i].Id.Value);
            at[4] = (byte)all[i].Kind;
            BinaryPrimitives.WriteUInt16LittleEndian(at[6..], checked((ushort)addresses[i].Length));
            addresses[i].CopyTo(at[MemberHeader..]);
            at = at[(MemberHeader + addresses[i].Length)..];
        }

        return bytes;
    }

    /// <summary>Null when the bytes are no membership.</summary>
    public static StreamMembership? Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 4)
        {
            return null;
        }

        int members = BinaryPrimitives.ReadUInt16LittleEndian(bytes);
        int outgoing = BinaryPrimitives.ReadUInt16LittleEndian(bytes[2..]);
        bytes = bytes[4..];
        List<Member> all = [];
        for (int i = 0; i < members + outgoing; i++)
        {
            if (bytes.Length < MemberHeader || bytes.Length - MemberHeader < BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]))
            {
                return null;
            }

            int length = BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]);
            all.Add(new Member(new NodeId(BinaryPrimitives.ReadUInt32LittleEndian(bytes)), (MemberKind)bytes[4], Encoding.UTF8.GetString(bytes.Slice(MemberHeader, length))));
            bytes = bytes[(MemberHeader + length)..];
        }

        try
        {
            return bytes.IsEmpty ? new StreamMembership([.. all.Take(members)], [.. all.Skip(members)]) : null;
        }
        catch (ArgumentException)
        {
            // An id twice, or none.
            return null;
        }
    }
}
