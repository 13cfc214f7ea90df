namespace RaftActors.Protocol.Tests.Sessions;

/// <summary>A second implementation that is as plain as can be: it remembers everything, for ever, and looks for what it needs.</summary>
internal sealed class PlainSessions
{
    private readonly List<Session> _sessions = [];
    private long _time;
    private long _timeToldAt;

    public IEnumerable<ulong> Open => _sessions.Where(s => !s.IsGone).Select(s => s.Id);

    public (SessionDecision Decision, long FirstIndex) Command(long index, ulong id, ulong serial)
    {
        Session? session = _sessions.SingleOrDefault(s => s.Id == id && !s.IsGone);
        if (session is null)
        {
            return (SessionDecision.NoSession, 0);
        }

        session.Uses.Add((index, null));
        ulong[] remembered = session.Remembered();
        if (remembered.Contains(serial))
        {
            return (SessionDecision.Duplicate, session.Done.Single(d => d.Serial == serial).Index);
        }

        // Everything at or below a serial that had to make room may have been applied.
        if (serial == 0 || session.Done.Any(d => d.Serial >= serial && !remembered.Contains(d.Serial)))
        {
            return (SessionDecision.SerialTooOld, 0);
        }

        session.Done.Add((serial, index));
        return (SessionDecision.Apply, index);
    }

    public SessionDecision Control(long index, SessionControl control)
    {
        _time = Math.Max(_time, (long)control.LogTime.TotalMilliseconds);
        foreach (Session session in _sessions.Where(s => !s.IsGone))
        {
            // A use since the time was told last counts as of now.
            session.Uses = [.. session.Uses.Select(u => (u.Index, u.Time ?? (u.Index > _timeToldAt ? _time : 0)))];
            session.IsGone = session.Uses.Max(u => u.Time!.Value) + session.Timeout <= _time;
        }

        _timeToldAt = index;
        Session? named = _sessions.SingleOrDefault(s => s.Id == control.SessionId && !s.IsGone);
        switch (control.Operation)
        {
            case SessionOperation.Open:
                while (Open.Count() >= control.Limits!.MaxSessions)
                {
                    _sessions.Where(s => !s.IsGone).MinBy(s => s.Uses.Max(u => u.Index))!.IsGone = true;
                }

                _sessions.Add(new Session((ulong)index, (long)control.Limits.Timeout.TotalMilliseconds, control.Limits.MaxResults) { Uses = [(index, _time)] });
                return SessionDecision.Done;
            case SessionOperation.Clock:
                return SessionDecision.Done;
            default:
                if (named is null)
                {
                    return SessionDecision.NoSession;
                }

                named.Uses.Add((index, _time));
                named.IsGone = control.Operation == SessionOperation.Close;
                return SessionDecision.Done;
        }
    }

    private sealed class Session(ulong id, long timeout, int maxResults)
    {
        public ulong Id { get; } = id;

        public long Timeout { get; } = timeout;

        public bool IsGone { get; set; }

        public List<(long Index, long? Time)> Uses { get; set; } = [];

        public List<(ulong Serial, long Index)> Done { get; } = [];

        public ulong[] Remembered() => [.. Done.Select(d => d.Serial).OrderDescending().Take(maxResults)];
    }
}
