using Akka.Actor;

namespace RaftActors.Runtime;

// Client sessions: the leader tells the time of the log, and gives sessions their limits.
internal sealed partial class NodeActor
{
    private static readonly object ClockKey = new();

    private readonly SessionClock _sessionClock = new();
    private TimeSpan? _nextClock;

    private void OnSessions(SessionsReport report)
    {
        _sessionClock.Learn(report.LogTime, Now);
        _nextClock = report.NextClock;
        ArmClock();
    }

    /// <summary>Time passes by the clock of the leader, and stands still while there is none.</summary>
    private void LeadSessions()
    {
        if (_role == Role.Leader)
        {
            _sessionClock.Lead(Now);
        }
        else
        {
            _sessionClock.Follow();
        }

        ArmClock();
    }

    private void ArmClock()
    {
        if (_role != Role.Leader || _nextClock is not { } next)
        {
            Timers.Cancel(ClockKey);
            return;
        }

        TimeSpan wait = next - _sessionClock.Read(Now);
        TimeSpan least = _link.Settings.HeartbeatInterval;
        Timers.StartSingleTimer(ClockKey, ClockDue.Instance, wait > least ? wait : least);
    }

    /// <summary>Nobody waits for this entry. Whether it gets into the log or not, and becomes committed or not, the timer asks again as long as there is need.</summary>
    private void TellTime()
    {
        if (_core.Role == Role.Leader && !_stopping && _nextClock is { } next && _sessionClock.Read(Now) is var logTime && logTime >= next)
        {
            Step(new RaftInput.Propose(++_ticket, [new ProposedEntry(EntryKind.Session, SessionControl.Clock(logTime).Encode())]));

            // When it is applied, the state machine's report says what is next.
            Timers.StartSingleTimer(ClockKey, ClockDue.Instance, _link.Settings.ElectionTimeoutMax);
            return;
        }

        ArmClock();
    }

    /// <summary>What clients want of sessions goes into the log with the leader's time and within the leader's limits.</summary>
    private ProposedEntry Stamped(ProposedEntry entry)
    {
        if (entry.Kind != EntryKind.Session || !SessionControl.TryDecode(entry.Data.Span, out SessionControl? control))
        {
            return entry;
        }

        return entry with
        {
            Data = (control with
            {
                LogTime = _sessionClock.Read(Now),
                Limits = control.Limits is { } wanted ? _link.Settings.SessionLimits(wanted.Timeout) : null,
            }).Encode(),
        };
    }
}
