using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace RaftActors.Protocol;

/// <summary>
/// What version 2 of a membership adds behind the two lists of members: sections, each with a number 1, a length 4 and its content. A reader skips sections that it does not know, and
/// what stands in a section behind what it knows; a section without content that matters is not written. Values of members stand in the order of the lists, members first, then outgoing.
/// </summary>
/// <remarks>
/// 1, quorums: for the members, then for the outgoing ones: commit 2, election 2, number of required groups 2, each group 4. 2, groups: one of 4 for each member. 3, recovery:
/// generation 8 (number in the upper half, origin in the lower), first term 8, base term 8 and index 8, then a list of members like the two in front: those left out.
/// 4, stays: number of members that were not there from the beginning 2, then for each id 4, term 8 and index 8 of the entry that took it in.
/// </remarks>
internal static class MembershipSections
{
    private const byte Quorums = 1;
    private const byte Groups = 2;
    private const byte Recovery = 3;
    private const byte Stays = 4;
    private const int StaySize = 20;
    private const int Head = 5;
    private const int RecoverySize = 32;

    public static byte[] Write(StreamMembership membership)
    {
        bool hasQuorums = !membership.Quorum.IsMajority || !membership.OutgoingQuorum.IsMajority;
        bool hasGroups = membership.Members.Any(m => m.Group != 0) || membership.Outgoing.Any(m => m.Group != 0);
        if (!hasQuorums && !hasGroups && membership.Recovery is null && membership.Stays.IsEmpty)
        {
            return [];
        }

        List<byte> bytes = [];
        if (hasQuorums)
        {
            Add(bytes, Quorums, [.. Encode(membership.Quorum), .. Encode(membership.OutgoingQuorum)]);
        }

        if (hasGroups)
        {
            Add(bytes, Groups, [.. membership.Members.Concat(membership.Outgoing).SelectMany(m => Four(m.Group))]);
        }

        if (membership.Recovery is { } recovery)
        {
            Add(bytes, Recovery, Encode(recovery));
        }

        if (!membership.Stays.IsEmpty)
        {
            Add(bytes, Stays, Encode(membership.Stays));
        }

        return [.. bytes];
    }

    public static bool TryRead(ReadOnlySpan<byte> bytes, ImmutableArray<Member> members, ImmutableArray<Member> outgoing, [NotNullWhen(true)] out StreamMembership? membership)
    {
        membership = null;
        QuorumRule quorum = QuorumRule.Majority;
        QuorumRule outgoingQuorum = QuorumRule.Majority;
        RecoveryInfo? recovery = null;
        ImmutableArray<(NodeId Id, EntryId Joined)> stays = [];
        while (!bytes.IsEmpty)
        {
            if (bytes.Length < Head)
            {
                return false;
            }

            int length = BinaryPrimitives.ReadInt32LittleEndian(bytes[1..]);
            if (length < 0 || length > bytes.Length - Head)
            {
                return false;
            }

            ReadOnlySpan<byte> section = bytes.Slice(Head, length);
            bool isRead = bytes[0] switch
            {
                Quorums => TryReadRule(ref section, out quorum) && TryReadRule(ref section, out outgoingQuorum),
                Groups => TryReadGroups(ref section, ref members) && TryReadGroups(ref section, ref outgoing),
                Recovery => TryReadRecovery(section, out recovery),
                Stays => TryReadStays(section, out stays),
                _ => true,
            };
            if (!isRead)
            {
                return false;
            }

            bytes = bytes[(Head + length)..];
        }

        membership = new StreamMembership(members, outgoing, quorum, outgoingQuorum) { Recovery = recovery, Stays = stays };
        return true;
    }

