using Akka.Actor;

namespace RaftActors.Runtime;

// Entries about the session itself: opening, keeping, closing it. One at a time, repeated like commands; all may be repeated without harm.
internal sealed partial class SessionActor
{
    private void SendControl()
    {
        SessionControl control =
            _grant is { } grant ? IsClosing ? SessionControl.Close(grant.SessionId) : SessionControl.KeepAlive(grant.SessionId)
            : _opening.Resume is { } resume ? SessionControl.KeepAlive(resume.SessionId)
            : SessionControl.Open(_link.Settings.SessionLimits(_opening.Options.Timeout ?? _link.Settings.SessionTimeout));
        TimeSpan now = Now;
        TimeSpan deadline = now + (_link.Settings.ElectionTimeoutMax * 2);
        if (_grant is null && _opening.Deadline < deadline)
        {
            deadline = _opening.Deadline;
        }

        _controlRetryAt = TimeSpan.Zero;
        _controlSentAt = now;
        _control = new SessionAttempt(control.Encode(), 0, null, Self) { Kind = EntryKind.Session, Deadline = deadline };
        _link.Hand(_control);
    }

    private void OnControlEnded(ProposalAnswer answer)
    {
        _control = null;
        if (_grant is null)
        {
            OnOpening(answer);
        }
        else if (IsClosing)
        {
            // Whatever the answer: what is not closed expires.
            bool again = answer is not (ProposalCommitted or ProposalRefused) && Now < _closing[0].Deadline;
            if (again)
            {
                RetryControl();
            }
            else
            {
                Over();
            }
        }
        else if (answer is ProposalCommitted)
        {
            _usedAt = _controlSentAt;
            _controlBackoff = FirstBackoff;
            KeepInTime();
        }
        else if (answer is ProposalRefused { Code: RefusalCode.SessionExpired })
        {
            Expire();
        }
        else
        {
            RetryControl();
        }

        Pump();
    }

    private void OnOpening(ProposalAnswer answer)
    {
        if (_opening.Resume is { } resume && answer is ProposalCommitted)
        {
            Begin(resume);
        }
        else if (SessionGrant.Of(answer) is { } grant)
        {
            Begin(grant);
        }
        else if (Now >= _opening.Deadline || (answer is ProposalRefused refused && IsFinal(refused)))
        {
            _opening.Refuse(answer.ToString()!, answer);
            Over();
        }
        else
        {
            RetryControl();
        }
    }

    private void Begin(SessionGrant grant)
    {
        _grant = grant;
        _usedAt = _controlSentAt;
        _controlBackoff = FirstBackoff;
        if (!_opening.Answer(new RaftSession(_link, _clock, Self, _fate, grant)))
        {
            // Whoever wanted it has gone away: nobody would ever close it.
            _closing.Add(new PendingSessionClose { Deadline = Now + _link.Settings.ClientTimeout });
            return;
        }

        KeepInTime();
    }

    private void RetryControl()
    {
        _controlRetryAt = Now + _controlBackoff;
        _controlBackoff = Longer(_controlBackoff);
    }

    /// <summary>A third of the timeout after the last use that is known to have arrived.</summary>
    private void KeepInTime()
    {
        TimeSpan rest = _usedAt + (_grant!.Timeout / 3) - Now;
        Timers.StartSingleTimer(KeepKey, KeepKey, rest > FirstBackoff ? rest : FirstBackoff);
    }

    private void Keep()
    {
        if (_fate.IsOver || IsClosing || _control is not null || _controlRetryAt > TimeSpan.Zero)
        {
            // Who keeps it already says when to look again.
            return;
        }

        if (Now >= _usedAt + (_grant!.Timeout / 3))
        {
            SendControl();
        }
        else
        {
            KeepInTime();
        }
    }

    /// <summary>The session is gone. What is under way gets its own answers; what waits has none to wait for.</summary>
    private void Expire()
    {
        _fate.IsOver = true;
        _controlRetryAt = TimeSpan.Zero;
        while (_waiting.TryDequeue(out SessionCommand? command))
        {
            command.Answer(new ProposalRefused(RefusalCode.SessionExpired, "the session is over"));
        }

        CloseWhenIdle();
    }

    private void CloseWhenIdle()
    {
        if (!IsClosing || _underWay.Count > 0 || _waiting.Count > 0 || _control is not null || _controlRetryAt > TimeSpan.Zero)
        {
            return;
        }

        if (_fate.IsOver || _grant is null)
        {
            Over();
        }
        else
        {
            SendControl();
        }
    }

    private void Over()
    {
        _fate.IsOver = true;
        Context.Stop(Self);
    }
}
