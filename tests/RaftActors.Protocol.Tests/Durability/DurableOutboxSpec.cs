using Xunit;
using static RaftActors.Protocol.Tests.Driver.CoreDriver;

namespace RaftActors.Protocol.Tests.Durability;

public sealed class DurableOutboxSpec
{
    private readonly DurableOutbox _outbox = new();
    private readonly List<Effect> _now = [];

    private static AppendEntriesReply Ack(ulong token, long index, long term = 1) => new(new Term(term), token, true, new LogIndex(index));

    private static RequestVoteReply Vote(long term) => new(new Term(term), new Term(term), false, true);

    [Fact]
    public void What_needs_an_earlier_write_overtakes_what_needs_a_later_one()
    {
        _outbox.Hold(new JournalMark(3), Node(2), Vote(1), _now);
        _outbox.Hold(new JournalMark(1), Node(3), Vote(1), _now);
        _outbox.Hold(JournalMark.Zero, Node(4), Vote(1), _now);
        Assert.Equal([Node(4)], _now.Cast<Effect.Send>().Select(s => s.To));

        _outbox.Release(new JournalMark(2), _now);
        Assert.Equal([Node(4), Node(3)], _now.Cast<Effect.Send>().Select(s => s.To));
        Assert.Equal(1, _outbox.Count);
        _outbox.Release(new JournalMark(3), _now);
        Assert.Equal(0, _outbox.Count);
    }

    [Fact]
    public void An_older_confirmation_changes_nothing()
    {
        _outbox.Release(new JournalMark(5), _now);
        _outbox.Release(new JournalMark(2), _now);
        Assert.Equal(new JournalMark(5), _outbox.Durable);
        _outbox.Hold(new JournalMark(4), Node(2), Vote(1), _now);
        Assert.Single(_now);
    }

    [Fact]
    public void Acknowledgements_that_open_together_become_one_with_the_highest_token_and_index()
    {
        _outbox.Hold(new JournalMark(1), Node(2), Ack(7, 10), _now);
        _outbox.Hold(new JournalMark(2), Node(2), Ack(5, 12), _now);
        _outbox.Hold(new JournalMark(3), Node(2), Ack(9, 14), _now);
        _outbox.Release(new JournalMark(2), _now);
        Assert.Equal(Ack(7, 12), ((Effect.Send)Assert.Single(_now)).Message);
    }

    [Fact]
    public void Acknowledgements_to_others_or_of_another_term_stay_apart_and_refusals_too()
    {
        _outbox.Hold(new JournalMark(1), Node(2), Ack(1, 1), _now);
        _outbox.Hold(new JournalMark(1), Node(3), Ack(2, 2), _now);
        _outbox.Hold(new JournalMark(1), Node(3), Ack(3, 3, term: 2), _now);
        _outbox.Hold(new JournalMark(1), Node(3), Ack(4, 4, term: 2) with { Accepted = false }, _now);
        _outbox.Hold(new JournalMark(1), Node(3), Vote(2), _now);
        _outbox.Release(new JournalMark(1), _now);
        Assert.Equal(5, _now.Count);
    }

    [Fact]
    public void A_vote_round_waits_for_its_write_and_can_be_given_up()
    {
        Effect.BeginVoteRound round = new(new RequestVote(new Term(1), EntryId.Zero, false), [Node(2)]);
        _outbox.Hold(new JournalMark(1), round, _now);
        Assert.Empty(_now);
        _outbox.Release(new JournalMark(1), _now);
        Assert.Equal([round], _now);

        _now.Clear();
        _outbox.Hold(new JournalMark(2), round, _now);
        _outbox.CancelRound();
        _outbox.Release(new JournalMark(2), _now);
        Assert.Empty(_now);
    }
}
