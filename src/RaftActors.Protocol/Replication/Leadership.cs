namespace RaftActors.Protocol;

/// <summary>What only a leader has. Made when the term of office begins and forgotten when it ends.</summary>
internal sealed class Leadership
{
    private readonly PeerProgress[] _peers;

    /// <summary>Begins a term of office.</summary>
    /// <param name="state">The member.</param>
    /// <param name="noOp">Where the first entry of the term will stand.</param>
    public Leadership(RaftState state, LogIndex noOp)
    {
        NoOp = noOp;
        Reads = new ReadQueue(state);
        Proposals = new UncommittedProposals(state.Options);
        _peers = [.. state.Membership.Peers(state.Self).Select(id => new PeerProgress(id, noOp, NextToken, state.Now, state.Options))];
    }

    /// <summary>The first entry of the term. Once it is committed, so is everything before it (Raft paper section 8).</summary>
    public LogIndex NoOp { get; }

    /// <summary>The token of the next append message.</summary>
    public ulong NextToken { get; private set; } = 1;

    /// <summary>Reads that wait for their confirmation.</summary>
    public ReadQueue Reads { get; }

    /// <summary>What clients wait for.</summary>
    public UncommittedProposals Proposals { get; }

    /// <summary>Everybody else in the stream, voters and learners.</summary>
    public ReadOnlySpan<PeerProgress> Peers => _peers;

    /// <summary>A token for one append message.</summary>
    public ulong TakeToken() => NextToken++;

    /// <summary>The progress of one peer; null for strangers.</summary>
    public PeerProgress? Find(NodeId id)
    {
        foreach (PeerProgress peer in _peers)
        {
            if (peer.Id == id)
            {
                return peer;
            }
        }

        return null;
    }

    /// <summary>The peers for a status report.</summary>
    public IReadOnlyList<PeerStatus> ToStatus() => Array.ConvertAll(_peers, static peer => peer.ToStatus());
}
