using System.Runtime.InteropServices;

namespace RaftActors.Protocol;

/// <summary>
/// A leader's side of log replication (Raft paper section 5.3): takes proposals in, feeds the peers, counts what they have on
/// disk, commits, and watches that it still has a quorum.
/// </summary>
internal sealed partial class LeaderReplication
{
    private readonly RaftState _state;
    private readonly RoleTransitions _roles;

    public LeaderReplication(RaftState state, RoleTransitions roles)
    {
        _state = state;
        _roles = roles;
    }

    /// <summary>
    /// The candidate has won: a no-op of the new term goes out at once, so that what earlier terms left gets committed
    /// (Raft paper sections 5.4.2 and 8). It serves as the first heartbeat too.
    /// </summary>
    public void TakeOffice()
    {
        _roles.BecomeLeader();
        LogIndex noOp = _state.Log.Last.Index.Next;
        Leadership leadership = new(_state, noOp);
        _state.Leadership = leadership;
        if (_state.MayTakeCare)
        {
            // From the first moment, so that nothing is taken in and no lease holds: it has no state to serve from.
            leadership.Transfer = new PendingTransfer(0, NodeId.None, _state.Now, Leaves: true, TakesCare: true);
            leadership.Lease.End();
        }

        _state.Persist(new EntriesAppended(EntryBatch.Create(_state.Term, noOp, [new ProposedEntry(EntryKind.NoOp, default)])));
        SendAppends(leadership);

        _state.Timers.Start(RaftTimer.Heartbeat, _state.Options.HeartbeatInterval);
        if (_state.Options.CheckQuorum)
        {
            _state.Timers.Start(RaftTimer.StepDown, _state.Options.ElectionTimeoutMin);
        }
    }

    /// <summary>
    /// Clients' entries become one batch, written here and sent to the peers at the same time (thesis section 10.2.1). In order:
    /// the write, the sends, the acceptance.
    /// </summary>
    public void OnPropose(RaftInput.Propose proposal)
    {
        string? reason = null;
        if ((WhyRefuse(proposal) ?? WhyTooFast(out reason)) is { } refusal)
        {
            _state.Emit(new Effect.ProposalRefused(proposal.Ticket, refusal, _state.Leader, reason));
            return;
        }

        Leadership leadership = _state.Leadership!;
        EntryBatch batch = EntryBatch.Create(_state.Term, _state.Log.Last.Index.Next, AsSpan(proposal.Entries), _state.Options.BatchRoom);
        leadership.Proposals.Add(batch);
        _state.Persist(new EntriesAppended(batch));
        SendAppends(leadership);
        _state.Emit(new Effect.ProposalAccepted(proposal.Ticket, new EntryId(batch.Term, batch.FirstIndex), batch.Count));
    }

    /// <summary>
    /// A membership goes into the log and is in force from this moment on (thesis section 4.1): the peers are those of the new one, and so are the quorums.
    /// </summary>
    public void AppendMembership(Leadership leadership, EntryKind kind, StreamMembership membership)
    {
#if RAFT_MUTANTS
        if (Mutants.Active != Mutant.ChangeBeforeOwnCommit)
#endif
        Invariant.That(
            SafeWithoutGroups() >= leadership.NoOp,
            "A leader changes the membership only when an entry of its own term is on the disks of a quorum.");
        Invariant.That(
            _state.Memberships.CurrentIndex <= SafeWithoutGroups(),
            "A leader changes the membership only when the one in force is on the disks of a quorum.");
        Invariant.That(
            membership.IsJoint || _state.Membership.IsJoint || QuorumRule.MayFollow(_state.Membership, membership),
            "Quorums of two memberships that follow each other must meet.");
        membership = membership.Following(_state.Membership, new EntryId(_state.Term, _state.Log.Last.Index.Next));
        ProposedEntry entry = new(kind, MembershipCodec.Encode(membership));
        _state.Persist(new EntriesAppended(EntryBatch.Create(_state.Term, _state.Log.Last.Index.Next, [entry])));
        leadership.Adopt(_state);
        SendAppends(leadership);
        TryCommit();
    }

