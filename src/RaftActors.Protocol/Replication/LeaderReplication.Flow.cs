namespace RaftActors.Protocol;

// Peers that are fed from the journal, or not at all for a while.
internal sealed partial class LeaderReplication
{
    /// <summary>So many reads in a row may fail before a peer gets the snapshot instead.</summary>
    private const int MaxFailedReads = 3;

    /// <summary>Entries for a peer have come from the journal; none when they could not be read.</summary>
    public void OnEntriesRead(NodeId id, LogIndex first, IReadOnlyList<EntryBatch> batches)
    {
        if (_state.Leadership is not { } leadership)
        {
            return;
        }

        // Those that had to wait come first, or one that asks again at once would keep them out.
        for (int turns = _state.Reads.Waiting; turns > 0 && _state.Reads.TryTakeWaiting(out NodeId waiting); turns--)
        {
            if (leadership.Find(waiting) is { } other)
            {
                SendAppends(leadership, other);
            }
        }

        if (leadership.Find(id) is not { } peer)
        {
            return;
        }

        // Meanwhile it may have got them otherwise, or the log may begin later.
        bool isWanted = peer.State == PeerState.Replicating && peer.Next == first && first > _state.Log.Base.Index;
        if (isWanted && batches.Count == 0)
        {
            OnReadFailed(peer);
            return;
        }

        if (isWanted && !peer.Flow.IsHeld && peer.InFlight.HasRoom)
        {
            peer.Flow.FailedReads = 0;
            SendNext(leadership, peer, [batches[0].From(first), .. batches.Skip(1)]);
        }

        SendAppends(leadership, peer);
    }

    /// <summary>An operator wants a peer to get nothing for a while.</summary>
    public void OnPause(RaftInput.PauseReplication pause)
    {
        _state.Emit(new Effect.PauseAnswered(pause.Ticket, Pause(pause), _state.Leader));
        if (_state.Leadership is { } leadership && leadership.Find(pause.Peer) is { } peer)
        {
            SendAppends(leadership, peer);
        }
    }

    private PauseOutcome Pause(RaftInput.PauseReplication pause)
    {
        if (_state.Leadership is not { } leadership)
        {
            return PauseOutcome.NotLeader;
        }

        if (pause.Duration < TimeSpan.Zero || pause.Duration > _state.Options.MaxReplicationPause)
        {
            return PauseOutcome.BadDuration;
        }

        if (leadership.Find(pause.Peer) is not { IsLeaving: false } peer)
        {
            return PauseOutcome.UnknownPeer;
        }

        if (pause.Duration == TimeSpan.Zero)
        {
            peer.Flow.Resume();
            return PauseOutcome.Resumed;
        }

        peer.Flow.Pause(_state.Now + pause.Duration);
        if (peer.State == PeerState.InstallingSnapshot)
        {
            StopInstalling(peer);
            peer.BecomeProbing(peer.Match.Next, leadership.NextToken);
        }

        return PauseOutcome.Paused;
    }

    private void OnReadFailed(PeerProgress peer)
    {
        peer.Flow.FailedReads++;
        bool hasSnapshot = _state.Snapshot is { } snapshot && snapshot.Last.Index >= peer.Next;
        if (peer.Flow.FailedReads >= MaxFailedReads && hasSnapshot)
        {
            peer.Flow.FailedReads = 0;
            BeginInstalling(peer);
        }
        else
        {
            peer.Flow.HoldReads();
        }
    }

    /// <summary>Time to try again with peers that were held up.</summary>
    private void ReleaseHeld(Leadership leadership)
    {
        foreach (PeerProgress peer in leadership.Peers)
        {
            peer.Flow.Measure(peer.Match, _state.Log.Last.Index, _state.Now);
            if (peer.Flow.Release(_state.Now))
            {
                SendAppends(leadership, peer);
            }
        }
    }

    private AppendEntries SendNext(Leadership leadership, PeerProgress peer, IReadOnlyList<EntryBatch> batches)
    {
        LogIndex previous = peer.Next.Previous;
        peer.Sent(batches[^1].LastIndex, BytesOf(batches), _state.Now);
        return SendAppend(leadership, peer, previous, batches);
    }

    /// <summary>The same for what another peer has been sent.</summary>
    private void SendNext(Leadership leadership, PeerProgress peer, AppendEntries same)
    {
        // Counted, though it has the token that it had for the first.
        leadership.TakeToken();
        peer.Sent(same.LastIndex, BytesOf(same.Batches), _state.Now);
        Send(peer, same);
    }
}
