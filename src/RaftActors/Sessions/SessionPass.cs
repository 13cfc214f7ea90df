namespace RaftActors.Runtime;

/// <summary>
/// What sessions make of one run of committed entries: which of them the state machine is to see, where its replies go, and what those who wait are told. Made before the run is applied,
/// completed after it.
/// </summary>
internal sealed class SessionPass
{
    private readonly SessionTable _table;
    private readonly SessionVerdict?[] _verdicts;
    private readonly IProposalResult?[] _replies;
    private readonly bool[] _skipped;

    private SessionPass(SessionTable table, ApplyRun run)
    {
        _table = table;
        _verdicts = new SessionVerdict?[run.Batch.Count];
        _replies = new IProposalResult?[run.Batch.Count];
        _skipped = new bool[run.Batch.Count];
    }

    /// <summary>True when <paramref name="entry"/> has to do with a session.</summary>
    public static bool Concerns(in LogEntry entry) => entry.Kind == EntryKind.Session || (entry.Kind == EntryKind.Normal && entry.SessionId != 0);

    /// <summary>Goes through a run that has such entries, in order.</summary>
    /// <exception cref="RaftActorsException">An entry about sessions that this version cannot read: going on would make the members differ.</exception>
    public static SessionPass Begin(SessionTable table, ApplyRun run)
    {
        SessionPass pass = new(table, run);
        foreach (LogEntry entry in run.Batch)
        {
            if (entry.Id.Index < run.From || entry.Id.Index > run.To)
            {
                continue;
            }

            int at = (int)(entry.Id.Index - run.Batch.FirstIndex);
            pass._replies[at] = run.Waiters?[at];
            if (entry.Kind == EntryKind.Session)
            {
                pass._verdicts[at] = SessionControl.TryDecode(entry.Data.Span, out SessionControl? control)
                    ? table.Control(entry.Id.Index, control)
                    : throw new RaftActorsException($"Entry {entry.Id.Index} says something about sessions that this version does not know.");
                pass.Grant(at, control);
            }
            else if (entry.Kind == EntryKind.Normal && entry.SessionId != 0)
            {
                pass.Begin(at, entry);
            }
        }

        return pass;
    }

    /// <summary>What the state machine gets of <paramref name="run"/>, this one or a beginning of it; null when nothing.</summary>
    public CommittedEntries? Admitted(ApplyRun run, int users)
    {
        int skipped = 0;
        for (LogIndex index = run.From; index <= run.To; index = index.Next)
        {
            skipped += _skipped[index - run.Batch.FirstIndex] ? 1 : 0;
        }

        return users == skipped
            ? null
            : new CommittedEntries(run.Batch, run.From, run.To, users - skipped, _replies, run.Batch.FirstIndex, skipped == 0 ? null : _skipped);
    }

    /// <summary>
    /// <paramref name="run"/>, this one or a beginning of it, is applied: the table keeps the results, and those that wait for an entry that was not applied are answered. The others are left to the caller.
    /// </summary>
    public void Complete(ApplyRun run)
    {
        for (LogIndex index = run.From; index <= run.To; index = index.Next)
        {
            int at = (int)(index - run.Batch.FirstIndex);
            if (_verdicts[at] is not { } verdict)
            {
                continue;
            }

            if (verdict.Decision == SessionDecision.Apply)
            {
                _table.Complete(verdict.Result!, ((Reply)_replies[at]!).Result);
            }
            else if (run.Waiters?[at] is { } waiter && Answer(verdict) is { } answer)
            {
                waiter.Answer(answer);
            }
        }
    }

    /// <summary>Shows what was decided about <paramref name="run"/>, which is applied.</summary>
    public void Show(ApplyRun run, ICoreWatcher watcher)
    {
        for (LogIndex index = run.From; index <= run.To; index = index.Next)
        {
            if (_verdicts[index - run.Batch.FirstIndex] is { } verdict)
            {
                watcher.OnSession(run.Batch[index], verdict);
            }
        }
    }

    private static ProposalAnswer? Answer(SessionVerdict verdict) => verdict.Decision switch
    {
        SessionDecision.Duplicate when verdict.Result!.IsForgotten => new ProposalRefused(
            RefusalCode.SessionResultForgotten,
            $"the command was applied before, as entry {verdict.Result.Id.Index}, but its result took up too much room to be kept (max-session-result-bytes)"),
        SessionDecision.Duplicate => new ProposalCommitted(verdict.Result!.Id.Index, verdict.Result.Id.Term, verdict.Result.Result),
        SessionDecision.NoSession => new ProposalRefused(
            RefusalCode.SessionExpired,
            "there is no such session: it expired, was closed, or made room for another (max-sessions)"),
        SessionDecision.SerialTooOld => new ProposalRefused(
            RefusalCode.SessionSerialTooOld,
            "the serial is below what the session remembers (max-session-results), so it may have been applied before"),
        _ => null,
    };

    private void Begin(int at, in LogEntry entry)
    {
        SessionVerdict verdict = _table.Begin(entry.Id, entry.SessionId, entry.SessionSerial);
        _verdicts[at] = verdict;
        if (verdict.Decision == SessionDecision.Apply)
        {
            _replies[at] = new Reply(_replies[at]);
        }
        else
        {
            _skipped[at] = true;
        }
    }

    private void Grant(int at, SessionControl control)
    {
        if (control is { Operation: SessionOperation.Open, Limits: { } limits })
        {
            _replies[at]?.SetResult(SessionGrant.Encode(limits), 0);
        }
    }

    /// <summary>Takes the state machine's reply on every member, whether somebody waits here or not: a member that leads later must know it.</summary>
    private sealed class Reply(IProposalResult? waiter) : IProposalResult
    {
        public ReadOnlyMemory<byte> Result { get; private set; }

        public int Life => 0;

        public void SetResult(ReadOnlyMemory<byte> result, int life)
        {
            Result = result;
            waiter?.SetResult(result, waiter.Life);
        }
    }
}
