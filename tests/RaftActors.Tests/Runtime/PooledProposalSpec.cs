using RaftActors.Runtime;
using RaftActors.Tests.Support;
using Xunit;

namespace RaftActors.Tests.Runtime;

/// <summary>Proposals that are used again: never while anybody may still hold them, and nothing of one use reaches the next.</summary>
public sealed class PooledProposalSpec
{
    private static readonly LogIndex One = new(1);
    private static readonly Term First = new(1);
    private readonly ProposalPool _pool = new();
    private readonly OpenRequests _open = new();

    [Fact]
    public async Task It_is_used_again_when_client_and_node_are_done_in_either_order()
    {
        PooledProposal proposal = Begin();
        ValueTask<ProposalAnswer> answer = proposal.Task;
        Apply(proposal);
        Assert.Equal(0, _pool.Kept);
        Assert.IsType<ProposalCommitted>(await answer);
        Assert.Equal(1, _pool.Kept);

        Assert.Same(proposal, Begin());
        answer = proposal.Task;
        PendingProposal[] batch = Take(proposal);
        proposal.Commit(One, First);
        await answer;
        Assert.Equal(0, _pool.Kept);
        _open.Done(batch);
        Assert.Equal(1, _pool.Kept);
    }

    [Fact]
    public async Task Nothing_of_one_use_reaches_the_next()
    {
        PooledProposal proposal = Begin(new ProposeOptions { Key = 5, ExpectedTerm = new Term(3), Forward = false });
        ValueTask<ProposalAnswer> answer = proposal.Task;
        Take(proposal);
        proposal.SetResult("one"u8.ToArray(), proposal.Life);
        Finish(proposal);
        Assert.Equal("one"u8.ToArray(), Assert.IsType<ProposalCommitted>(await answer).Result.ToArray());

        Assert.Same(proposal, Begin());
        Assert.Equal((0UL, Term.Zero, true, false, false), (proposal.Key, proposal.ExpectedTerm, proposal.Forward, proposal.IsAnswered, proposal.MayBeInLog));
        ValueTask<ProposalAnswer> second = proposal.Task;
        Apply(proposal);
        Assert.True(Assert.IsType<ProposalCommitted>(await second).Result.IsEmpty);
    }

    [Fact]
    public async Task A_reply_that_comes_when_its_call_is_over_goes_nowhere()
    {
        PooledProposal proposal = Begin();
        ValueTask<ProposalAnswer> answer = proposal.Task;
        int life = proposal.Life;
        Apply(proposal);
        await answer;
        Assert.Same(proposal, Begin());
        ValueTask<ProposalAnswer> second = proposal.Task;

        proposal.SetResult("late"u8.ToArray(), life);

        Apply(proposal);
        Assert.True(Assert.IsType<ProposalCommitted>(await second).Result.IsEmpty);
    }

