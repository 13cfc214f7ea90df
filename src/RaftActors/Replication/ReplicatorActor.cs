using Akka.Actor;
using Akka.Event;
using RaftActors.Configuration;
using RaftActors.Remoting;

namespace RaftActors.Runtime;

/// <summary>
/// The channel to one peer: encodes, splits and sends what the node says; checks, puts together and decodes what the peer says. What it holds can be lost: the
/// protocol sends again.
/// </summary>
internal sealed class ReplicatorActor : UntypedActor, IWithTimers
{
    private static readonly object BulkKey = new();
    private static readonly object BulkIsStuck = new();

    private readonly StreamLink _link;
    private readonly NodeId _peer;
    private readonly NodeEnvironment _environment;
    private readonly IPeerConnection _connection;
    private readonly RemotingSettings _settings;
    private readonly FragmentAssembler _assembler;
    private readonly PeerMemory _memory;
    private readonly HashSet<ulong> _inHand = [];
    private readonly Queue<Bulk> _bulk = new();
    private readonly List<(ulong Token, ProposalAnswer Answer)> _answers = [];
    private readonly RateLimitedLog _badFrames;
    private readonly RateLimitedLog _lacking;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private ulong _nextMessage;
    private ulong _nextToken;
    private TimeSpan _pausedUntil;
    private int _fragmentsInFlight;
    private bool _open = true;

    // As its last answer said: a peer of an older version would drop them.
    private bool _takesUnaddressed;

    public ReplicatorActor(StreamLink link, Member peer, NodeEnvironment environment)
    {
        _link = link;
        _peer = peer.Id;
        _environment = environment;
        _nextMessage = environment.Randomness.Next();
        _nextToken = environment.Randomness.Next();
        _memory = link.Peer(peer.Id);
        _settings = environment.Settings.Remoting;
        _connection = environment.Transport.Connect(peer.Address);
        _assembler = new FragmentAssembler(_settings.MaxMessageBytes, _settings.MaxUnfinishedMessages);
        _badFrames = new RateLimitedLog(_settings.LogInterval);
        _lacking = new RateLimitedLog(_settings.LogInterval);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => _environment.Clock.Now;

    public static Props Props(StreamLink link, Member peer, NodeEnvironment environment) =>
        Akka.Actor.Props.Create(() => new ReplicatorActor(link, peer, environment)).WithDispatcher(NodeEnvironment.Consensus);

    protected override void PreStart()
    {
        // What the channel before this one did not send is lost.
        _memory.RenewOutgoing();
        _connection.Subscribe(Self);
    }

    protected override void PostStop() => _connection.Unsubscribe(Self);

    protected override void PreRestart(Exception reason, object message)
    {
        // The mailbox survives, and the answers that were gathered must not be lost to the peer's clients.
        foreach ((ulong token, ProposalAnswer answer) in _answers)
        {
            Self.Tell(new ForwardedAnswer(token, answer));
        }

        ClearBulk();
        base.PreRestart(reason, message);
    }

    protected override void PostRestart(Exception reason)
    {
        base.PostRestart(reason);
        Context.Parent.Tell(new RaftInput.PeerUnreachable(_peer));
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case InboundFrame inbound:
                Take(inbound.Frame, whole: false);
                break;
            case AppendEntries { Batches.Count: > 0 } append:
                Send(append, null);
                break;
            case AppendToAll append:
                Send(append.Append, append.Frame);
                break;
            case AppendEntriesReply reply:
                Send(PeerBody.EncodeTakesUnaddressed(reply, _link.Id, _link.Self, _peer, _link.Identity), Lane.Free);
                break;
            case PeerMessage peerMessage:
                Send(PeerBody.Encode(peerMessage, _link.Id, _link.Self, _peer, _link.Identity), Lane.Free);
                break;
            case ForwardToPeer forward:
                Send(ForwardBody.Encode(forward.Proposals, forward.Term, _link.Id, _link.Self, _peer, forward.Sessions), Lane.Forward);
                break;
            case ForwardedAnswer answer:
                if (_answers.Count == 0)
                {
                    // Behind the answers that are in the mailbox already: they share a frame.
                    Self.Tell(FlushRequests.Instance);
                }

                _inHand.Remove(answer.Token);
                _answers.Add((answer.Token, answer.Answer));
                break;
            case AskAboutForwarded ask:
                Send(ForwardBody.EncodeInquiry(ask.Tokens, ask.Inquiry, _link.Id, _link.Self, _peer), Lane.Forward);
                break;
            case SendUserMessage user:
                Send(UserMessageBody.Encode(_nextToken++, user.Data, _link.Id, _link.Self, _peer), Lane.Free, user);
                break;
            case FlushRequests:
                SendAnswers();
                break;
            default:
                if (ReferenceEquals(message, BulkIsStuck))
                {
                    GiveUpBulk();
                }
                else
                {
                    OnConnection(_connection.Interpret(message));
                }

                break;
        }
    }

