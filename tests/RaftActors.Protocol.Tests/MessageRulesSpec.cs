using RaftActors.Protocol.Tests.Driver;
using Xunit;
using static RaftActors.Protocol.Tests.Driver.CoreDriver;

namespace RaftActors.Protocol.Tests;

/// <summary>Peers are strangers until proven: what cannot be, changes nothing.</summary>
public sealed class MessageRulesSpec
{
    public static TheoryData<uint, PeerMessage> Impossible => new()
    {
        { 4, new RequestVoteReply(new Term(9), new Term(9), false, true) },
        { 4, new ReadIndexRequest(new Term(9), 1) },
        { 4, new ReadIndexReply(new Term(9), 1, true, new LogIndex(1)) },
        { 2, new TimeoutNow(Term.Zero) },
        { 1, Heartbeat(9, EntryId.Zero) },
        { 0, Heartbeat(9, EntryId.Zero) },
        { 2, Heartbeat(0, EntryId.Zero) },
        { 2, Heartbeat(-1, EntryId.Zero) },
        { 2, Heartbeat(9, EntryId.Zero, token: 0) },
        { 2, Heartbeat(9, EntryId.Zero, commit: -1) },
        { 2, Heartbeat(9, Id(0, 1)) },
        { 2, Heartbeat(9, Id(1, 0)) },
        { 2, Heartbeat(9, Id(10, 1)) },
        { 2, Heartbeat(9, Id(1, -1)) },
        { 2, Append(9, EntryId.Zero, 0, 1, Batch(1, 2)) },
        { 2, Append(9, EntryId.Zero, 0, 1, Batch(1, 1), Batch(1, 3)) },
        { 2, Append(9, EntryId.Zero, 0, 1, Batch(2, 1), Batch(1, 2)) },
        { 2, Append(9, EntryId.Zero, 0, 1, Batch(10, 1)) },
        { 2, Append(9, Id(2, 1), 0, 1, Batch(1, 2)) },
        { 2, new RequestVote(Term.Zero, EntryId.Zero, false) },
        { 2, new RequestVote(new Term(9), Id(10, 1), false) },
        { 2, new RequestVote(new Term(9), Id(0, 1), true) },
        { 2, new RequestVoteReply(new Term(9), Term.Zero, false, true) },
        { 2, new RequestVoteReply(new Term(-9), new Term(1), false, true) },
        { 2, new AppendEntriesReply(Term.Zero, 1, true, LogIndex.Zero) },
        { 2, new AppendEntriesReply(new Term(9), 0, true, LogIndex.Zero) },
        { 2, new AppendEntriesReply(new Term(9), 1, true, new LogIndex(-1)) },
        { 2, new ReadIndexRequest(Term.Zero, 1) },
        { 2, new ReadIndexReply(new Term(9), 1, true, new LogIndex(-1)) },
        { 2, new Stranger(new Term(9)) },

        // Numbers that no arithmetic survives, and terms that would leave none for the elections to come.
        { 2, Heartbeat(long.MaxValue, EntryId.Zero) },
        { 2, Heartbeat(1L << 40, EntryId.Zero) },
        { 2, Heartbeat(9, Id(1, long.MaxValue)) },
        { 2, Append(9, Id(1, long.MaxValue), 0, 1, Batch(1, 1)) },
        { 2, new RequestVote(new Term(long.MaxValue), EntryId.Zero, false) },
        { 2, new RequestVote(new Term(9), Id(9, long.MaxValue), false) },
        { 2, new RequestVoteReply(new Term(long.MaxValue), new Term(1), false, false) },
        { 2, new AppendEntriesReply(new Term(long.MaxValue), 1, false, LogIndex.Zero) },
        { 2, new AppendEntriesReply(new Term(1), 1, false, new LogIndex(long.MaxValue)) },
        { 2, new AppendEntriesReply(new Term(1), 1, false, LogIndex.Zero, Id(1, long.MaxValue)) },
        { 2, new ReadIndexRequest(new Term(long.MaxValue), 1) },
        { 2, new ReadIndexReply(new Term(1), 1, true, new LogIndex(long.MaxValue)) },
    };

    [Theory]
    [MemberData(nameof(Impossible))]
    public void An_impossible_message_changes_nothing(uint from, PeerMessage message)
    {
        foreach (CoreDriver member in new[] { Start(3, History(1, 1)), Leading() })
        {
            (Role Role, Term Term, EntryId Last) before = (member.Core.Role, member.Core.Term, member.Core.LastEntry);
            member.Receive(from, message);

            Assert.Empty(member.Effects);
            Assert.Equal(before, (member.Core.Role, member.Core.Term, member.Core.LastEntry));
            Assert.Equal(1, member.Core.DroppedMessages);
            Assert.StartsWith($"from {Node(from)}: ", member.Core.LastDropReason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Nothing_is_believed_before_the_start()
    {
        RaftCore core = new(Options(Voters(1, 2, 3)), []);
        Assert.Empty(core.Step(TimeSpan.Zero, new RaftInput.Received(Node(2), Heartbeat(1, EntryId.Zero))));
        Assert.Equal(1, core.DroppedMessages);
    }

    [Theory]
    [InlineData("Self")]
    [InlineData("ElectionTimeoutMin")]
    [InlineData("ElectionTimeoutMax")]
    [InlineData("HeartbeatInterval")]
    [InlineData("MaxAppendBytes")]
    [InlineData("MaxInFlightAppends")]
    [InlineData("MaxInFlightBytes")]
    [InlineData("MaxUncommittedEntries")]
    [InlineData("MaxUncommittedBytes")]
    [InlineData("MaxPendingReads")]
    [InlineData("Membership")]
    public void Impossible_options_are_refused_by_name(string name)
    {
        RaftOptions options = Options(Voters(1, 2, 3));
        RaftOptions broken = name switch
        {
            "Self" => options with { Self = NodeId.None },
            "Membership" => options with { Self = Node(9) },
            "ElectionTimeoutMin" => options with { ElectionTimeoutMin = options.HeartbeatInterval },
            "ElectionTimeoutMax" => options with { ElectionTimeoutMax = options.ElectionTimeoutMin - TimeSpan.FromTicks(1) },
            "HeartbeatInterval" => options with { HeartbeatInterval = TimeSpan.Zero },
            "MaxAppendBytes" => options with { MaxAppendBytes = 0 },
            "MaxInFlightAppends" => options with { MaxInFlightAppends = 0 },
            "MaxInFlightBytes" => options with { MaxInFlightBytes = 0 },
            "MaxUncommittedEntries" => options with { MaxUncommittedEntries = 0 },
            "MaxUncommittedBytes" => options with { MaxUncommittedBytes = 0 },
            _ => options with { MaxPendingReads = 0 },
        };
        ArgumentException error = Assert.Throws<ArgumentException>(() => new RaftCore(broken, []));
        Assert.Equal(name, error.ParamName);
    }

    private sealed record Stranger(Term Term) : PeerMessage(Term);
}
