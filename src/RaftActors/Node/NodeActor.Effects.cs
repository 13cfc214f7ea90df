using Akka.Actor;
using RaftActors.Remoting;

namespace RaftActors.Runtime;

// Effects of the core, one place each.
internal sealed partial class NodeActor
{
    private readonly Queue<(JournalMark Mark, int Bytes, TimeSpan Since)> _writes = new();
    private readonly Dictionary<RaftTimer, (long Generation, TimeSpan Deadline)> _armed = [];
    private readonly Queue<ApplyRun> _toApply = new();
    private readonly Queue<ApplyRun> _applying = new();
    private AppendToAll? _toAll;
    private Effect.BeginVoteRound? _round;
    private long _writeBytes;
    private LogIndex _applied;
    private int _applyingEntries;
    private Role _role;
    private Term _term;
    private NodeId _leader;
    private string? _stateMachineFailure;
    private LogIndex? _appliedExactly;

    private void Run(Effect effect)
    {
        switch (effect)
        {
            case Effect.Persist persist:
                Persist(persist);
                break;
            case Effect.Send send:
                Send(send);
                break;
            case Effect.BeginVoteRound round:
                _round = round;
                _election.Tell(round);
                break;
            case Effect.EndVoteRound end:
                _round = null;
                _election.Tell(end);
                break;
            case Effect.StartTimer start:
                _armed[start.Timer] = (start.Generation, Now + start.After);
                _election.Tell(start);
                break;
            case Effect.StopTimer stop:
                _armed.Remove(stop.Timer);
                _election.Tell(stop);
                break;
            case Effect.Commit commit:
                Commit(commit);
                TakeUpChanges();
                break;
            case Effect.PauseAnswered answered:
                OnPauseAnswered(answered);
                break;
            case Effect.ReadEntries read:
                Read(read);
                break;
            case Effect.RoleChanged change:
                OnRoleChanged(change);
                break;
            case Effect.ProposalAccepted accepted:
                OnAccepted(accepted);
                break;
            case Effect.ProposalRefused refused:
                OnRefused(refused);
                break;
            case Effect.MembershipChanged change:
                OnMembershipChanged(change);
                break;
            case Effect.ChangeAccepted accepted:
                OnChangeAccepted(accepted);
                break;
            case Effect.ChangeRefused refused:
                OnChangeRefused(refused);
                break;
            case Effect.TransferEnded ended:
                OnTransferEnded(ended);
                break;
            case Effect.IncarnationRefused refused:
                LogLines.MemberLostJournal(_log, _link.Id, Me, refused);
                Context.System.EventStream.Publish(new StreamMemberLostJournal(_link.Id, Me, refused.Member));
                break;
            case Effect.JournalWasLost lost:
                LogLines.JournalWasLost(_log, _link.Id, Me, lost.By);
                Context.System.EventStream.Publish(new StreamMemberLostJournal(_link.Id, Me, Me));
                break;
            case Effect.ReadReady ready:
                OnReadReady(ready);
                break;
            case Effect.ReadRefused refused:
                OnReadRefused(refused);
                break;
            case Effect.RecoveryDone or Effect.RecoveryRefused or Effect.RecoveryFollowed or Effect.Fenced:
                RunRecovery(effect);
                break;
            default:
                RunSnapshot(effect);
                break;
        }
    }

    private void Send(Effect.Send send)
    {
        if (!_channels.TryGetValue(send.To, out IActorRef? channel))
        {
            return;
        }

        object message = send.Message;
        if (message is AppendEntries { Batches.Count: 1 } append)
        {
            // Peers that lack the same get the same message, one after the other.
            if (!ReferenceEquals(append, _toAll?.Append))
            {
                _toAll = PeerBody.EncodeInPlace(append, _link.Id, Me, _link.Identity) is { } frame ? new AppendToAll(append, frame) : null;
            }

            message = (object?)_toAll ?? append;
        }

        channel.Tell(message);
    }

    private void Persist(Effect.Persist persist)
    {
        int bytes = (persist.Event as EntriesAppended)?.Batch.Encoded.Length ?? 0;
        _writes.Enqueue((persist.Mark, bytes, _core.Now));
        _writeBytes += bytes;
        _journal.Tell(new WriteJournal(persist.Mark, persist.Event));
    }

    private void OnDurable(JournalMark mark)
    {
        while (_writes.TryPeek(out (JournalMark Mark, int Bytes, TimeSpan Since) write) && write.Mark <= mark)
        {
            _writes.Dequeue();
            _writeBytes -= write.Bytes;
        }
    }

    private void TellElectionAgain()
    {
        TimeSpan now = Now;
        _election.Tell(new ChannelsChanged(_channels));
        foreach ((RaftTimer timer, (long generation, TimeSpan deadline)) in _armed)
        {
            _election.Tell(new Effect.StartTimer(timer, generation, TimeSpan.FromTicks(Math.Max(1, (deadline - now).Ticks))));
        }

        if (_round is { } round)
        {
            _election.Tell(round);
        }
    }