    private void OnConnection(PeerConnectionChange change)
    {
        switch (change)
        {
            case PeerConnectionChange.Open when !_open:
                _open = true;
                _pausedUntil = TimeSpan.Zero;
                Context.Parent.Tell(new PeerReachability(_peer, Reachable: true));
                break;
            case PeerConnectionChange.Lost:
                // What was on its way is gone. Entries would only pile up in the transport, so they pause; heartbeats go on trying.
                _open = false;
                _takesUnaddressed = false;
                _pausedUntil = Now + _settings.UnreachablePause;
                ClearBulk();
                Timers.Cancel(BulkKey);
                _assembler.Clear();
                Context.Parent.Tell(new PeerReachability(_peer, Reachable: false));
                break;
        }
    }

    private void Send(AppendEntries append, PeerFrame? unaddressed)
    {
        if (Now >= _pausedUntil)
        {
            Send(unaddressed is not null && _takesUnaddressed ? unaddressed : PeerBody.Encode(append, _link.Id, _link.Self, _peer, _link.Identity), Lane.Append);
        }
    }

    private void Send(PeerFrame frame, Lane lane, SendUserMessage? user = null)
    {
        bool isLarge = frame.Bytes.Length > _environment.MaxFrameBytes;
        if (!isLarge && !MustWait(lane))
        {
            Transmit(frame);
            Release(user);
            return;
        }

        IEnumerable<PeerFrame> frames = isLarge ? Fragments.Split(frame, _environment.MaxFrameBytes, _nextMessage++, _link.Id, _link.Self, _peer) : [frame];
        _bulk.Enqueue(new Bulk(frames.GetEnumerator(), isLarge, lane, user));
        SendBulk();
    }