    /// <summary>A peer has answered an append (Raft paper section 5.3).</summary>
    /// <returns>False when the answer is impossible.</returns>
    public bool OnReply(NodeId from, AppendEntriesReply reply)
    {
        // Who was removed has no say in who leads (thesis section 4.2.3).
        bool hasLeft = _state.Membership.Find(from) is null;
        if (reply.Term > _state.Term && !hasLeft)
        {
            _roles.BecomeFollower(reply.Term, NodeId.None, NodeId.None, $"member {from} has a newer term");
            return true;
        }

        bool isToThisLeader = reply.Term == _state.Term && _state.Leadership?.Find(from)?.FirstToken <= reply.Token;
        if (!isToThisLeader)
        {
            return true;
        }

        Leadership leadership = _state.Leadership!;
        PeerProgress peer = leadership.Find(from)!;

        bool isPossible = reply.Token < leadership.NextToken && (!reply.Accepted || reply.CurrentIndex <= _state.Log.Last.Index);
        if (!isPossible)
        {
            return false;
        }

        peer.Heard(reply.Token, _state.Now);
        if (reply.Accepted)
        {
            OnAccepted(leadership, peer, reply);
        }
        else if (peer.State != PeerState.InstallingSnapshot && peer.IsCurrent(reply.Token))
        {
            OnRefused(leadership, peer, reply);
        }

        return true;
    }

    /// <summary>A peer has everything up to the end of a snapshot. The log may have moved on meanwhile; then it gets the next one.</summary>
    public void OnInstalled(Leadership leadership, PeerProgress peer, InstallSnapshotReply reply)
    {
        if (peer.State == PeerState.InstallingSnapshot && peer.Installing.Index <= reply.Snapshot && reply.Snapshot < _state.Log.Base.Index)
        {
            StopInstalling(peer);
            peer.BecomeProbing(LogIndex.Max(peer.Match, reply.Snapshot).Next, leadership.NextToken);
        }

        Acknowledged(leadership, peer, reply.Token, reply.Snapshot);
    }

    /// <summary>
    /// Time to speak, so that nobody starts an election (Raft paper section 5.2); also the time at which a lost probe is
    /// repeated and lost appends are noticed.
    /// </summary>
    public void OnHeartbeatDue()
    {
        Leadership leadership = _state.Leadership!;
        foreach (PeerProgress peer in leadership.Peers)
        {
            if (peer.IsStalled(_state.Now, _state.Options.ElectionTimeoutMin))
            {
                peer.BecomeProbing(peer.Match.Next, leadership.NextToken);
            }
        }

        leadership.ForgetLeft(_state);
        ReviewConsensus(leadership);
        ReviewSpared(leadership);
        ReleaseHeld(leadership);
        SendLate(leadership);
        SendHeartbeats(leadership);
        leadership.Reads.Expire(_state.Now - _state.Options.ElectionTimeoutMax, "no quorum has confirmed the leader in time");
        _state.Timers.Start(RaftTimer.Heartbeat, _state.Options.HeartbeatInterval);
    }

    /// <summary>
    /// A leader that has not heard a quorum for an election timeout may have been replaced already, and keeps its clients
    /// waiting in vain: it steps down (thesis section 6.2).
    /// </summary>
    public void OnQuorumCheckDue()
    {
        TimeSpan rest = QuorumHeardAt() + _state.Options.ElectionTimeoutMin - _state.Now;
        if (rest <= TimeSpan.Zero)
        {
            _roles.BecomeFollower(_state.Term, NodeId.None, NodeId.None, "no quorum was heard for an election timeout");
            return;
        }

        _state.Timers.Start(RaftTimer.StepDown, rest);
    }

    /// <summary>When a quorum was heard last: one that every new leader would need a vote of.</summary>
    public TimeSpan QuorumHeardAt() =>
        TimeSpan.FromTicks(JointQuorum.HighestReached(_state.Membership, QuorumKind.Read, _state, static (state, id) =>
            id == state.Self ? state.Now.Ticks : state.Leadership!.Find(id)?.LastHeard.Ticks ?? 0));

    /// <summary>What was in flight to a peer is lost. It is probed with the next heartbeat, not at once: it may be gone.</summary>
    public void OnPeerUnreachable(NodeId id)
    {
        if (_state.Leadership is { } leadership && leadership.Find(id) is { } peer)
        {
            StopInstalling(peer);
            peer.BecomeProbing(peer.Match.Next, leadership.NextToken);
            peer.HoldProbes();
            peer.Flow.IsWaitedFor = false;
            TryCommit();
        }
    }

