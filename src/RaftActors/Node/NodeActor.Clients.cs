using System.Runtime.InteropServices;
using Akka.Actor;
using RaftActors.Remoting;

namespace RaftActors.Runtime;

// Clients: batching, waiting, forwarding. Every request is in _buffer or _open from its arrival until it is answered, whatever else holds it.
internal sealed partial class NodeActor
{
    private readonly TimeSpan _sweepEvery;
    private readonly OpenRequests _open = new();
    private readonly List<ProposedEntry> _entries = [];
    private List<PendingProposal> _buffer = [];
    private List<PendingProposal>? _spare;
    private List<PendingProposal>? _flushing;
    private readonly Action<ClientRequest> _timeOutWhenDue;
    private readonly Dictionary<long, PendingProposal[]> _submitted = [];
    private readonly Queue<WaitingBatch> _waiting = new();
    private readonly Queue<PendingProposal> _parked = new();
    private readonly Dictionary<ulong, ForwardedToLeader> _forwarded = [];
    private long _bufferBytes;
    private long _ticket;
    private ulong _token;
    private bool _flushQueued;
    private bool _sweeping;
    private bool _stopping;

    private void Take(ClientRequest request)
    {
        if (request.IsAnswered)
        {
            return;
        }

        if (_stopping && request is not PendingStatus)
        {
            request.Abandon("the stream is being stopped", RefusalCode.Stopping);
            return;
        }

        EnsureSweep();
        if (request is PendingProposal proposal)
        {
            Take(proposal);
            return;
        }

        _open.Add(request);
        switch (request)
        {
            case PendingRead read:
                Take(read);
                break;
            case PendingStatus status:
                Take(status);
                break;
            case PendingEntryRead entry:
                Take(entry);
                break;
            case PendingRecovery recovery:
                Take(recovery);
                break;
            case PendingMembershipChange change:
                Take(change);
                break;
            case PendingPause pause:
                Take(pause);
                break;
            case PendingReadOnlyMode mode:
                Take(mode);
                break;
            case PendingTuning tuning:
                Take(tuning);
                break;
            case PendingTruncation truncation:
                Take(truncation);
                break;
            case PendingTransferRequest transfer:
                Take(transfer);
                break;
            case PendingElection election:
                Step(new RaftInput.Campaign());
                election.Done();
                break;
            case PendingSnapshot snapshot:
                Take(snapshot);
                break;
            case PendingStepDown stepDown:
                Step(new RaftInput.StepDown());
                stepDown.Done();
                break;
            default:
                request.Abandon($"there is no way to do a {request.GetType().Name}", RefusalCode.Invalid);
                break;
        }
    }

    private void Take(PendingProposal proposal)
    {
        _buffer.Add(proposal);
        _bufferBytes += proposal.Data.Length;
        if (_buffer.Count >= _link.Settings.MaxBatchEntries || _bufferBytes >= _link.Settings.MaxBatchBytes)
        {
            FlushProposals();
        }
        else
        {
            QueueFlush();
        }
    }

    /// <summary>A marker behind the requests that are in the mailbox already: what has gathered when it arrives becomes one batch. No timer, no added delay.</summary>
    private void QueueFlush()
    {
        if (!_flushQueued)
        {
            _flushQueued = true;
            Self.Tell(FlushRequests.Instance);
        }
    }

    private void Flush()
    {
        _flushQueued = false;
        FlushProposals();
        FlushReads();
    }

    private void FlushProposals()
    {
        if (_buffer.Count == 0)
        {
            return;
        }

        // Two lists take turns: what is done with one may fill the other.
        List<PendingProposal> proposals = _buffer;
        _buffer = _spare ?? [];
        _spare = null;
        _bufferBytes = 0;
        _flushing = proposals;
        proposals.RemoveAll(static p => p.IsAnswered);
        if (_core.Role == Role.Leader)
        {
            Lead(CollectionsMarshal.AsSpan(proposals));
        }
        else if (_channels.TryGetValue(_core.Leader, out IActorRef? channel) && !_unreachable.Contains(_core.Leader))
        {
            Forward(proposals, _core.Leader, channel);
        }
        else
        {
            foreach (PendingProposal proposal in proposals)
            {
                Park(proposal);
            }
        }

        _flushing = null;
        proposals.Clear();
        _spare = proposals;
    }

