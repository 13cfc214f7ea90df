using Akka.Actor;
using RaftActors.Configuration;

namespace RaftActors.Runtime;

/// <summary>
/// One session of a client of this process: gives its commands their serials, repeats each until its outcome is certain or its time is up, and keeps the session while there is nothing to do. What makes
/// repeating safe is in the replicated <see cref="SessionTable"/>, not here.
/// </summary>
internal sealed partial class SessionActor : UntypedActor, IWithTimers
{
    private static readonly object SweepKey = new();
    private static readonly object KeepKey = new();
    private static readonly TimeSpan SweepEvery = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromMilliseconds(10);

    private readonly StreamLink _link;
    private readonly RaftClock _clock;
    private readonly PendingSession _opening;
    private readonly SessionFate _fate = new();
    private readonly Queue<SessionCommand> _waiting = new();
    private readonly SortedDictionary<ulong, SessionCommand> _underWay = [];
    private readonly List<PendingSessionClose> _closing = [];
    private readonly TimeSpan _longestBackoff;
    private SessionGrant? _grant;
    private SessionAttempt? _control;
    private TimeSpan _controlRetryAt;
    private TimeSpan _controlSentAt;
    private TimeSpan _controlBackoff;
    private TimeSpan _usedAt;
    private ulong _nextSerial;
    private bool _sweeping;

    public SessionActor(StreamLink link, RaftClock clock, PendingSession opening)
    {
        _link = link;
        _clock = clock;
        _opening = opening;
        _nextSerial = opening.NextSerial;
        _longestBackoff = link.Settings.ElectionTimeoutMin / 2;
        _controlBackoff = FirstBackoff;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => _clock.Now;

    private bool IsClosing => _closing.Count > 0;

    public static Props Props(StreamLink link, RaftClock clock, PendingSession opening) =>
        Akka.Actor.Props.Create(() => new SessionActor(link, clock, opening))
            .WithDispatcher(NodeEnvironment.Consensus)
            .WithMailbox(NodeEnvironment.TwoLanes);

    protected override void PreStart() => SendControl();

    protected override void PostStop()
    {
        (string reason, RefusalCode code) = _fate.IsOver ? ("the session is over", RefusalCode.SessionExpired) : _link.WhyClosed;
        _fate.End(reason, code);
        _opening.Abandon(reason, code);
        foreach (SessionCommand command in _underWay.Values.Concat(_waiting))
        {
            command.Abandon(reason, code);
        }

        foreach (PendingSessionClose close in _closing)
        {
            close.Done();
        }
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case SessionCommand command:
                Take(command);
                break;
            case AttemptEnded { Attempt.Command: { } command } ended:
                OnEnded(command, ended);
                break;
            case AttemptEnded ended when ReferenceEquals(ended.Attempt, _control):
                OnControlEnded(ended.Answer);
                break;
            case PendingSessionClose close:
                _closing.Add(close);
                CloseWhenIdle();
                break;
            default:
                if (ReferenceEquals(message, SweepKey))
                {
                    Sweep();
                }
                else if (ReferenceEquals(message, KeepKey))
                {
                    Keep();
                }

                break;
        }
    }

    private void Take(SessionCommand command)
    {
        if (_fate.IsOver || IsClosing)
        {
            command.Answer(new ProposalRefused(RefusalCode.SessionExpired, IsClosing ? "the session is being closed" : "the session is over"));
            return;
        }

        _waiting.Enqueue(command);
        Pump();
    }

    /// <summary>Lets commands go that may: bounded in number, and in the distance to the lowest whose answer is still wanted, because the session remembers no more.</summary>
    private void Pump()
    {
        while (_grant is { } grant && !_fate.IsOver && _waiting.TryPeek(out SessionCommand? command) && (command.IsAnswered || HasRoom(grant)))
        {
            _waiting.Dequeue();
            if (!command.IsAnswered && command.TryBegin())
            {
                command.Serial = _nextSerial++;
                command.Backoff = FirstBackoff;
                command.Patience = _link.Settings.ElectionTimeoutMax * 2;
                _underWay.Add(command.Serial, command);
                Send(command);
            }
        }

        SweepIfNeeded();
        CloseWhenIdle();
    }

