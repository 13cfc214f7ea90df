namespace RaftActors.Protocol;

/// <summary>
/// The client sessions of a stream (thesis section 6.3): which commands are done, and with what result. A part of the replicated state like the user's: the same entries make the same table on
/// every member, it is in every snapshot, and nothing but entries changes it. Not thread-safe.
/// </summary>
/// <remarks>
/// A session is opened by an entry, whose index is its id. It remembers the commands with its highest serials; a command with a lower serial that it does not remember is refused, because it may have
/// been applied before. So a client must not have more commands in the air, counted from the lowest whose answer it still wants, than the session remembers. Commands of one session may
/// arrive in any order. Time is what leaders have written into the log; a session that was not used for its timeout is gone.
/// </remarks>
public sealed partial class SessionTable
{
    private readonly SortedDictionary<ulong, ClientSession> _sessions = [];
    private readonly List<ClientSession> _fresh = [];
    private TimeSpan _nextExpiry = TimeSpan.MaxValue;
    private TimeSpan _nextFresh = TimeSpan.MaxValue;

    /// <summary>How many sessions are open.</summary>
    public int Count => _sessions.Count;

    /// <summary>The time that the log has told last.</summary>
    public TimeSpan LogTime { get; private set; }

    /// <summary>When the leader should tell the time next, so that sessions are seen to be used or expire; null when there is no need. Not earlier than a quarter of a timeout after the last.</summary>
    public TimeSpan? NextClock
    {
        get
        {
            TimeSpan next = _nextExpiry < _nextFresh ? _nextExpiry : _nextFresh;
            return next == TimeSpan.MaxValue ? null : next;
        }
    }

    /// <summary>Results that all sessions remember together.</summary>
    public long RememberedResults => _sessions.Values.Sum(static s => (long)s.Results.Count);

    /// <summary>Bytes of those.</summary>
    public long RememberedBytes => _sessions.Values.Sum(static s => s.Bytes);

    /// <summary>Whether a session is open.</summary>
    public bool IsOpen(ulong sessionId) => _sessions.ContainsKey(sessionId);

    /// <summary>Decides about a committed command of a session, in the order of the log, before it is applied.</summary>
    /// <param name="id">The entry.</param>
    /// <param name="sessionId">Its session, not 0.</param>
    /// <param name="serial">Its number within the session.</param>
    public SessionVerdict Begin(EntryId id, ulong sessionId, ulong serial)
    {
        if (!_sessions.TryGetValue(sessionId, out ClientSession? session))
        {
            return new SessionVerdict(SessionDecision.NoSession);
        }

        Use(session, id.Index);
        if (session.Results.TryGetValue(serial, out RememberedResult? first))
        {
#if RAFT_MUTANTS
            if (Mutants.Active == Mutant.DuplicateIsApplied)
            {
                return new SessionVerdict(SessionDecision.Apply, new RememberedResult(session, serial, id));
            }
#endif
            return new SessionVerdict(SessionDecision.Duplicate, first);
        }

        return serial < session.Floor
            ? new SessionVerdict(SessionDecision.SerialTooOld)
            : new SessionVerdict(SessionDecision.Apply, session.Add(serial, id));
    }

    /// <summary>A command has been applied. In the order of the log; later commands may have begun meanwhile.</summary>
    /// <param name="command">What <see cref="Begin"/> gave.</param>
    /// <param name="result">What the state machine replied; copied.</param>
    public void Complete(RememberedResult command, ReadOnlyMemory<byte> result)
    {
        ArgumentNullException.ThrowIfNull(command);
        command.Session.Keep(command, result);
    }

    /// <summary>Carries out a committed entry about sessions.</summary>
    /// <param name="index">Its place in the log.</param>
    /// <param name="control">What it says.</param>
    public SessionVerdict Control(LogIndex index, SessionControl control)
    {
        ArgumentNullException.ThrowIfNull(control);
        TellTime(control.LogTime);
        switch (control.Operation)
        {
            case SessionOperation.Open:
                Open(index, control.Limits!);
                break;

            case SessionOperation.Close:
                if (!_sessions.TryGetValue(control.SessionId, out ClientSession? closed))
                {
                    return new SessionVerdict(SessionDecision.NoSession);
                }

                Remove(closed);
                break;

            case SessionOperation.KeepAlive:
                if (!_sessions.TryGetValue(control.SessionId, out ClientSession? kept))
                {
                    return new SessionVerdict(SessionDecision.NoSession);
                }

                // The entry tells the time itself.
                kept.LastUse = index;
                kept.ActiveAt = LogTime;
                break;
        }

        return new SessionVerdict(SessionDecision.Done);
    }

    private void Open(LogIndex index, SessionLimits limits)
    {
        while (_sessions.Count >= limits.MaxSessions)
        {
            Remove(_sessions.Values.MinBy(static s => s.LastUse)!);
        }

        ClientSession session = new((ulong)index.Value, limits.Timeout, limits.MaxResults, limits.MaxResultBytes) { LastUse = index, ActiveAt = LogTime };
        _sessions.Add(session.Id, session);
        _nextExpiry = Min(_nextExpiry, session.ExpiresAt);
    }

    private void Use(ClientSession session, LogIndex index)
    {
        session.LastUse = index;
        if (!session.IsFresh)
        {
            session.IsFresh = true;
            _fresh.Add(session);
            _nextFresh = Min(_nextFresh, LogTime + (session.Timeout / 4));
        }
    }

    private void TellTime(TimeSpan time)
    {
        // A new leader may know less than its predecessor wrote; time never goes back.
        LogTime = time > LogTime ? time : LogTime;
        foreach (ClientSession session in _fresh)
        {
            session.IsFresh = false;
            session.ActiveAt = LogTime;
        }

        _fresh.Clear();
        _nextFresh = TimeSpan.MaxValue;
        if (LogTime < _nextExpiry)
        {
            return;
        }

        foreach (ClientSession session in _sessions.Values.Where(s => s.ExpiresAt <= LogTime).ToArray())
        {
            _sessions.Remove(session.Id);
        }

        // Up to here it may have been too early, because uses only put expiry off.
        _nextExpiry = _sessions.Count == 0 ? TimeSpan.MaxValue : _sessions.Values.Min(static s => s.ExpiresAt);
    }

    private void Remove(ClientSession session)
    {
        _sessions.Remove(session.Id);
        if (session.IsFresh)
        {
            _fresh.Remove(session);
        }

        if (_sessions.Count == 0)
        {
            _nextExpiry = TimeSpan.MaxValue;
            _nextFresh = TimeSpan.MaxValue;
        }
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
