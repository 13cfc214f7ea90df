using System.Runtime.ExceptionServices;
using System.Threading.Tasks.Sources;

namespace RaftActors.Runtime;

/// <summary>
/// A proposal of this process that is used again. It goes back to its pool when both are done with it: the client, who has taken the answer, and the node, whose state machine has answered
/// every proposal of the batch it was in. Whatever took another course than straight into the log and through the state machine (parked, forwarded, timed out, refused, lost) is never used
/// again: somebody may still hold it.
/// </summary>
internal sealed class PooledProposal(ProposalPool pool) : CopiedProposal, IValueTaskSource<ProposalAnswer>, IValueTaskSource<ProposalOutcome>
{
    private const int ClientDone = 1;
    private const int NodeDone = 2;

    private readonly Lock _guard = new();

    private ManualResetValueTaskSourceCore<ProposalOutcome> _completion;
    private int _done;
    private int _life;

    /// <summary>To be awaited once; either this or <see cref="Outcome"/>.</summary>
    public ValueTask<ProposalAnswer> Task => new(this, _completion.Version);

    /// <summary>The same without an object for the answer.</summary>
    public ValueTask<ProposalOutcome> Outcome => new(this, _completion.Version);

    public override int Life => Volatile.Read(ref _life);

    /// <summary>A new proposal. Only for whoever has it from the pool.</summary>
    public void Begin(ReadOnlyMemory<byte> data, ProposeOptions options) => Copy(data, options);

    /// <summary>A state machine that replies when its call is long over must not reply to whoever has this proposal by then.</summary>
    public override void SetResult(ReadOnlyMemory<byte> result, int life)
    {
        lock (_guard)
        {
            if (life == _life)
            {
                base.SetResult(result, life);
            }
        }
    }

    ProposalAnswer IValueTaskSource<ProposalAnswer>.GetResult(short token) => GetResult(token).Answer;

    public ProposalOutcome GetResult(short token)
    {
        // Throws for a token of an earlier life, and for one whose answer is not there yet.
        ProposalOutcome outcome = _completion.GetResult(token);
        return Done(ClientDone) ? outcome : throw new InvalidOperationException("The answer to a proposal can be awaited once only.");
    }

    public ValueTaskSourceStatus GetStatus(short token) => _completion.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _completion.OnCompleted(continuation, state, token, flags);

    public override void LetGo() => Done(NodeDone);

    protected override void Deliver(ProposalAnswer answer) => Deliver(new ProposalOutcome(answer));

    protected override void DeliverCommitted(LogIndex index, Term term, ReadOnlyMemory<byte> result) => Deliver(new ProposalOutcome(index, term, result));

    private void Deliver(in ProposalOutcome outcome)
    {
        // Continuations must not run on the thread that carries consensus, but for those that were made for it.
        bool inline = MayContinueInline;
        _completion.RunContinuationsAsynchronously = !inline;
        try
        {
            _completion.SetResult(outcome);
        }
        catch (Exception e) when (inline)
        {
            // Of a client that has hung a bare callback on its answer. It ends the process, as it would on the pool; the state machine has no part in it.
            ThreadPool.UnsafeQueueUserWorkItem(static thrown => thrown.Throw(), ExceptionDispatchInfo.Capture(e), preferLocal: false);
        }
    }

    // False for whoever has said so before.
    private bool Done(int who)
    {
        int before = Interlocked.Or(ref _done, who);
        if ((before | who) == (ClientDone | NodeDone) && (before & who) == 0)
        {
            lock (_guard)
            {
                _life++;
                _completion.Reset();
                Forget();
                Volatile.Write(ref _done, 0);
            }

            pool.Return(this);
        }

        return (before & who) == 0;
    }
}