    private bool MustWait(Lane lane)
    {
        if (lane != Lane.Free)
        {
            foreach (Bulk bulk in _bulk)
            {
                if (bulk.Lane == lane)
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static void Release(SendUserMessage? user) => user?.Room.Release(user.Data.Length);

    private void ClearBulk()
    {
        while (_bulk.TryDequeue(out Bulk? bulk))
        {
            Release(bulk.User);
        }

        _fragmentsInFlight = 0;
    }

    /// <summary>
    /// Sends as many fragments as may be under way; the peer's acknowledgements let the next ones out. What is not handed to the transport yet cannot delay a heartbeat.
    /// </summary>
    private void SendBulk()
    {
        while (_fragmentsInFlight < _settings.FragmentsInFlight && _bulk.TryPeek(out Bulk? first))
        {
            if (!first.Frames.MoveNext())
            {
                Release(_bulk.Dequeue().User);
                continue;
            }

            Transmit(first.Frames.Current);
            _fragmentsInFlight += first.IsFragmented ? 1 : 0;
        }

        if (_bulk.Count == 0)
        {
            Timers.Cancel(BulkKey);
        }
        else if (!Timers.IsTimerActive(BulkKey))
        {
            // Only what the peer acknowledges counts as progress: what is sent again and again meanwhile must not put this off.
            Timers.StartSingleTimer(BulkKey, BulkIsStuck, _link.Settings.ElectionTimeoutMax * 2);
        }
    }

    private void OnFragmentReceived()
    {
        _fragmentsInFlight = Math.Max(0, _fragmentsInFlight - 1);
        Timers.Cancel(BulkKey);
        SendBulk();
    }

    /// <summary>Fragments or their acknowledgements are lost. The protocol notices and sends again.</summary>
    private void GiveUpBulk()
    {
        ClearBulk();
        Context.Parent.Tell(new RaftInput.PeerUnreachable(_peer));
    }

    private void Transmit(PeerFrame frame)
    {
        _environment.Traffic.Sent(frame.Bytes.Length);
        _connection.Send(frame);
    }

    private void SendAnswers()
    {
        int from = 0;
        long bytes = 0;
        for (int i = 0; i < _answers.Count; i++)
        {
            int size = AnswerCodec.Size(_answers[i].Answer) + sizeof(ulong);
            if (i > from && bytes + size > _link.Settings.MaxBatchBytes)
            {
                SendAnswers(from, i);
                from = i;
                bytes = 0;
            }

            if (size > _settings.MaxMessageBytes - PeerFrameHeader.MaxSize - sizeof(uint))
            {
                // The peer would not put it together, and its client would wait for nothing.
                _answers[i] = (_answers[i].Token, new OutcomeUnknown($"the answer has {size} bytes, more than members may send each other (max-message-bytes)"));
                size = AnswerCodec.Size(_answers[i].Answer) + sizeof(ulong);
            }

            bytes += size;
        }

        SendAnswers(from, _answers.Count);
        _answers.Clear();
    }

    private void SendAnswers(int from, int to)
    {
        if (to > from)
        {
            Send(ForwardBody.Encode(_answers[from..to], Term.Zero, _link.Id, _link.Self, _peer), Lane.Forward);
        }
    }

    private void Take(PeerFrame frame, bool whole)
    {
        if (!PeerFrameHeader.TryRead(frame.Bytes, out PeerFrameHeader header, out ReadOnlyMemory<byte> body, out string? error))
        {
            Refuse(error);
            return;
        }

        if (header.Source != _peer || !header.IsFor(_link.Self) || header.Stream != _link.Id)
        {
            Refuse($"it is from node {header.Source} to node {header.Destination} in stream {header.Stream}");
            return;
        }

        if (!whole && !_connection.IsPeer(Sender))
        {
            Refuse($"it came from {Sender.Path.Address}, which is not where node {_peer} is");
            return;
        }

        // Whoever speaks can be reached, whatever the transport said before.
        OnConnection(PeerConnectionChange.Open);
        switch (header.Type)
        {
            case PeerFrameType.ForwardPropose or PeerFrameType.ForwardSessionPropose:
                TakeForwarded(body, header.Type == PeerFrameType.ForwardSessionPropose);
                break;
            case PeerFrameType.ForwardReply:
                if (ForwardBody.TryDecode(body, out (ulong, ProposalAnswer)[]? answers, out error))
                {
                    Context.Parent.Tell(new ForwardedAnswers(_peer, answers, header.Accepted ? header.Index.Value : null));
                }
                else
                {
                    Refuse(error);
                }

                break;
            case PeerFrameType.UserMessage:
                TakeUserMessage(body);
                break;
            case PeerFrameType.ForwardInquiry:
                TakeInquiry(body, header.Index.Value);
                break;
            case PeerFrameType.Fragment when !whole:
                TakeFragment(body);
                break;
            case PeerFrameType.FragmentReceived:
                OnFragmentReceived();
                break;
            case PeerFrameType.UnknownStream:
                if (_lacking.MayWrite(Now, out long suppressed))
                {
                    LogLines.PeerLacksStream(_log, _link.Id, _link.Self, _peer, suppressed);
                }

                break;
            default:
                if (PeerBody.TryDecode(header, body, out PeerMessage? message, out error))
                {
                    if (message is AppendEntriesReply { Accepted: true })
                    {
                        _takesUnaddressed = PeerBody.TakesUnaddressed(body.Span);
                    }

                    Context.Parent.Tell(new RaftInput.Received(_peer, message) { Incarnation = header.Identity.Incarnation, Generation = header.Identity.Generation });
                }
                else
                {
                    Refuse(error);
                }

                break;
        }
    }

    private void TakeFragment(ReadOnlyMemory<byte> body)
    {
        if (!_assembler.TryAdd(body.Span, out PeerFrame? complete, out string? error))
        {
            Refuse(error);
            return;
        }

        Transmit(Fragments.Acknowledge(body.Span, _link.Id, _link.Self, _peer));
        if (complete is not null)
        {
            Take(complete, whole: true);
        }
    }

    private void TakeForwarded(ReadOnlyMemory<byte> body, bool sessions)
    {
        if (!ForwardBody.TryDecode(body, sessions, out ForwardedProposal[]? proposals, out string? error))
        {
            Refuse(error);
            return;
        }

        TimeSpan now = Now;
        foreach (ForwardedProposal proposal in proposals)
        {
            // A transport may repeat a frame; a proposal must not be appended twice for that.
            if (!_memory.Proposals.Add(proposal.Token))
            {
                continue;
            }

            _inHand.Add(proposal.Token);
            PeerProposal pending = new(proposal.Data, proposal.Key, proposal.ExpectedTerm, proposal.Token, Self)
            {
                Kind = proposal.Kind,
                Session = proposal.Session,
                Deadline = now + proposal.Remaining,
            };
            if (ProposalCheck.Refusal(proposal.Data.Length, proposal.ExpectedTerm, null, _link.Settings, proposal.Session) is { } refusal)
            {
                pending.Answer(refusal);
            }
            else
            {
                _link.Submit(pending);
            }
        }
    }

    private void TakeUserMessage(ReadOnlyMemory<byte> body)
    {
        if (!UserMessageBody.TryDecode(body, out ulong token, out ReadOnlyMemory<byte> data, out string? error))
        {
            Refuse(error);
        }
        else if (_memory.Messages.Add(token))
        {
            ByteBudget room = _memory.Incoming;
            if (room.TryReserve(data.Length))
            {
                Context.Parent.Tell(new UserMessageReceived(_peer, data, room));
            }
            else
            {
                _environment.Traffic.DroppedUserMessage();
            }
        }
    }

    /// <summary>Tells which of the peer's proposals nobody here is at: they came never, or were answered before, or an earlier life of this actor had them.</summary>
    private void TakeInquiry(ReadOnlyMemory<byte> body, long inquiry)
    {
        if (!ForwardBody.TryDecodeInquiry(body, out ulong[]? tokens, out string? error))
        {
            Refuse(error);
            return;
        }

        // Answers that wait for their frame go first. No unknown ones: then the frame says only that this member is there.
        SendAnswers();
        (ulong, ProposalAnswer)[] unknown =
            [.. tokens.Where(t => !_inHand.Contains(t)).Select(t => (t, (ProposalAnswer)new OutcomeUnknown("the proposal, or its answer, was lost on the way between members")))];
        Send(ForwardBody.Encode(unknown, Term.Zero, _link.Id, _link.Self, _peer, inquiry), Lane.Forward);
    }

    private void Refuse(string error)
    {
        _environment.Traffic.BadFrame();
        if (_badFrames.MayWrite(Now, out long suppressed))
        {
            LogLines.BadFrame(_log, $"node {_peer} (stream {_link.Id})", error, suppressed);
        }
    }

    /// <summary>Frames of one lane keep their order, except for free ones; those of different lanes overtake each other.</summary>
    private enum Lane
    {
        /// <summary>Whatever needs no order, heartbeats too: they speak only of what the peer is known to have.</summary>
        Free,

        /// <summary>Entries must not overtake the entries before them.</summary>
        Append,

        /// <summary>Forwarded proposals, their answers, and questions about them: in order, or what is still on its way in fragments would be taken for lost.</summary>
        Forward,
    }

    /// <summary>Frames that wait for their turn; fragments of one message, or one frame behind such.</summary>
    private sealed record Bulk(IEnumerator<PeerFrame> Frames, bool IsFragmented, Lane Lane, SendUserMessage? User);
}
