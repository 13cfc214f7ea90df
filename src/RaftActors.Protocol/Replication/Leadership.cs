namespace RaftActors.Protocol;

/// <summary>What only a leader has. Made when the term of office begins and forgotten when it ends.</summary>
internal sealed class Leadership
{
    private PeerProgress[] _peers;

    /// <summary>Begins a term of office.</summary>
    /// <param name="state">The member.</param>
    /// <param name="noOp">Where the first entry of the term will stand.</param>
    public Leadership(RaftState state, LogIndex noOp)
    {
        NoOp = noOp;
        Lease = new LeaderLease(state);
        Reads = new ReadQueue(state);
        Proposals = new UncommittedProposals(state.Options);
        _peers = [.. state.Membership.Peers(state.Self).Select(id => new PeerProgress(id, noOp, NextToken, state.Now, state.Options))];
        foreach (PeerProgress peer in _peers)
        {
            // Nobody is known to be gone; who comes later has to catch up first.
            peer.Flow.IsWaitedFor = true;
        }
    }

    /// <summary>The first entry of the term. Once it is committed, so is everything before it (Raft paper section 8).</summary>
    public LogIndex NoOp { get; }

    /// <summary>The token of the next append message.</summary>
    public ulong NextToken { get; private set; } = 1;

    /// <summary>Reads that wait for their confirmation.</summary>
    public ReadQueue Reads { get; }

    /// <summary>How much of what is committed idle peers may be told (<see cref="RaftOptions.CommitNoticesAfterApply"/>).</summary>
    public LogIndex MayBeTold { get; set; }

    /// <summary>What clients wait for.</summary>
    public UncommittedProposals Proposals { get; }

    /// <summary>Full consensus: its own disk keeps up, so nothing is committed that it does not have.</summary>
    public bool WaitsForItself { get; set; } = true;

    /// <summary>Full consensus: what a quorum has and somebody else holds back, and since when it was seen to.</summary>
    public (LogIndex Index, TimeSpan Since)? HeldBack { get; set; }

    /// <summary>Full consensus: what was committed at the last look.</summary>
    public LogIndex CommittedBefore { get; set; }

    /// <summary>The change of the membership that is under way; null when there is none.</summary>
    public PendingChange? Change { get; set; }

    /// <summary>The transfer that is under way; null when there is none.</summary>
    public PendingTransfer? Transfer { get; set; }

    /// <summary>True for a log-only voter, which leads only until somebody else can.</summary>
    public bool TakesCare => Transfer is { TakesCare: true };

    /// <summary>Everybody else in the stream, voters and learners, and for a while those that were removed, so that they learn it.</summary>
    public ReadOnlySpan<PeerProgress> Peers => _peers;

    /// <summary>A token for one append message.</summary>
    public ulong TakeToken()
    {
        Lease.Sending(NextToken);
        return NextToken++;
    }

    /// <summary>For how long nobody else can lead.</summary>
    public LeaderLease Lease { get; }

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

    /// <summary>Another membership is in force: newcomers are probed, and who is gone is told so for two election timeouts more.</summary>
    public void Adopt(RaftState state)
    {
        List<PeerProgress> peers = [];
        foreach (NodeId id in state.Membership.Peers(state.Self))
        {
            // Who comes back may have lost its journal: nothing that was known of it counts.
            PeerProgress? known = Find(id);
            if (known is { IsLeaving: true })
            {
                Forget(state, known);
                known = null;
            }

            peers.Add(known ?? new PeerProgress(id, state.Log.Last.Index.Next, NextToken, state.Now, state.Options));
        }

        foreach (PeerProgress peer in _peers)
        {
            if (state.Membership.Find(peer.Id) is null)
            {
                peer.Leave(state.Now + (2 * state.Options.ElectionTimeoutMax));
                peers.Add(peer);
            }
        }

        _peers = [.. peers.OrderBy(peer => peer.Id)];
    }

    /// <summary>Forgets those that were removed and have been told, or had time enough.</summary>
    public void ForgetLeft(RaftState state)
    {
        LogIndex membership = state.Memberships.CurrentIndex;
        foreach (PeerProgress peer in _peers)
        {
            bool knows = membership <= state.CommitIndex && peer.Match >= membership && peer.CommitSent >= membership;
            if (peer.IsLeaving && (knows || state.Now >= peer.LeavesAt))
            {
                Forget(state, peer);
                _peers = [.. _peers.Where(other => other != peer)];
            }
        }
    }

    /// <summary>The office ends: whoever waits for a change or a transfer is told.</summary>
    public void EndOpen(RaftState state)
    {
        if (Change is { } change)
        {
            Change = null;
            change.Refuse(state, ChangeRefusal.LeadershipLost, "the leader lost its office; the change may or may not take place");
        }

        if (Transfer is { } transfer)
        {
            Transfer = null;
            if (!transfer.TakesCare)
            {
                // Nobody asked for it.
                state.Emit(new Effect.TransferEnded(transfer.Ticket, TransferOutcome.HandedOver, transfer.Target));
            }
        }
    }

    /// <summary>The peers for a status report.</summary>
    public IReadOnlyList<PeerStatus> ToStatus() => Array.ConvertAll(_peers, static peer => peer.ToStatus());

    private static void Forget(RaftState state, PeerProgress peer)
    {
        if (peer.State == PeerState.InstallingSnapshot)
        {
            state.Emit(new Effect.StopSendingSnapshot(peer.Id));
        }
    }
}
