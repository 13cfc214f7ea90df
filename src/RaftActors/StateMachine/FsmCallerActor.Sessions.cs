using Akka.Actor;

namespace RaftActors.Runtime;

// Client sessions: a part of the replicated state that the runtime keeps for the user's.
internal sealed partial class FsmCallerActor
{
    private SessionTable _sessions = new();
    private bool _sessionsChanged;

    /// <summary>Nothing to do when nothing in the run has to do with a session. False when the members would differ from here on: then the state machine has failed.</summary>
    private bool TryPassSessions(ApplyRun run, bool concerned, out SessionPass? pass)
    {
        pass = null;
        if (!concerned)
        {
            return true;
        }

        try
        {
            pass = SessionPass.Begin(_sessions, run);
            return true;
        }
        catch (RaftActorsException e)
        {
            Fail($"applying the entries {run.From} to {run.To} failed", e);
            return false;
        }
    }

    /// <summary>What the state machine and observers get of a run; null when nothing.</summary>
    private static CommittedEntries? EntriesOf(ApplyRun run, int users, SessionPass? pass) =>
        pass is not null ? pass.Admitted(run, users)
        : users == 0 ? null
        : new CommittedEntries(run.Batch, run.From, run.To, users, run.Waiters, run.Batch.FirstIndex);

    private void CompleteSessions(SessionPass? pass, ApplyRun run)
    {
        if (pass is not null)
        {
            pass.Complete(run);
            if (_watcher is not null)
            {
                pass.Show(run, _watcher);
            }

            _sessionsChanged = true;
        }
    }

    private void RestoreSessions(SessionTable sessions)
    {
        _sessions = sessions;
        TellSessions();
    }

    /// <summary>The leader tells the log's time, so the node has to know what the log has told and when it should be told again.</summary>
    private void TellSessions()
    {
        _sessionsChanged = false;
        Context.Parent.Tell(new SessionsReport(_sessions.LogTime, _sessions.NextClock));
    }
}
