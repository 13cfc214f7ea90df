using RaftActors.Runtime;
using Xunit;

namespace RaftActors.Tests.Runtime;

public sealed class OpenRequestsSpec
{
    private readonly OpenRequests _open = new();

    [Fact]
    public void A_batch_is_let_go_when_all_of_it_is_answered_and_not_before()
    {
        PendingProposal[] batch = [NewProposal(), NewProposal(), NewProposal()];
        _open.Add(batch);
        batch[2].Commit(new LogIndex(3), new Term(1));
        batch[0].Commit(new LogIndex(1), new Term(1));
        _open.Done(batch);
        Assert.Equal(1, _open.Batches);
        batch[1].Commit(new LogIndex(2), new Term(1));
        _open.Done(batch);
        Assert.True(_open.IsEmpty);
    }

    [Fact]
    public void A_batch_pushes_out_those_before_it_that_are_answered()
    {
        PendingProposal[] refused = [NewProposal()];
        PendingProposal[] done = [NewProposal(), NewProposal()];
        PendingProposal[] next = [NewProposal()];
        _open.Add(refused);
        _open.Add(done);
        _open.Add(next);
        refused[0].Overload("too much");
        Array.ForEach(done, p => p.Commit(new LogIndex(1), new Term(1)));
        _open.Done(done);
        Assert.Equal(1, _open.Batches);
    }

    [Fact]
    public void A_sweep_sees_everything_that_waits_also_behind_a_batch_that_does_not_end()
    {
        PendingProposal[] stuck = [NewProposal()];
        PendingProposal[] half = [NewProposal(), NewProposal()];
        PendingProposal[] done = [NewProposal()];
        PendingProposal single = NewProposal();
        _open.Add(stuck);
        _open.Add(half);
        _open.Add(done);
        _open.Add(single);
        half[0].Commit(new LogIndex(2), new Term(1));
        done[0].Commit(new LogIndex(4), new Term(1));
        List<ClientRequest> seen = [];
        _open.Sweep(seen.Add);
        Assert.Equal([single, stuck[0], half[1]], seen);
        Assert.Equal(2, _open.Batches);

        // The order stays, so that the oldest goes first.
        stuck[0].Commit(new LogIndex(1), new Term(1));
        _open.Done(stuck);
        Assert.Equal(1, _open.Batches);
    }

    [Fact]
    public void What_the_sweep_answers_is_let_go()
    {
        PendingProposal single = NewProposal();
        _open.Add([NewProposal(), NewProposal()]);
        _open.Add(single);
        _open.Sweep(r => r.TimeOut());
        Assert.True(_open.IsEmpty);
        Assert.True(single.IsAnswered);
    }

    [Fact]
    public void A_request_is_held_once_however_often_it_is_put_aside()
    {
        PendingProposal single = NewProposal();
        for (int i = 0; i < 5; i++)
        {
            _open.Add(single);
        }

        Assert.Same(single, Assert.Single(_open.Single));
    }

    [Fact]
    public void The_end_shows_everything_and_holds_nothing()
    {
        PendingProposal single = NewProposal();
        PendingProposal[] batch = [NewProposal(), NewProposal()];
        _open.Add(single);
        _open.Add(batch);
        _open.Clear(r => r.Abandon("the end", RefusalCode.Stopping));
        Assert.True(_open.IsEmpty);
        Assert.All([single, .. batch], p => Assert.True(p.IsAnswered));
    }

    private static LocalProposal NewProposal() => new(new byte[1], ProposeOptions.Default);
}