    private void Lead(ReadOnlySpan<PendingProposal> proposals)
    {
        if (_stateMachineFailure is { } failure)
        {
            AnswerAll(proposals, new ProposalRefused(RefusalCode.StateMachineFailed, failure));
            return;
        }

        if (_link.IsReadOnly)
        {
            proposals = RefuseWrites(proposals);
        }

        while (!proposals.IsEmpty)
        {
            // One batch has one expected term and bounded size.
            int count = 1;
            long bytes = proposals[0].Data.Length;
            while (count < proposals.Length
                && count < _link.Settings.MaxBatchEntries
                && proposals[count].ExpectedTerm == proposals[0].ExpectedTerm
                && bytes + proposals[count].Data.Length <= _link.Settings.MaxBatchBytes)
            {
                bytes += proposals[count].Data.Length;
                count++;
            }

            Submit(proposals[..count]);
            proposals = proposals[count..];
        }
    }

    private void Submit(ReadOnlySpan<PendingProposal> proposals)
    {
        PendingProposal[] taken = new PendingProposal[proposals.Length];

        // Used again and again: the core has the bytes in a batch when it returns.
        bool isAlone = !_stepping && _environment.Watcher is null;
        List<ProposedEntry> entries = isAlone ? _entries : [];
        foreach (PendingProposal proposal in proposals)
        {
            if (proposal.TryTake())
            {
                taken[entries.Count] = proposal;
                entries.Add(Stamped(proposal.ToEntry()));
            }
        }

        if (entries.Count == 0)
        {
            return;
        }

        if (entries.Count < taken.Length)
        {
            Array.Resize(ref taken, entries.Count);
        }

        _open.Add(taken);
        long ticket = ++_ticket;
        _submitted.Add(ticket, taken);
        Step(new RaftInput.Propose(ticket, entries, taken[0].ExpectedTerm));
        if (isAlone)
        {
            entries.Clear();
        }
    }

    private void OnAccepted(Effect.ProposalAccepted accepted)
    {
        if (!_submitted.Remove(accepted.Ticket, out PendingProposal[]? proposals))
        {
            return;
        }

        foreach (PendingProposal proposal in proposals)
        {
            proposal.ReleaseData();
            if (proposal.StalledSince is not null)
            {
                _lateInLog.Add(proposal);
            }
        }

        _waiting.Enqueue(new WaitingBatch(accepted.First, proposals, _core.Now));
    }

    private void OnRefused(Effect.ProposalRefused refused)
    {
        if (!_submitted.Remove(refused.Ticket, out PendingProposal[]? proposals))
        {
            return;
        }

        foreach (PendingProposal proposal in proposals)
        {
            proposal.PutBack();
            switch (refused.Refusal)
            {
                case ProposalRefusal.Overloaded:
                    proposal.Answer(new Overloaded(refused.Reason ?? "too much is waiting for commitment (max-uncommitted-entries, max-uncommitted-bytes)"));
                    break;
                case ProposalRefusal.TermChanged:
                    proposal.Answer(new ProposalRefused(RefusalCode.TermChanged, $"the term is {_core.Term}, not {proposal.ExpectedTerm}"));
                    break;
                default:
                    // Certainly not in the log: it may wait for whoever leads next.
                    Park(proposal);
                    break;
            }
        }
    }

    private void Forward(List<PendingProposal> proposals, NodeId leader, IActorRef channel)
    {
        TimeSpan now = Now;
        List<ForwardedProposal> frame = [];
        long bytes = 0;
        foreach (PendingProposal proposal in proposals)
        {
            if (!proposal.Forward)
            {
                proposal.Answer(NotLeaderAnswer());
                continue;
            }

            if (frame.Count > 0 && (bytes + proposal.Data.Length > _link.Settings.MaxBatchBytes || frame[0].ConcernsSession != proposal.ConcernsSession))
            {
                channel.Tell(new ForwardToPeer(frame, _core.Term, frame[0].ConcernsSession));
                frame = [];
                bytes = 0;
            }

            if (!proposal.TryTake())
            {
                continue;
            }

            _open.Add(proposal);
            ulong token = ++_token;
            _forwarded.Add(token, new ForwardedToLeader(proposal, leader, now));
            ForwardedProposal forwarded = new(token, proposal.Key, proposal.ExpectedTerm, proposal.ClientDeadline - now, proposal.Data)
            {
                Kind = proposal.Kind,
                Session = proposal.Session,
            };
            frame.Add(forwarded);
            bytes += forwarded.Size;
        }

        if (frame.Count > 0)
        {
            channel.Tell(new ForwardToPeer(frame, _core.Term, frame[0].ConcernsSession));
        }
    }

    private void OnForwardedAnswers(ForwardedAnswers answers)
    {
        if (answers.Inquiry is { } inquiry)
        {
            OnInquiryAnswered(answers.From, inquiry);
        }

        foreach ((ulong token, ProposalAnswer answer) in answers.Answers)
        {
            if (!_forwarded.Remove(token, out ForwardedToLeader? forwarded) || forwarded.Proposal.IsAnswered)
            {
                continue;
            }

            if (answer is NotLeader)
            {
                // Certainly not in that member's log, so another may be tried while there is time.
                forwarded.Proposal.PutBack();
                Park(forwarded.Proposal);
            }
            else
            {
                forwarded.Proposal.Answer(answer);
            }
        }
    }

