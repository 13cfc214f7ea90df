using System.Collections.Concurrent;

namespace RaftActors.Runtime;

/// <summary>Proposals of one stream that are used again. Thread-safe; bounded, so that a burst does not stay in memory.</summary>
internal sealed class ProposalPool
{
    /// <summary>The most that are kept.</summary>
    public const int MaxKept = 4096;

    private readonly ConcurrentQueue<PooledProposal> _free = new();
    private int _kept;

    /// <summary>How many wait to be used.</summary>
    public int Kept => Volatile.Read(ref _kept);

    /// <summary>A proposal that nobody else has.</summary>
    public PooledProposal Take()
    {
        if (!_free.TryDequeue(out PooledProposal? proposal))
        {
            return new PooledProposal(this);
        }

        Interlocked.Decrement(ref _kept);
        return proposal;
    }

    /// <summary>Takes back one that nobody holds any more.</summary>
    public void Return(PooledProposal proposal)
    {
        if (Interlocked.Increment(ref _kept) > MaxKept)
        {
            Interlocked.Decrement(ref _kept);
            return;
        }

        _free.Enqueue(proposal);
    }
}