    private static byte[] Encode(ImmutableArray<(NodeId Id, EntryId Joined)> stays)
    {
        byte[] bytes = new byte[2 + (StaySize * stays.Length)];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, checked((ushort)stays.Length));
        Span<byte> at = bytes.AsSpan(2);
        foreach ((NodeId id, EntryId joined) in stays)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(at, id.Value);
            BinaryPrimitives.WriteInt64LittleEndian(at[4..], joined.Term.Value);
            BinaryPrimitives.WriteInt64LittleEndian(at[12..], joined.Index.Value);
            at = at[StaySize..];
        }

        return bytes;
    }

    private static bool TryReadStays(ReadOnlySpan<byte> bytes, out ImmutableArray<(NodeId Id, EntryId Joined)> stays)
    {
        stays = [];
        int count = bytes.Length < 2 ? -1 : BinaryPrimitives.ReadUInt16LittleEndian(bytes);
        if (count < 0 || count > (bytes.Length - 2) / StaySize)
        {
            return false;
        }

        bytes = bytes[2..];
        ImmutableArray<(NodeId Id, EntryId Joined)>.Builder read = ImmutableArray.CreateBuilder<(NodeId Id, EntryId Joined)>(count);
        for (int i = 0; i < count; i++)
        {
            EntryId joined = new(new Term(BinaryPrimitives.ReadInt64LittleEndian(bytes[4..])), new LogIndex(BinaryPrimitives.ReadInt64LittleEndian(bytes[12..])));
            if (joined.Term <= Term.Zero || joined.Index <= LogIndex.Zero)
            {
                return false;
            }

            read.Add((new NodeId(BinaryPrimitives.ReadUInt32LittleEndian(bytes)), joined));
            bytes = bytes[StaySize..];
        }

        stays = read.MoveToImmutable();
        return true;
    }

    private static byte[] Encode(RecoveryInfo recovery)
    {
        byte[] excluded = MembershipCodec.EncodeList(recovery.Excluded);
        byte[] bytes = new byte[RecoverySize + excluded.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, recovery.Generation.Value);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8), recovery.Since.Value);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), recovery.Base.Term.Value);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(24), recovery.Base.Index.Value);
        excluded.CopyTo(bytes, RecoverySize);
        return bytes;
    }

    private static bool TryReadRecovery(ReadOnlySpan<byte> bytes, out RecoveryInfo? recovery)
    {
        recovery = null;
        if (bytes.Length < RecoverySize)
        {
            return false;
        }

        ReadOnlySpan<byte> rest = bytes[RecoverySize..];
        Term since = new(BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]));
        EntryId last = new(new Term(BinaryPrimitives.ReadInt64LittleEndian(bytes[16..])), new LogIndex(BinaryPrimitives.ReadInt64LittleEndian(bytes[24..])));
        if (since <= Term.Zero || last.Term < Term.Zero || last.Term >= since || last.Index < LogIndex.Zero || !MembershipCodec.TryRead(ref rest, out ImmutableArray<Member> excluded))
        {
            return false;
        }

        recovery = new RecoveryInfo(Generation.Of(BinaryPrimitives.ReadUInt64LittleEndian(bytes)), since, last, excluded);
        return true;
    }

    private static byte[] Encode(QuorumRule rule)
    {
        byte[] bytes = new byte[6 + (4 * rule.RequiredGroups.Length)];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, checked((ushort)rule.Commit));
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2), checked((ushort)rule.Election));
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(4), checked((ushort)rule.RequiredGroups.Length));
        for (int i = 0; i < rule.RequiredGroups.Length; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(6 + (4 * i)), rule.RequiredGroups[i]);
        }

        return bytes;
    }

    private static bool TryReadRule(ref ReadOnlySpan<byte> bytes, out QuorumRule rule)
    {
        rule = QuorumRule.Majority;
        if (bytes.Length < 6)
        {
            return false;
        }

        int count = BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]);
        if (count > (bytes.Length - 6) / 4)
        {
            return false;
        }

        ImmutableArray<int>.Builder groups = ImmutableArray.CreateBuilder<int>(count);
        for (int i = 0; i < count; i++)
        {
            int group = BinaryPrimitives.ReadInt32LittleEndian(bytes[(6 + (4 * i))..]);
            if (group <= 0)
            {
                return false;
            }

            groups.Add(group);
        }

        rule = new QuorumRule
        {
            Commit = BinaryPrimitives.ReadUInt16LittleEndian(bytes),
            Election = BinaryPrimitives.ReadUInt16LittleEndian(bytes[2..]),
            RequiredGroups = groups.MoveToImmutable(),
        };
        bytes = bytes[(6 + (4 * count))..];
        return true;
    }

    private static bool TryReadGroups(ref ReadOnlySpan<byte> bytes, ref ImmutableArray<Member> members)
    {
        if (bytes.Length / 4 < members.Length)
        {
            return false;
        }

        ImmutableArray<Member>.Builder read = ImmutableArray.CreateBuilder<Member>(members.Length);
        foreach (Member member in members)
        {
            int group = BinaryPrimitives.ReadInt32LittleEndian(bytes);
            if (group < 0)
            {
                return false;
            }

            read.Add(member with { Group = group });
            bytes = bytes[4..];
        }

        members = read.MoveToImmutable();
        return true;
    }

    private static void Add(List<byte> to, byte number, byte[] content)
    {
        to.Add(number);
        to.AddRange(Four(content.Length));
        to.AddRange(content);
    }

    private static byte[] Four(int value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return bytes;
    }
}