    /// <summary>
    /// Proposals on their way to a peer that may never answer: they wait two more elections, not the whole of their time; and no
    /// longer than it takes to elect another when the peer cannot even be reached.
    /// </summary>
    private void HurryForwarded(NodeId to = default, NodeId exceptTo = default)
    {
        if (_forwarded.Count == 0)
        {
            return;
        }

        TimeSpan now = Now;
        TimeSpan patient = now + (_link.Settings.ElectionTimeoutMax * (to.IsNone ? 1 : 2));
        foreach (ForwardedToLeader forwarded in _forwarded.Values)
        {
            // Cut off, and another leads already: an answer from there is not worth holding up the client.
            TimeSpan latest = !exceptTo.IsNone && _unreachable.Contains(forwarded.To) ? now : patient;
            if (to.IsNone ? forwarded.To != exceptTo : forwarded.To == to)
            {
                forwarded.Proposal.Hurry(latest);
            }
        }
    }

    private void Park(PendingProposal proposal)
    {
        if (proposal.IsAnswered)
        {
            return;
        }

        if (!proposal.Forward || _stopping || _parked.Count >= _link.Settings.MaxWaitingForLeader)
        {
            proposal.Answer(NotLeaderAnswer());
        }
        else
        {
            _open.Add(proposal);
            proposal.StalledSince ??= Now;
            proposal.Hurry(proposal.StalledSince.Value + LongestSilence);
            _parked.Enqueue(proposal);
        }
    }

    private void RetryParked()
    {
        while (_parked.TryDequeue(out PendingProposal? proposal))
        {
            if (!proposal.IsAnswered)
            {
                _buffer.Add(proposal);
                _bufferBytes += proposal.Data.Length;
            }
        }
    }

    /// <summary>Those that were cancelled, or whose time was up, must not take places from others.</summary>
    private void ForgetAnsweredParked()
    {
        for (int i = _parked.Count; i > 0; i--)
        {
            PendingProposal proposal = _parked.Dequeue();
            if (!proposal.IsAnswered)
            {
                _parked.Enqueue(proposal);
            }
        }
    }

    private NotLeader NotLeaderAnswer() => new(_core.Leader, _core.Membership.Find(_core.Leader)?.Address);

    private void AbandonWaiting(string reason)
    {
        while (_waiting.TryDequeue(out WaitingBatch? batch))
        {
            AnswerAll(batch.Waiters, new OutcomeUnknown(reason));
        }
    }

    private static void AnswerAll(ReadOnlySpan<PendingProposal> proposals, ProposalAnswer answer)
    {
        foreach (PendingProposal proposal in proposals)
        {
            proposal.Answer(answer);
        }
    }

    private void EnsureSweep()
    {
        if (!_sweeping)
        {
            _sweeping = true;
            Timers.StartSingleTimer(SweepKey, SweepRequests.Instance, _sweepEvery);
        }
    }

    /// <summary>Answers requests whose time is up, forgets those that are answered, and gives the others another try where that is safe.</summary>
    private void Sweep()
    {
        _sweeping = false;
        TimeSpan now = Now;
        foreach (PendingProposal proposal in _buffer)
        {
            TimeOutWhenDue(proposal);
        }

        _open.Sweep(_timeOutWhenDue);
        AskAboutForwarded(now);
        GiveUpWithStalledJournal(now);
        AnswerWhereNothingCommits(now);
        if (!_core.Leader.IsNone)
        {
            RetryParked();
        }
        else
        {
            ForgetAnsweredParked();
        }

        RetryReads(now);
        Flush();
        if (!_open.IsEmpty)
        {
            EnsureSweep();
        }

        EndWhenDrained();
    }

    private void TimeOutWhenDue(ClientRequest request)
    {
        if (request.IsAnswered || Now < request.Deadline)
        {
            return;
        }

        if (request is PendingProposal { MayBeInLog: false } proposal)
        {
            proposal.Answer(NotLeaderAnswer());
        }
        else
        {
            request.TimeOut();
        }
    }

    private void AbandonOpen(string reason, RefusalCode code)
    {
        // What is being flushed, too: handing the first batch to the core may end everything.
        foreach (PendingProposal proposal in _buffer.Concat(_flushing ?? []))
        {
            proposal.Abandon(reason, code);
        }

        _buffer.Clear();
        _open.Clear(request => request.Abandon(reason, code));
    }
}