    /// <summary>Commits what a quorum has on disk (Raft paper sections 5.3 and 5.4.2). A leader's own log counts as far as it is on its disk.</summary>
    public void TryCommit()
    {
        if (_state.Leadership is not { } leadership || _state.CommitIndex == _state.Log.Last.Index)
        {
            return;
        }

        LogIndex held = HeldByAllWaitedFor(leadership, HighestOnDisks(QuorumKind.Commit));
        LogIndex commit = CommitRule.Advance(_state.Log, _state.Term, _state.CommitIndex, held);
        if (commit == _state.CommitIndex)
        {
            return;
        }

        _state.AdvanceCommit(commit);
        leadership.Proposals.Committed(commit);
        foreach (PeerProgress peer in leadership.Peers)
        {
            TellCommit(leadership, peer);
        }
    }

    /// <summary>What is applied is told to idle peers, unless entries that are under way to them have told it already.</summary>
    public void TellCommits()
    {
        if (_state.Leadership is not { } leadership)
        {
            return;
        }

        leadership.MayBeTold = LogIndex.Max(leadership.MayBeTold, _state.AppliedIndex);
        foreach (PeerProgress peer in leadership.Peers)
        {
            TellCommit(leadership, peer);
        }
    }

    /// <summary>
    /// Up to where the log would be committed if no group were required; not below what is committed.
    /// </summary>
    public LogIndex SafeWithoutGroups() => CommitRule.Advance(_state.Log, _state.Term, _state.CommitIndex, HighestOnDisks(QuorumKind.CommitWithoutGroups));

    /// <summary>The highest token that a quorum has answered: whatever was sent with lower tokens found this leader still leading.</summary>
    public ulong ConfirmedToken(Leadership leadership) =>
        (ulong)JointQuorum.HighestReached(_state.Membership, QuorumKind.Read, (_state.Self, leadership), static (leader, id) =>
            id == leader.Self ? long.MaxValue : (long)(leader.leadership.Find(id)?.AnsweredToken ?? 0));

    /// <summary>
    /// An empty append to everybody (Raft paper section 5.2). To a replicating peer it names what that peer has acknowledged, not
    /// what is in flight: it is answered at once, whatever the peer's disk is doing, and may overtake appends.
    /// </summary>
    public void SendHeartbeats(Leadership leadership)
    {
        foreach (PeerProgress peer in leadership.Peers)
        {
            if (peer.State == PeerState.Probing)
            {
                peer.HoldProbes();
                SendAppend(leadership, peer, peer.Next.Previous, []);
            }
            else
            {
                SendAppend(leadership, peer, peer.Match, []);
            }

            peer.RoundTrip.Asked(leadership.NextToken - 1, _state.Now);
        }
    }

    /// <summary>A peer has lost its journal: it gets heartbeats and nothing else, until it is removed and added again.</summary>
    public void StopFeeding(PeerProgress peer)
    {
        if (!peer.IsAnotherIncarnation)
        {
            StopInstalling(peer);
            peer.BecomeProbing(peer.Match.Next, _state.Leadership!.NextToken);
            peer.HoldProbes();
            peer.IsAnotherIncarnation = true;
        }
    }

    /// <summary>A peer that was getting a snapshot has what it needs, or cannot get it now.</summary>
    public void StopInstalling(PeerProgress peer)
    {
        if (peer.State == PeerState.InstallingSnapshot)
        {
            _state.Emit(new Effect.StopSendingSnapshot(peer.Id));
        }
    }

    private LogIndex HighestOnDisks(QuorumKind kind) =>
        new(JointQuorum.HighestReached(_state.Membership, kind, _state, static (state, id) =>
#if RAFT_MUTANTS
            id == state.Self && Mutants.Active == Mutant.LeaderCountsItselfBeforeItsDisk ? state.Log.Last.Index.Value :
#endif
            id == state.Self ? state.Log.DurableIndex.Value : state.Leadership!.Find(id)?.Match.Value ?? 0));

