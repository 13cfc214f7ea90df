namespace RaftActors.Protocol;

/// <summary>
/// Snapshots on both sides (Raft paper section 7): the log forgets what a snapshot covers; a leader feeds a snapshot to a peer that needs what was forgotten;
/// a follower puts one in the place of its log. The bytes themselves are the shell's: here is only who may send, when it counts, and what is promised.
/// </summary>
internal sealed class SnapshotTransfer
{
    private readonly RaftState _state;
    private readonly RoleTransitions _roles;
    private readonly LeaderReplication _leader;
    private readonly FollowerReplication _follower;

    public SnapshotTransfer(RaftState state, RoleTransitions roles, LeaderReplication leader, FollowerReplication follower)
    {
        _state = state;
        _roles = roles;
        _leader = leader;
        _follower = follower;
    }

    /// <summary>A snapshot of this member's state machine is on disk. The log keeps a reserve behind it, for peers that are a little slow.</summary>
    public void OnTaken(SnapshotInfo snapshot)
    {
        bool isNew = snapshot.Last.Index > (_state.Snapshot?.Last.Index ?? LogIndex.Zero) && snapshot.Last.Index > _state.Log.Base.Index;
        if (!isNew)
        {
            return;
        }

        Invariant.That(
            snapshot.Last.Index <= LogIndex.Min(_state.AppliedIndex, _state.MayBeSnapshotUpTo) && _state.Log.IdAt(snapshot.Last.Index) == snapshot.Last,
            $"{snapshot} was taken, but this member has applied {_state.AppliedIndex}, and has {_state.Log.DurableIndex} on its disk.");
        LogIndex target = NeededByPeers(new LogIndex(Math.Max(0, snapshot.Last.Index.Value - _state.Options.ReservedEntries)));
        EntryId newBase = _state.Log.IdAt(LogIndex.Max(_state.Log.BoundaryUpTo(target), _state.Log.Base.Index));
        _state.Persist(new LogCompacted(snapshot, newBase, _state.Log.Last, _state.TermState) { Incarnation = _state.Incarnations.Own, Met = _state.Incarnations.All });
    }

    /// <summary>
    /// A snapshot takes time to send, and the log goes on. If the log were then compacted to where the reserve ends, a member could be behind it each time that it has installed a snapshot, and get the next
    /// one, for as long as clients write. So a leader keeps what follows the snapshot that a member gets, until it has caught up: within a bound, and while the member answers.
    /// </summary>
    private LogIndex NeededByPeers(LogIndex target)
    {
        LogIndex needed = target;
        if (_state.Leadership is not { } leadership)
        {
            return needed;
        }

        foreach (PeerProgress peer in leadership.Peers)
        {
            if (!peer.IsBehindSnapshot)
            {
                continue;
            }

            LogIndex behind = peer.NeedsBehind;
            if (behind >= target && peer.State == PeerState.Replicating)
            {
                peer.HasCaughtUp();
            }

            bool isThere = _state.Now - peer.LastHeard <= _state.Options.ElectionTimeoutMax && peer is { IsLeaving: false, IsAnotherIncarnation: false };
            if (isThere && behind >= _state.Log.Base.Index && _state.Log.BytesBehind(behind) <= _state.Options.ReservedBytesForPeers)
            {
                needed = LogIndex.Min(needed, behind);
            }
        }

        return needed;
    }

    /// <summary>
    /// The log gives up its reserve. Never what the state machine has not applied: a member that began with an older snapshot takes the rest from the log.
    /// </summary>
    public void OnTruncate(LogIndex firstKept)
    {
        if (firstKept <= _state.Log.Base.Index.Next || firstKept.Previous > _state.MayForgetUpTo)
        {
            return;
        }

        LogIndex boundary = LogIndex.Min(_state.Log.BoundaryUpTo(firstKept.Previous), firstKept.Previous);
        if (boundary > _state.Log.Base.Index)
        {
            _state.Persist(new LogCompacted(_state.Snapshot!, _state.Log.IdAt(boundary), _state.Log.Last, _state.TermState) { Incarnation = _state.Incarnations.Own, Met = _state.Incarnations.All });
        }
    }

    /// <summary>The shell has read a block for a peer. It may be too late: the peer, the office or the snapshot may have changed.</summary>
    public void OnBlockRead(RaftInput.SnapshotBlockRead block)
    {
        if (_state.Leadership is not { } leadership || leadership.Find(block.Peer) is not { State: PeerState.InstallingSnapshot } peer || peer.Installing != block.Snapshot.Last)
        {
            return;
        }

        _state.Send(
            block.Peer,
            new InstallSnapshot(_state.Term, leadership.TakeToken(), block.Snapshot, block.Id, block.Offset, block.TotalSize, block.Data, block.Checksum));
    }

