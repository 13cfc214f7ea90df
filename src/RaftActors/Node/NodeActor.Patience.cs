using Akka.Actor;

namespace RaftActors.Runtime;

// No client is lost: whatever a request waits for may be gone, and then it is answered within two longest election timeouts, however long its client would wait.
internal sealed partial class NodeActor
{
    // A process that stood still for long must not take its own silence for the leader's.
    private const int EnoughQuestions = 2;

    private readonly List<PendingProposal> _lateInLog = [];
    private long _inquiry;
    private TimeSpan _committedAt;

    /// <summary>The longest that a request stays unanswered when there is nobody who could serve it.</summary>
    private TimeSpan LongestSilence => _link.Settings.ElectionTimeoutMax * 2;

    /// <summary>
    /// A frame with proposals, or the one with their answers, can get lost while all else goes well. The leader is asked about what it has not answered for a while: what it does not know is
    /// answered as unknown, and if nothing is heard of it at all, too.
    /// </summary>
    private void AskAboutForwarded(TimeSpan now)
    {
        if (_forwarded.Count == 0)
        {
            return;
        }

        TimeSpan wait = _link.Settings.ElectionTimeoutMax / 2;
        TimeSpan limit = LongestSilence - (wait / 2);
        Dictionary<NodeId, List<ulong>> questions = [];
        foreach ((ulong token, ForwardedToLeader forwarded) in _forwarded)
        {
            if (now - forwarded.KnownAt >= limit && forwarded.Asked >= EnoughQuestions)
            {
                forwarded.Proposal.Answer(new OutcomeUnknown($"member {forwarded.To} got it as leader and has not been heard of since"));
            }

            if (forwarded.Proposal.IsAnswered)
            {
                _forwarded.Remove(token);
            }
            else if (now - forwarded.AskedAt >= wait)
            {
                forwarded.AskedAt = now;
                forwarded.AskedIn = _inquiry + 1;
                forwarded.Asked++;
                if (!questions.TryGetValue(forwarded.To, out List<ulong>? tokens))
                {
                    questions.Add(forwarded.To, tokens = []);
                }

                tokens.Add(token);
            }
        }

        if (questions.Count == 0)
        {
            return;
        }

        _inquiry++;
        foreach ((NodeId to, List<ulong> tokens) in questions)
        {
            if (_channels.TryGetValue(to, out IActorRef? channel))
            {
                channel.Tell(new AskAboutForwarded(tokens, _inquiry));
            }
        }
    }

    /// <summary>What waited long for a log to go into has its client's time again when that log is seen to make progress, and not before.</summary>
    private void RelaxInLog()
    {
        foreach (PendingProposal proposal in _lateInLog)
        {
            proposal.Relax();
        }

        _lateInLog.Clear();
    }

    /// <summary>The reply to a question names what is not known there; the rest is in good hands.</summary>
    private void OnInquiryAnswered(NodeId peer, long inquiry)
    {
        TimeSpan now = Now;
        foreach (ForwardedToLeader forwarded in _forwarded.Values)
        {
            if (forwarded.To == peer && forwarded.AskedIn == inquiry)
            {
                forwarded.KnownAt = now;
                forwarded.Asked = 0;
            }
        }
    }

    /// <summary>
    /// A member whose disk does not answer can apply nothing, and as a leader its heartbeats go out as ever: its clients would wait for nothing. Another may lead, or this one again when the
    /// disk is back.
    /// </summary>
    private void GiveUpWithStalledJournal(TimeSpan now)
    {
        if (!_writes.TryPeek(out (JournalMark Mark, int Bytes, TimeSpan Since) oldest) || now - oldest.Since < LongestSilence - (_link.Settings.ElectionTimeoutMax / 2))
        {
            return;
        }

        if (_core.Role == Role.Leader)
        {
            LogLines.JournalStalled(_log, _link.Id, Me, now - oldest.Since);
            Step(new RaftInput.StepDown());
        }

        foreach (ClientRequest request in _open.Single)
        {
            if (request is PendingRead or PendingSnapshot or PendingMembershipChange)
            {
                request.Abandon("the journal does not answer", RefusalCode.Stopping);
            }
        }
    }

    /// <summary>The others hear this leader and yet nothing gets committed: their disks do not answer, say. The entries stay in the log; the clients learn that they need not wait.</summary>
    private void AnswerWhereNothingCommits(TimeSpan now)
    {
        TimeSpan before = now - LongestSilence + (_link.Settings.ElectionTimeoutMax / 4);
        if (_committedAt > before)
        {
            return;
        }

        foreach (WaitingBatch batch in _waiting)
        {
            if (batch.Since > before)
            {
                break;
            }

            AnswerAll(batch.Waiters, new OutcomeUnknown("nothing has been committed for two election timeouts"));
        }
    }

    /// <summary>Two election timeouts from the question, but at least one from now on, since an election may have begun only now.</summary>
    private void Retry(PendingRead read, TimeSpan asked)
    {
        TimeSpan soon = Now + _link.Settings.ElectionTimeoutMax;
        TimeSpan late = asked + LongestSilence;
        if (!read.IsStalled)
        {
            read.IsStalled = true;
            read.Hurry(late > soon ? late : soon);
        }

        _readsToRetry.Add(read);
    }

    private void RunInState(LogIndex index, IReadOnlyList<PendingRead> reads)
    {
        if (!_fsmEnded)
        {
            _fsm.Tell(new RunReads(index, reads));
            return;
        }

        foreach (PendingRead read in reads)
        {
            read.Abandon(_stateMachineFailure ?? "the state machine's actor has ended", RefusalCode.StateMachineFailed);
        }
    }

    /// <summary>What lies in the mailbox of the state machine's actor when that ends is answered by nobody else.</summary>
    private void AbandonWhatNeedsState(string reason)
    {
        foreach (ClientRequest request in _open.Single)
        {
            switch (request)
            {
                case PendingRead read:
                    read.Abandon(reason, RefusalCode.StateMachineFailed);
                    break;
                case PendingStatus status:
                    status.TimeOut();
                    break;
            }
        }

        EndSnapshot(new SnapshotFailed(reason));
    }

    /// <summary>A proposal on its way to a leader, or in its hands.</summary>
    private sealed class ForwardedToLeader(PendingProposal proposal, NodeId to, TimeSpan now)
    {
        public PendingProposal Proposal { get; } = proposal;

        public NodeId To { get; } = to;

        /// <summary>When it was last known to be in the leader's hands, or sent there.</summary>
        public TimeSpan KnownAt { get; set; } = now;

        /// <summary>What has waited long already is asked about soon, since it is given up early.</summary>
        public TimeSpan AskedAt { get; set; } = proposal.StalledSince ?? now;

        public long AskedIn { get; set; }

        /// <summary>How often since then.</summary>
        public int Asked { get; set; }
    }
}