    private bool HasRoom(SessionGrant grant)
    {
        if (_underWay.Count == 0)
        {
            return true;
        }

        ulong lowest = _underWay.First().Key;
        return _underWay.Count < Math.Max(1, _opening.Options.MaxPipelined) && _nextSerial - lowest < (ulong)grant.MaxResults;
    }

    private void Send(SessionCommand command)
    {
        TimeSpan now = Now;
        TimeSpan latest = now + command.Patience;
        command.RetryAt = null;
        command.SentAt = now;
        command.Attempt = new SessionAttempt(command.Data, command.Key, command, Self)
        {
            Session = new SessionSerial(_grant!.SessionId, command.Serial),
            Deadline = latest < command.Deadline ? latest : command.Deadline,
        };
        _link.Hand(command.Attempt);
    }

    private void OnEnded(SessionCommand command, AttemptEnded ended)
    {
        if (!ReferenceEquals(command.Attempt, ended.Attempt))
        {
            return;
        }

        command.Attempt = null;
        switch (ended.Answer)
        {
            case ProposalCommitted:
                _usedAt = command.SentAt > _usedAt ? command.SentAt : _usedAt;
                End(command, ended.Answer);
                break;
            case ProposalRefused refused when IsFinal(refused) && !(refused.Code == RefusalCode.ReadOnly && command.MayBeApplied):
                End(command, refused.Code is RefusalCode.SessionResultForgotten || !command.MayBeApplied
                    ? refused
                    : new OutcomeUnknown($"an earlier attempt may have been applied; the last was refused: {refused.Reason}"));
                if (refused.Code == RefusalCode.SessionExpired)
                {
                    Expire();
                }

                break;
            default:
                // Certain or not: the same serial may go out again. Read-only mode hides what became of an earlier attempt; when it ends in time, or another leads, that can be known. A state machine that has failed somewhere says nothing about the others.
                command.MayBeApplied |= ended.Answer is OutcomeUnknown or CommittedNotApplied;
                command.LastAnswer = ended.Answer;
                RetryLater(command);
                break;
        }

        Pump();
    }

    private bool IsFinal(ProposalRefused refused) => refused.Code switch
    {
        // Another member may be asked, or this one again when it has started.
        RefusalCode.Stopping or RefusalCode.StateMachineFailed => _link.Ended,
        RefusalCode.StreamFailed => _link.Ended || _link.Node is null,
        _ => true,
    };

    private void RetryLater(SessionCommand command)
    {
        TimeSpan now = Now;
        if (command.IsAnswered || now >= command.Deadline)
        {
            command.TimeOut();
            _underWay.Remove(command.Serial);
            return;
        }

        command.RetryAt = now + command.Backoff;
        command.Backoff = Longer(command.Backoff);

        // A slow disk is not made faster by asking again.
        command.Patience *= 2;
    }

    private void End(SessionCommand command, ProposalAnswer answer)
    {
        _underWay.Remove(command.Serial);
        command.Answer(answer);
    }

    private void SweepIfNeeded()
    {
        bool needed = _waiting.Count > 0 || _underWay.Count > 0 || (_control is null && _controlRetryAt > TimeSpan.Zero);
        if (needed && !_sweeping)
        {
            _sweeping = true;
            Timers.StartSingleTimer(SweepKey, SweepKey, SweepEvery);
        }
    }

    private void Sweep()
    {
        _sweeping = false;
        TimeSpan now = Now;
        foreach (SessionCommand command in _underWay.Values.Concat(_waiting).Where(c => !c.IsAnswered && c.Attempt is null && now >= c.Deadline))
        {
            command.TimeOut();
        }

        foreach (SessionCommand command in _underWay.Values.ToArray())
        {
            if (command.IsAnswered)
            {
                // Its client does not want to know any more.
                _underWay.Remove(command.Serial);
            }
            else if (command.RetryAt <= now)
            {
                Send(command);
            }
        }

        if (_control is null && _controlRetryAt > TimeSpan.Zero && now >= _controlRetryAt)
        {
            SendControl();
        }

        Pump();
    }

    private TimeSpan Longer(TimeSpan backoff) => backoff * 2 < _longestBackoff ? backoff * 2 : _longestBackoff;
}