    [Fact]
    public async Task An_answer_can_be_awaited_once_only()
    {
        PooledProposal proposal = Begin();
        ValueTask<ProposalAnswer> answer = proposal.Task;
        PendingProposal[] batch = Take(proposal);
        proposal.Commit(One, First);
        await answer;

        // The node still holds it: the second attempt must not pass for the node's word.
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await answer);
        Assert.Equal(0, _pool.Kept);
        _open.Done(batch);
        Assert.Equal(1, _pool.Kept);
        Begin();
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await answer);
    }

    [Theory]
    [InlineData("timed out")]
    [InlineData("abandoned")]
    [InlineData("put aside")]
    [InlineData("stalled")]
    public async Task What_took_another_course_is_never_used_again_and_neither_is_its_batch(string course)
    {
        PooledProposal other = Begin();
        PooledProposal straight = Begin();
        ValueTask<ProposalAnswer>[] answers = [other.Task, straight.Task];
        PendingProposal[] batch = Take(straight, other);
        switch (course)
        {
            case "timed out":
                other.TimeOut();
                break;
            case "abandoned":
                other.Abandon("gone", RefusalCode.Stopping);
                break;
            case "put aside":
                _open.Add(other);
                break;
            default:
                other.StalledSince = TimeSpan.Zero;
                break;
        }

        Array.ForEach(batch, p => p.Commit(One, First));
        _open.Done(batch);
        await answers[0];
        await answers[1];
        Assert.Equal(0, _pool.Kept);
    }

    [Fact]
    public async Task The_pool_is_bounded()
    {
        PooledProposal[] many = [.. Enumerable.Range(0, ProposalPool.MaxKept + 10).Select(_ => Begin())];
        ValueTask<ProposalAnswer>[] answers = [.. many.Select(p => p.Task)];
        Apply(many);
        foreach (ValueTask<ProposalAnswer> answer in answers)
        {
            await answer;
        }

        Assert.Equal(ProposalPool.MaxKept, _pool.Kept);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_wishes_it_goes_on_where_the_state_machine_answers_and_nowhere_else(bool inline)
    {
        PooledProposal proposal = Begin(new ProposeOptions { ContinueInline = inline });
        Task<Thread> client = GoesOnAt(proposal.Task.AsTask, out Thread committing, () => Apply(proposal));
        Assert.Equal(inline, await client == committing);

        LocalProposal local = new("data"u8.ToArray(), new ProposeOptions { ContinueInline = inline });
        client = GoesOnAt(() => local.Task, out committing, () => local.Commit(One, First));
        Assert.Equal(inline, await client == committing);
    }

    [Fact]
    public async Task An_answer_that_is_not_the_state_machines_never_goes_on_inline()
    {
        ProposeOptions inline = new() { ContinueInline = true };
        PooledProposal proposal = Begin(inline);
        Task<Thread> client = GoesOnAt(proposal.Task.AsTask, out Thread refusing, () => proposal.Answer(new NotLeader(NodeId.None, null)));
        Assert.NotSame(refusing, await client);

        LocalProposal local = new("data"u8.ToArray(), inline);
        client = GoesOnAt(() => local.Task, out refusing, () => local.Abandon("gone", RefusalCode.Stopping));
        Assert.NotSame(refusing, await client);
    }

    [Fact]
    public async Task That_a_client_goes_on_inline_is_forgotten_with_its_proposal()
    {
        PooledProposal proposal = Begin(new ProposeOptions { ContinueInline = true });
        ValueTask<ProposalAnswer> answer = proposal.Task;
        Apply(proposal);
        await answer;
        Assert.Same(proposal, Begin());
        Task<Thread> client = GoesOnAt(proposal.Task.AsTask, out Thread committing, () => Apply(proposal));
        Assert.NotSame(committing, await client);
    }

    [Theory]
    [InlineData(false, "raft-actors.dispatchers.user-code")]
    [InlineData(true, "raft-actors.dispatchers.user-code")]
    [InlineData(true, "raft-actors.dispatchers.consensus")]
    public async Task Each_of_many_clients_gets_its_own_answer_while_proposals_are_used_again(bool inline, string stateMachineDispatcher)
    {
        const int Clients = 32;
        const int Each = 300;
        ProposeOptions options = new() { ContinueInline = inline };
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync(settings: Akka.Configuration.ConfigurationFactory.ParseString($"state-machine-dispatcher = \"{stateMachineDispatcher}\""));
        TestNode leader = await cluster.Leader();
        List<long>[] indexes = await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(async () =>
        {
            List<long> mine = [];
            for (int i = 0; i < Each; i++)
            {
                ProposalCommitted committed = Assert.IsType<ProposalCommitted>(await leader.Stream.ProposeValueAsync(System.Text.Encoding.UTF8.GetBytes($"{client}:{i}"), options));
                CommittedEntryAnswer read = await leader.Stream.ReadCommittedAsync(committed.Index);
                Assert.Equal($"{client}:{i}", System.Text.Encoding.UTF8.GetString(Assert.IsType<CommittedEntryFound>(read).Data.Span));
                mine.Add(committed.Index.Value);
            }

            return mine;
        })));
        Assert.Equal(Clients * Each, indexes.SelectMany(i => i).Distinct().Count());
        Assert.All(indexes, mine => Assert.Equal(mine.Order(), mine));
        await leader.Until(s => s.Queues.OpenRequests == 0);
        Assert.InRange(leader.Stream.Link.Proposals.Kept, 1, ProposalPool.MaxKept);
    }

    [Fact]
    public async Task The_answer_may_be_taken_as_a_value_once_and_says_the_same()
    {
        PooledProposal proposal = Begin();
        ValueTask<ProposalOutcome> outcome = proposal.Outcome;
        Take(proposal);
        proposal.SetResult("reply"u8.ToArray(), proposal.Life);
        Finish(proposal);
        ProposalOutcome committed = await outcome;
        Assert.True(committed.IsCommitted);
        Assert.Equal((One, First, "reply"), (committed.Index, committed.Term, System.Text.Encoding.UTF8.GetString(committed.Result.Span)));
        Assert.Equal(committed, new ProposalOutcome(committed.Answer));
        Assert.Same(proposal, Begin());
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await outcome);

        NotLeader no = new(NodeId.None, null);
        ValueTask<ProposalOutcome> other = proposal.Outcome;
        proposal.Answer(no);
        ProposalOutcome refused = await other;
        Assert.False(refused.IsCommitted);
        Assert.Same(no, refused.Answer);
        Assert.NotEqual(committed, refused);
        Assert.False(default(ProposalOutcome).IsCommitted);
        Assert.Throws<InvalidOperationException>(() => default(ProposalOutcome).Answer);
    }

    [Fact]
    public async Task A_proposal_that_cannot_be_is_refused_at_once()
    {
        await using TestCluster cluster = await TestCluster.StartInMemoryAsync();
        TestNode leader = await cluster.Leader();
        ProposalAnswer answer = await leader.Stream.ProposeValueAsync(new byte[1], new ProposeOptions { Timeout = TimeSpan.Zero });
        Assert.Equal(RefusalCode.Invalid, Assert.IsType<ProposalRefused>(answer).Code);
        ProposalOutcome outcome = await leader.Stream.ProposeOutcomeAsync(new byte[1], new ProposeOptions { Timeout = TimeSpan.Zero });
        Assert.Equal(RefusalCode.Invalid, Assert.IsType<ProposalRefused>(outcome.Answer).Code);
        outcome = await leader.Stream.ProposeOutcomeAsync("taken"u8.ToArray());
        Assert.True(outcome.IsCommitted && outcome.Index > LogIndex.Zero);
    }

    // Where a client goes on that waits when this is done, on a thread of its own that is not of the pool.
    private static Task<Thread> GoesOnAt(Func<Task<ProposalAnswer>> answer, out Thread doing, Action act)
    {
        Task<Thread> client = ClientAsync(answer());
        doing = new Thread(() => act());
        doing.Start();
        doing.Join();
        return client;

        static async Task<Thread> ClientAsync(Task<ProposalAnswer> task)
        {
            await task.ConfigureAwait(false);
            return Thread.CurrentThread;
        }
    }

    private PooledProposal Begin(ProposeOptions? options = null)
    {
        PooledProposal proposal = _pool.Take();
        proposal.Begin("data"u8.ToArray(), options ?? ProposeOptions.Default);
        return proposal;
    }

    // What the node does when the log has taken a batch.
    private PendingProposal[] Take(params PooledProposal[] proposals)
    {
        PendingProposal[] batch = [.. proposals];
        _open.Add(batch);
        foreach (PendingProposal proposal in batch)
        {
            Assert.True(proposal.TryTake());
            proposal.ReleaseData();
        }

        _last = batch;
        return batch;
    }

    private PendingProposal[] _last = [];

    private void Finish(PooledProposal proposal)
    {
        proposal.Commit(One, First);
        _open.Done(_last);
    }

    private void Apply(params PooledProposal[] proposals)
    {
        PendingProposal[] batch = Take(proposals);
        Array.ForEach(batch, p => p.Commit(One, First));
        _open.Done(batch);
    }
}