    private ProposalRefusal? WhyRefuse(RaftInput.Propose proposal)
    {
        if (_state.Leadership is not { } leadership)
        {
            return ProposalRefusal.NotLeader;
        }

        if (leadership.Transfer is not null)
        {
            return ProposalRefusal.Transferring;
        }

        if (proposal.ExpectedTerm != Term.Zero && proposal.ExpectedTerm != _state.Term)
        {
            return ProposalRefusal.TermChanged;
        }

        long bytes = EntryBatch.HeaderSize;
        for (int i = 0; i < proposal.Entries.Count; i++)
        {
            ProposedEntry entry = proposal.Entries[i];
            if (MembershipCodec.IsMembership(entry.Kind))
            {
                throw new ArgumentException("Memberships are not proposed, they are changed.", nameof(proposal));
            }

            bytes += EntryBatch.EncodedSize(entry);
        }

        return leadership.Proposals.HasRoomFor(proposal.Entries.Count, bytes) ? null : ProposalRefusal.Overloaded;
    }

    private void OnAccepted(Leadership leadership, PeerProgress peer, AppendEntriesReply reply)
    {
        peer.Flow.Heard(reply, _state.Now);
        if (reply.Busy && peer.State == PeerState.Replicating && peer.IsCurrent(reply.Token))
        {
            // What is under way behind this is not taken either.
            peer.BecomeProbing(peer.Match.Next, leadership.NextToken);
            peer.HoldProbes();
        }

        Acknowledged(leadership, peer, reply.Token, reply.CurrentIndex);
    }

    private void Acknowledged(Leadership leadership, PeerProgress peer, ulong token, LogIndex current)
    {
        LogIndex before = peer.Match;
        peer.Acknowledged(token, current, _state.Now);
        if (peer.State == PeerState.InstallingSnapshot && peer.Match >= _state.Log.Base.Index)
        {
            StopInstalling(peer);
            peer.EndInstalling();
        }

        if (peer.Match > before)
        {
            TryCommit();
        }

        SendAppends(leadership, peer);
        TellCommit(leadership, peer);
    }

    /// <summary>The logs do not meet where the leader thought: go back and try again (Raft paper section 5.3).</summary>
    private void OnRefused(Leadership leadership, PeerProgress peer, AppendEntriesReply reply)
    {
        LogIndex next = ConflictSearch.NextAfter(_state.Log, peer.Match, peer.Next, reply);
        bool isStuck = next >= peer.Next;
        peer.BecomeProbing(next, leadership.NextToken);
        if (isStuck)
        {
            // It refuses what it has acknowledged: its disk has lost data. Feeding it again would hide that it may also have lost
            // a vote, so it stays where it is, asked again with each heartbeat.
            peer.HoldProbes();
            return;
        }

        SendAppends(leadership, peer);
    }

    /// <summary>
    /// What the peer needs next is no longer in the log (Raft paper section 7). One that is silent gets the snapshot when it has answered a heartbeat.
    /// </summary>
    private void BeginInstalling(PeerProgress peer)
    {
        if (peer.State == PeerState.Replicating || !peer.ProbeIsOut)
        {
            peer.BecomeInstalling(_state.Snapshot!.Last);
            _state.Emit(new Effect.SendSnapshot(peer.Id, _state.Snapshot));
        }
    }

    /// <summary>What waited for an answer that has not come.</summary>
    private void SendLate(Leadership leadership)
    {
        foreach (PeerProgress peer in leadership.Peers)
        {
            if (peer.State == PeerState.Replicating)
            {
                SendAppends(leadership, peer);
            }
        }
    }

    private void SendAppends(Leadership leadership)
    {
        AppendEntries? latest = null;
        foreach (PeerProgress peer in leadership.Peers)
        {
            latest = SendAppends(leadership, peer, latest);
        }
    }

