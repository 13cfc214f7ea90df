using Xunit;
using static RaftActors.Protocol.Tests.Driver.CoreDriver;

namespace RaftActors.Protocol.Tests.Election;

/// <summary>The table of who gets a vote (Raft paper sections 5.2 and 5.4.1, thesis sections 4.2.3 and 9.6).</summary>
public sealed class VoteRulesSpec
{
    // The voter: term 5, last entry 3:10. The columns: whom it voted for, whether it hears a leader; the request; the verdict.
    [Theory]

    // 5.2: terms.
    [InlineData(0, false, 4, 3, 10, false, false, VoteVerdict.TermIsOver)]
    [InlineData(0, true, 4, 3, 10, false, true, VoteVerdict.TermIsOver)]
    [InlineData(0, false, 5, 3, 10, false, false, VoteVerdict.Granted)]
    [InlineData(0, false, 6, 3, 10, false, false, VoteVerdict.Granted)]

    // 5.2: one vote a term; the vote of an earlier term does not bind.
    [InlineData(2, false, 5, 3, 10, false, false, VoteVerdict.Granted)]
    [InlineData(3, false, 5, 3, 10, false, false, VoteVerdict.VotedForAnother)]
    [InlineData(3, false, 6, 3, 10, false, false, VoteVerdict.Granted)]

    // 5.4.1: "If the logs have last entries with different terms, then the log with the later term is more up-to-date."
    [InlineData(0, false, 6, 4, 1, false, false, VoteVerdict.Granted)]
    [InlineData(0, false, 6, 2, 99, false, false, VoteVerdict.LogIsBehind)]

    // 5.4.1: "If the logs end with the same term, then whichever log is longer is more up-to-date."
    [InlineData(0, false, 6, 3, 9, false, false, VoteVerdict.LogIsBehind)]
    [InlineData(0, false, 6, 3, 11, false, false, VoteVerdict.Granted)]
    [InlineData(0, false, 6, 0, 0, false, false, VoteVerdict.LogIsBehind)]

    // 9.6: a pre-vote is judged like a vote.
    [InlineData(0, false, 6, 3, 10, true, false, VoteVerdict.Granted)]
    [InlineData(3, false, 6, 3, 10, true, false, VoteVerdict.Granted)]
    [InlineData(3, false, 5, 3, 10, true, false, VoteVerdict.VotedForAnother)]
    [InlineData(0, false, 6, 3, 9, true, false, VoteVerdict.LogIsBehind)]
    [InlineData(0, false, 4, 3, 10, true, false, VoteVerdict.TermIsOver)]

    // 4.2.3: nobody helps to depose a leader that is heard, unless the leader itself asked for it.
    [InlineData(0, true, 6, 4, 99, false, false, VoteVerdict.LeaderIsAlive)]
    [InlineData(0, true, 6, 4, 99, true, false, VoteVerdict.LeaderIsAlive)]
    [InlineData(0, true, 6, 4, 99, false, true, VoteVerdict.Granted)]
    [InlineData(0, true, 6, 3, 9, false, true, VoteVerdict.LogIsBehind)]
    internal void A_vote_is_judged(uint votedFor, bool leaderIsAlive, long term, long lastTerm, long lastIndex, bool preVote, bool transfer, VoteVerdict expected)
    {
        Voter voter = new(new Term(5), Node(votedFor), Id(3, 10), leaderIsAlive);
        RequestVote request = new(new Term(term), Id(lastTerm, lastIndex), preVote, transfer);

        Assert.Equal(expected, VoteRules.Judge(voter, Node(2), request));
    }
}