    private void Commit(Effect.Commit commit)
    {
        _committedAt = _core.Now;
        RelaxInLog();
        for (int i = 0; i < commit.Batches.Count; i++)
        {
            EntryBatch batch = commit.Batches[i];
            LogIndex from = LogIndex.Max(batch.FirstIndex, commit.First);
            LogIndex to = LogIndex.Min(batch.LastIndex, commit.Last);
            PendingProposal[]? waiters = null;
            if (_waiting.TryPeek(out WaitingBatch? waiting) && waiting.First == new EntryId(batch.Term, batch.FirstIndex))
            {
                waiters = waiting.Waiters;
                if (to == batch.LastIndex)
                {
                    _waiting.Dequeue();
                }
            }

            ApplyRun run = new(batch, from, to, waiters);
            if (_stateMachineFailure is null)
            {
                _toApply.Enqueue(run);
            }
            else
            {
                run.Abandon("the entry is committed, but the state machine has failed and its result is unknown", _appliedExactly);
            }
        }

        HandOver();
    }

    /// <summary>Gives the state machine's actor as much as the window allows; it asks for more by reporting what it has applied.</summary>
    private void HandOver()
    {
        if (_toApply.Count == 0 || _applyingEntries >= _link.Settings.ApplyWindowEntries)
        {
            return;
        }

        List<ApplyRun> runs = [];
        while (_applyingEntries < _link.Settings.ApplyWindowEntries && _toApply.TryDequeue(out ApplyRun? run))
        {
            _applyingEntries += run.Entries;
            _applying.Enqueue(run);
            runs.Add(run);
        }

        _fsm.Tell(new ApplyRuns(runs));
    }

    private void OnApplied(LogIndex index)
    {
        _applied = index;
        while (_applying.TryPeek(out ApplyRun? run) && run.To <= index)
        {
            _applyingEntries -= run.Entries;
            _bytesSinceSnapshot += run.Batch.Encoded.Length;
            _applying.Dequeue();
            if (run.Waiters is { } waiters && run.To == run.Batch.FirstIndex + (waiters.Length - 1))
            {
                _open.Done(waiters);
            }
        }

        Step(new RaftInput.Applied(index));
        HandOver();
        SnapshotWhenDue();
        if (_role == Role.Leader && _link.Settings.RunsUserCodeOnConsensus)
        {
            // Serves as the marker for them, too.
            _flushQueued = true;
            Self.Tell(CommitsTellable.Instance);
        }
    }

    /// <summary>Clients have their answers, and what they have proposed upon them is here: that goes first and takes along what is committed.</summary>
    private void TellCommits()
    {
        LogIndex last = _core.LastEntry.Index;
        Flush();
        if (_core.LastEntry.Index == last)
        {
            Step(new RaftInput.TellCommits());
        }
    }

    private void OnApplyFailed(ApplyFailed failed)
    {
        if (_stateMachineFailure is not null)
        {
            return;
        }

        if (!_running)
        {
            Fail(failed.Reason, failed.Cause);
            return;
        }

        _stateMachineFailure = failed.Reason;
        _appliedExactly = failed.IsExact ? failed.Applied : null;
        const string Reason = "the entry is committed, but the state machine failed and its result is unknown";
        foreach (ApplyRun run in _applying.Concat(_toApply))
        {
            run.Abandon(Reason, _appliedExactly);
        }

        _applying.Clear();
        _loading.Clear();
        _toApply.Clear();
        _applyingEntries = 0;
        Step(new RaftInput.StateMachineFailed());
        LogLines.StateMachineFailed(_log, failed.Cause, _link.Id, Me, failed.Reason);
        Context.Parent.Tell(new StateMachineFailed(failed.Reason, failed.Cause));
        LetAnotherLead();
    }

    /// <summary>
    /// A member that cannot apply should not lead: clients would wait for nothing. It stays a voter and keeps the log, so the stream does not lose
    /// a copy. When nobody else can lead it does, and refuses proposals.
    /// </summary>
    private void LetAnotherLead()
    {
        if (_stateMachineFailure is not null && _core.Role == Role.Leader && _channels.Count > 0)
        {
            Step(new RaftInput.StepDown());
        }
    }

    private void OnRoleChanged(Effect.RoleChanged change)
    {
        bool lostTerm = _role == Role.Leader && (change.Role != Role.Leader || change.Term != _term);
        bool newLeader = change.Leader != _leader;
        _role = change.Role;
        _term = change.Term;
        _leader = change.Leader;
        LeadSessions();
        LogLines.RoleChanged(_log, _link.Id, Me, change);
        _fsm.Tell(new RoleNotice(change.Role, change.Term, change.Leader, change.Reason, change.Role == Role.Leader && _core.IsCaretaker));
        Context.System.EventStream.Publish(new StreamRoleChanged(_link.Id, Me, change.Role, change.Term, change.Leader, change.Reason));
        if (newLeader)
        {
            Context.System.EventStream.Publish(new StreamLeaderChanged(_link.Id, Me, change.Leader, change.Term));
        }

        if (lostTerm)
        {
            _snapshots.Tell(StopTransfers.Instance);
            RefuseEarlyChanges();
            AbandonWaiting($"this member no longer leads: {change.Reason}");
        }

        if (newLeader)
        {
            HurryForwarded(exceptTo: change.Leader);
            AnswerHandedOver();
        }

        if (!_leader.IsNone)
        {
            // Not here: the effects of this step must be done first.
            RetryParked();
            Self.Tell(FlushRequests.Instance);
        }

        LetAnotherLead();
    }
}