    /// <summary>Sends what the peer lacks, as far as its window allows (thesis section 10.2.1).</summary>
    /// <param name="leadership">This leader's.</param>
    /// <param name="peer">Whom to send to.</param>
    /// <param name="latest">What another peer has been sent at this moment.</param>
    /// <returns>What was sent last, or <paramref name="latest"/>.</returns>
    /// <remarks>
    /// Peers that lack the same get the very same message, token included: the shell has to encode it once. No peer gets it twice, so tokens rise for each of them; and what an answer to a token proves
    /// (the peer has heard this leader since the token was taken) is true of each.
    /// </remarks>
    private AppendEntries? SendAppends(Leadership leadership, PeerProgress peer, AppendEntries? latest = null)
    {
        if (peer.State == PeerState.InstallingSnapshot || peer.IsAnotherIncarnation || peer.Flow.IsHeld)
        {
            return latest;
        }

        if (peer.Next <= _state.Log.Base.Index)
        {
            BeginInstalling(peer);
            return latest;
        }

        if (peer.State == PeerState.Probing)
        {
            if (!peer.ProbeIsOut)
            {
                // Whether the logs meet there is asked first; then it is worth a read of the disk.
                peer.HoldProbes();
                SendAppend(leadership, peer, peer.Next.Previous, peer.Next < _state.Log.FirstInMemory ? [] : _state.Log.Read(peer.Next, _state.Options.MaxAppendBytes));
            }

            return latest;
        }

        while (peer.Next <= _state.Log.Last.Index && peer.InFlight.HasRoom && !WaitsForMore(leadership, peer))
        {
            if (peer.Next < _state.Log.FirstInMemory)
            {
                _state.Reads.Ask(peer.Id, peer.Next, _state.Log.FirstInMemory.Previous, _state.Options.MaxAppendBytes);
                return latest;
            }

            if (latest?.Previous.Index.Next == peer.Next)
            {
                SendNext(leadership, peer, latest);
            }
            else
            {
                latest = SendNext(leadership, peer, _state.Log.Read(peer.Next, _state.Options.MaxAppendBytes));
            }
        }

        return latest;
    }

    /// <summary>
    /// What the peer lacks is little, and the answer to what is under way will be here soon: then it goes as one append with what comes until then. Clients that would be served in turns, each with a write and a sync
    /// on every disk, are served together. Where the answer is late something may be lost, and the next append would show it. One that is spared waits even when nothing is under way.
    /// </summary>
    private bool WaitsForMore(Leadership leadership, PeerProgress peer) =>
        IsSpared(leadership, peer)
        || (peer.InFlight.Count > 0
        && !_keepsNothingBack
        && !peer.IsStalled(_state.Now, _state.Options.HeartbeatInterval)
        && IsNear(peer)
        && _state.Log.BytesBehind(peer.Next.Previous) < _state.Options.CoalesceAppendsBelow);

    /// <summary>
    /// Lets an idle peer apply what is committed without waiting for the heartbeat. While appends are in flight to it, their
    /// answers come back here, and the appends behind them carry the commit index anyway: so at most one message for
    /// each answer, and none that would tell nothing new.
    /// </summary>
    private void TellCommit(Leadership leadership, PeerProgress peer)
    {
        LogIndex news = LogIndex.Min(_state.CommitIndex, peer.Match);
        if (_state.Options.CommitNoticesAfterApply && news > leadership.MayBeTold && _state.IsApplyingTheLast)
        {
            return;
        }

        bool isIdle = peer.State == PeerState.Replicating && peer.InFlight.Count == 0 && peer.Next > _state.Log.Last.Index;
        if (isIdle && peer.CommitSent < news)
        {
            SendAppend(leadership, peer, peer.Match, []);
        }
    }

    private AppendEntries SendAppend(Leadership leadership, PeerProgress peer, LogIndex previous, IReadOnlyList<EntryBatch> batches)
    {
        // A heartbeat to a peer that is far behind names no entry: it asks for nothing but an answer.
        EntryId before = previous < _state.Log.Base.Index ? EntryId.Zero : _state.Log.IdAt(previous);
        AppendEntries message = new(_state.Term, leadership.TakeToken(), before, _state.CommitIndex, batches);
        Send(peer, message);
        return message;
    }

    private void Send(PeerProgress peer, AppendEntries message)
    {
        peer.SentCommit(LogIndex.Min(message.Commit, message.LastIndex));
        _state.Send(peer.Id, message);
    }

    private static ReadOnlySpan<ProposedEntry> AsSpan(IReadOnlyList<ProposedEntry> entries) => entries switch
    {
        ProposedEntry[] array => array,
        List<ProposedEntry> list => CollectionsMarshal.AsSpan(list),
        _ => entries.ToArray(),
    };

    private static long BytesOf(IReadOnlyList<EntryBatch> batches)
    {
        long bytes = 0;
        for (int i = 0; i < batches.Count; i++)
        {
            bytes += batches[i].Encoded.Length;
        }

        return bytes;
    }
}
