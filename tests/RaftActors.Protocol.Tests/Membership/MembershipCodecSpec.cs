using Xunit;

namespace RaftActors.Protocol.Tests.Membership;

/// <summary>The bytes of a membership are in journals and snapshots: frozen, and nothing damaged is believed.</summary>
public sealed class MembershipCodecSpec
{
    private static readonly StreamMembership Sample = new(
        [new Member(new NodeId(1), MemberKind.Voter, "a:1") { Priority = 7 }, new Member(new NodeId(0x01020304), MemberKind.Learner, "é:2")],
        [new Member(new NodeId(3), MemberKind.LogOnly, string.Empty) { Priority = -1 }]);

    private const string Frozen =
        "01" + "0200" + "01000000" + "00" + "07000000" + "0300" + "613a31" + "04030201" + "01" + "00000000" + "0400" + "c3a93a32"
        + "0100" + "03000000" + "02" + "ffffffff" + "0000";

    [Fact]
    public void Version_1_stays_as_it_was_frozen() =>
        Assert.Equal(Frozen, Convert.ToHexString(MembershipCodec.Encode(Sample)), ignoreCase: true);

    [Fact]
    public void What_goes_in_comes_out()
    {
        foreach (StreamMembership membership in new[] { Sample, StreamMembership.Empty, new StreamMembership(Sample.Members) })
        {
            Assert.True(MembershipCodec.TryDecode(MembershipCodec.Encode(membership), out StreamMembership? read));
            Assert.Equal(membership.Members.ToArray(), read.Members.ToArray());
            Assert.Equal(membership.Outgoing.ToArray(), read.Outgoing.ToArray());
        }
    }

    [Fact]
    public void A_reader_takes_what_it_knows_of_a_later_version()
    {
        byte[] later = [.. Convert.FromHexString(Frozen), 0x7f, 2, 0, 0, 0, 9, 9];
        Assert.False(MembershipCodec.TryDecode(later, out _));
        foreach (byte version in new byte[] { 2, 3 })
        {
            later[0] = version;
            Assert.True(MembershipCodec.TryDecode(later, out StreamMembership? read));
            Assert.Equal(Sample.Members.ToArray(), read.Members.ToArray());
            Assert.True(read.Quorum.IsMajority);
        }
    }

    private static readonly StreamMembership SampleWithSections = new(
        [new Member(new NodeId(1), MemberKind.Voter, "a:1") { Group = 3 }, new Member(new NodeId(2), MemberKind.Voter, "b:2")],
        [new Member(new NodeId(1), MemberKind.Voter, "a:1") { Group = 7 }],
        new QuorumRule { Commit = 1, Election = 2, RequiredGroups = [3] },
        new QuorumRule { RequiredGroups = [7, 9] });

    private const string FrozenWithSections =
        "02" + "0200" + "01000000" + "00" + "00000000" + "0300" + "613a31" + "02000000" + "00" + "00000000" + "0300" + "623a32"
        + "0100" + "01000000" + "00" + "00000000" + "0300" + "613a31"
        + "01" + "18000000" + "0100" + "0200" + "0100" + "03000000" + "0000" + "0000" + "0200" + "07000000" + "09000000"
        + "02" + "0c000000" + "03000000" + "00000000" + "07000000";

    [Fact]
    public void Version_2_stays_as_it_was_frozen()
    {
        Assert.Equal(FrozenWithSections, Convert.ToHexString(MembershipCodec.Encode(SampleWithSections)), ignoreCase: true);
        Assert.True(MembershipCodec.TryDecode(Convert.FromHexString(FrozenWithSections), out StreamMembership? read));
        Assert.Equal(SampleWithSections.Members.ToArray(), read.Members.ToArray());
        Assert.Equal(SampleWithSections.Outgoing.ToArray(), read.Outgoing.ToArray());
        Assert.Equal(SampleWithSections.Quorum, read.Quorum);
        Assert.Equal(SampleWithSections.OutgoingQuorum, read.OutgoingQuorum);
    }

    private static readonly StreamMembership SampleOfRecovery = new([new Member(new NodeId(3), MemberKind.Voter, "c:3")])
    {
        Recovery = new RecoveryInfo(new Generation(2, new NodeId(3)), new Term(9), new EntryId(new Term(8), new LogIndex(5)), [new Member(new NodeId(1), MemberKind.LogOnly, "a:1") { Priority = 7 }]),
    };

    private const string FrozenOfRecovery =
        "02" + "0100" + "03000000" + "00" + "00000000" + "0300" + "633a33" + "0000"
        + "03" + "30000000" + "0300000002000000" + "0900000000000000" + "0800000000000000" + "0500000000000000"
        + "0100" + "01000000" + "02" + "07000000" + "0300" + "613a31";

    [Fact]
    public void A_recovery_stays_as_it_was_frozen()
    {
        Assert.Equal(FrozenOfRecovery, Convert.ToHexString(MembershipCodec.Encode(SampleOfRecovery)), ignoreCase: true);
        Assert.True(MembershipCodec.TryDecode(Convert.FromHexString(FrozenOfRecovery), out StreamMembership? read));
        Assert.Equal(SampleOfRecovery.Recovery, read.Recovery);
    }

    [Fact]
    public void Damaged_sections_never_throw()
    {
        byte[] good = Convert.FromHexString(FrozenWithSections + FrozenOfRecovery[38..]);
        Assert.True(MembershipCodec.TryDecode(good, out StreamMembership? whole) && whole.Recovery is not null);
        for (int at = 0; at < good.Length; at++)
        {
            MembershipCodec.TryDecode(good.AsSpan(0, at), out _);
            for (int bit = 0; bit < 8; bit++)
            {
                byte[] damaged = [.. good];
                damaged[at] ^= (byte)(1 << bit);
                MembershipCodec.TryDecode(damaged, out _);
            }
        }
    }

    [Fact]
    public void Damage_is_refused_and_never_throws()
    {
        byte[] good = Convert.FromHexString(Frozen);
        for (int length = 0; length < good.Length; length++)
        {
            Assert.False(MembershipCodec.TryDecode(good.AsSpan(0, length), out _), $"the first {length} bytes were believed");
        }

        for (int at = 0; at < good.Length; at++)
        {
            for (int bit = 0; bit < 8; bit++)
            {
                byte[] damaged = [.. good];
                damaged[at] ^= (byte)(1 << bit);
                MembershipCodec.TryDecode(damaged, out _);
            }
        }
    }

    [Theory]
    [InlineData("01" + "0100" + "00000000" + "00" + "00000000" + "0000" + "0000")]
    [InlineData("01" + "0200" + "01000000" + "00" + "00000000" + "0000" + "01000000" + "00" + "00000000" + "0000" + "0000")]
    [InlineData("01" + "0100" + "01000000" + "03" + "00000000" + "0000" + "0000")]
    [InlineData("01" + "0100" + "01000000" + "00" + "00000000" + "0100" + "ff" + "0000")]
    [InlineData("00" + "0000" + "0000")]
    public void Impossible_members_are_refused(string hex) =>
        Assert.False(MembershipCodec.TryDecode(Convert.FromHexString(hex), out _));
}
