using Xunit;
using static RaftActors.Protocol.Tests.Driver.CoreDriver;

namespace RaftActors.Protocol.Tests.Replication;

/// <summary>Raft paper section 5.3, end: going back a term at a time.</summary>
public sealed class ConflictSearchSpec
{
    internal static RaftLog LogOf(params long[] terms)
    {
        RaftLog log = new();
        for (int i = 0; i < terms.Length; i++)
        {
            log.Append(Batch(terms[i], i + 1), JournalMark.Zero);
        }

        return log;
    }

    // The leader's log, the follower's log, what was tried; where the leader tries next.
    [Theory]
    [InlineData(new long[] { 1, 1, 1, 1 }, new long[] { 1 }, 4, 2)] // Too short: right behind its end.
    [InlineData(new long[] { 1, 1, 1, 1 }, new long[] { }, 4, 1)] // Empty.
    [InlineData(new long[] { 1, 4, 4, 5, 6 }, new long[] { 1, 4, 4, 4, 4 }, 5, 4)] // The leader has the term: its last one of it meets.
    [InlineData(new long[] { 1, 1, 4, 4, 4 }, new long[] { 1, 1, 2, 2, 2 }, 5, 3)] // The leader has not: the whole term goes.
    [InlineData(new long[] { 1, 1, 4, 4, 4 }, new long[] { 1, 1, 2, 3, 3 }, 5, 4)] // The same, the last of two terms first.
    [InlineData(new long[] { 5, 5 }, new long[] { 3, 4 }, 2, 2)] // Nothing in common, a term at a time.
    [InlineData(new long[] { 5, 5 }, new long[] { 3, 4 }, 1, 1)]
    public void A_refusal_tells_where_to_try_next(long[] leader, long[] follower, long refusedAt, long expected)
    {
        RaftLog leaderLog = LogOf(leader);
        RaftLog followerLog = LogOf(follower);
        EntryId previous = leaderLog.IdAt(new LogIndex(refusedAt));
        Assert.False(followerLog.Matches(previous));

        EntryId hint = ConflictSearch.HintFor(followerLog, previous, LogIndex.Zero);
        AppendEntriesReply refusal = new(new Term(9), 1, false, followerLog.Last.Index, hint);
        Assert.Equal(new LogIndex(expected), ConflictSearch.NextAfter(leaderLog, LogIndex.Zero, previous.Index.Next, refusal));
    }

    [Fact] // What is committed matches any leader, so it need not be searched.
    public void A_hint_does_not_point_below_what_is_committed()
    {
        RaftLog follower = LogOf(1, 2, 2, 2, 2);
        Assert.Equal(Id(2, 4), ConflictSearch.HintFor(follower, Id(3, 5), new LogIndex(3)));
    }

    [Theory] // Whatever a peer says, the search goes back, and not behind what the peer has acknowledged.
    [InlineData(100, 0, 0, 3)]
    [InlineData(0, 9, 100, 3)]
    [InlineData(0, 1, 1, 3)]
    [InlineData(0, 0, 0, 3)]
    public void Nonsense_in_a_refusal_neither_goes_forward_nor_behind_the_match(long current, long hintTerm, long hintIndex, long expected)
    {
        AppendEntriesReply refusal = new(new Term(9), 1, false, new LogIndex(current), Id(hintTerm, hintIndex));
        LogIndex next = ConflictSearch.NextAfter(LogOf(1, 1, 2, 2), new LogIndex(2), new LogIndex(4), refusal);
        Assert.Equal(new LogIndex(expected), next);
    }
}