    /// <summary>A follower has answered a block.</summary>
    /// <returns>False when the answer is impossible.</returns>
    public bool OnReply(NodeId from, InstallSnapshotReply reply)
    {
        if (reply.Term > _state.Term)
        {
            _roles.BecomeFollower(reply.Term, NodeId.None, NodeId.None, $"member {from} has a newer term");
            return true;
        }

        if (reply.Term < _state.Term || _state.Leadership is not { } leadership || leadership.Find(from) is not { } peer || reply.Token < peer.FirstToken)
        {
            return true;
        }

        if (reply.Token >= leadership.NextToken || reply.Snapshot > _state.Log.Last.Index)
        {
            return false;
        }

        peer.Heard(reply.Token, _state.Now);
        if (reply.Installed)
        {
            _leader.OnInstalled(leadership, peer, reply);
        }
        else if (peer.State == PeerState.InstallingSnapshot && peer.Installing.Index == reply.Snapshot)
        {
            _state.Emit(new Effect.SnapshotAcknowledged(from, reply.Snapshot, reply.Id, reply.Offset, reply.Accepted));
        }

        return true;
    }

    /// <summary>A leader sends a block of a snapshot.</summary>
    /// <returns>False when the message cannot come from a leader of its term.</returns>
    public bool OnInstall(NodeId from, InstallSnapshot message)
    {
        if (message.Term < _state.Term)
        {
            Answer(from, message, accepted: false, offset: 0);
            return true;
        }

        bool isSecondLeader = message.Term == _state.Term && !_state.Leader.IsNone && _state.Leader != from;
        if (isSecondLeader)
        {
            return false;
        }

        _follower.AcceptLeader(from, message.Term);
        if (!AnswerIfPointless(from, message))
        {
            _state.Emit(new Effect.StoreSnapshotBlock(from, message));
        }

        return true;
    }

    /// <summary>The shell has stored a block, or could not use it.</summary>
    public void OnBlockStored(RaftInput.SnapshotBlockStored stored)
    {
        if (IsFromLeader(stored.From, stored.Block))
        {
            Answer(stored.From, stored.Block, stored.Accepted, stored.Offset);
        }
    }

    /// <summary>
    /// A whole snapshot is on disk. It takes the place of the log in one step, with one write: before that write the old log counts, after it the snapshot. When the log
    /// holds the snapshot's last entry there is nothing to replace, only to commit.
    /// </summary>
    public void OnReceived(RaftInput.SnapshotReceived received)
    {
        if (!IsFromLeader(received.From, received.Block) || AnswerIfPointless(received.From, received.Block))
        {
            return;
        }

        SnapshotInfo snapshot = received.Block.Snapshot;
        _state.Persist(new LogCompacted(snapshot, snapshot.Last, snapshot.Last, _state.TermState) { Incarnation = _state.Incarnations.Own, Met = _state.Incarnations.All });
        _state.MatchedUpTo(snapshot.Last.Index);
        Promise(received.From, received.Block);
    }

    /// <summary>Only the leader of this very term: who has been replaced meanwhile sends again, or does not matter any more.</summary>
    private bool IsFromLeader(NodeId from, InstallSnapshot block) =>
        _state.Role == Role.Follower && block.Term == _state.Term && _state.Leader == from;

    private bool AnswerIfPointless(NodeId from, InstallSnapshot message)
    {
        EntryId last = message.Snapshot.Last;
        bool isPointless = last.Index <= _state.CommitIndex || _state.Log.Matches(last);
        if (isPointless)
        {
            _state.MatchedUpTo(last.Index);
            Promise(from, message);
            _state.AdvanceCommit(last.Index);
        }

        return isPointless;
    }

    private void Answer(NodeId to, InstallSnapshot message, bool accepted, long offset) =>
        _state.Promise(
            JournalMark.Zero,
            to,
            new InstallSnapshotReply(_state.Term, message.Token, accepted, message.Snapshot.Last.Index, message.Id, offset, Installed: false));

    private void Promise(NodeId to, InstallSnapshot message) =>
        _state.Promise(
            _state.Log.MarkOf(message.Snapshot.Last.Index),
            to,
            new InstallSnapshotReply(_state.Term, message.Token, true, message.Snapshot.Last.Index, message.Id, message.TotalSize, Installed: true));
}
