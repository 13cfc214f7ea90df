namespace RaftActors.Runtime;

/// <summary>
/// Every request that a node has taken and nobody has answered. Proposals in the log are held by the batch and let go with it, as soon as the state machine has answered all of them: thousands
/// of answered requests that live until somebody counts them again would be copied by each collection of the young generation. Belongs to one actor.
/// </summary>
internal sealed class OpenRequests
{
    private readonly List<ClientRequest> _single = [];
    private readonly Queue<PendingProposal[]> _batches = new();

    /// <summary>Nothing is left, but perhaps answered requests that no sweep has met yet are.</summary>
    public bool IsEmpty => _single.Count == 0 && _batches.Count == 0;

    /// <summary>Everything but the proposals in the log.</summary>
    public IReadOnlyList<ClientRequest> Single => _single;

    /// <summary>How many batches have a proposal that is not known to be answered.</summary>
    public int Batches => _batches.Count;

    /// <summary>Holds a request by itself. Once, however often it is asked to.</summary>
    public void Add(ClientRequest request)
    {
        if (!request.IsListed)
        {
            request.IsListed = true;
            _single.Add(request);
        }
    }

    /// <summary>Holds the proposals of one batch.</summary>
    public void Add(PendingProposal[] batch) => _batches.Enqueue(batch);

    /// <summary>
    /// A batch is applied to its end and nothing else of the node holds it. It is let go when it is the oldest, with all in front of it that are answered; what of it can be used again is
    /// free for that, provided that the state machine has answered all of it: before, somebody may still go through the whole batch.
    /// </summary>
    public void Done(PendingProposal[] batch)
    {
        while (_batches.TryPeek(out PendingProposal[]? oldest) && AreAnswered(oldest))
        {
            _batches.Dequeue();
            if (ReferenceEquals(oldest, batch))
            {
                Release(batch);
                return;
            }
        }
    }

    /// <summary>Shows every request that is not answered to the sweep, then lets go of what is answered.</summary>
    public void Sweep(Action<ClientRequest> look)
    {
        int kept = 0;
        for (int i = 0; i < _single.Count; i++)
        {
            ClientRequest request = _single[i];
            if (!request.IsAnswered)
            {
                look(request);
            }

            if (!request.IsAnswered)
            {
                _single[kept++] = request;
            }
        }

        _single.RemoveRange(kept, _single.Count - kept);
        for (int i = _batches.Count; i > 0; i--)
        {
            PendingProposal[] batch = _batches.Dequeue();
            foreach (PendingProposal proposal in batch)
            {
                if (!proposal.IsAnswered)
                {
                    look(proposal);
                }
            }

            if (!AreAnswered(batch))
            {
                _batches.Enqueue(batch);
            }
        }
    }

    /// <summary>Lets go of what is answered.</summary>
    public void ForgetAnswered() => Sweep(static _ => { });

    /// <summary>Lets go of everything; each request is shown once before.</summary>
    public void Clear(Action<ClientRequest> look)
    {
        ClientRequest[] all = [.. _single, .. _batches.SelectMany(static b => b)];
        _single.Clear();
        _batches.Clear();
        foreach (ClientRequest request in all)
        {
            look(request);
        }
    }

    private static void Release(PendingProposal[] batch)
    {
        foreach (PendingProposal proposal in batch)
        {
            if (!proposal.WentStraight)
            {
                return;
            }
        }

        foreach (PendingProposal proposal in batch)
        {
            proposal.LetGo();
        }
    }

    // They are answered in the order of the log: mostly the last alone tells that there is nothing to do.
    private static bool AreAnswered(PendingProposal[] batch)
    {
        for (int i = batch.Length - 1; i >= 0; i--)
        {
            if (!batch[i].IsAnswered)
            {
                return false;
            }
        }

        return true;
    }
}
