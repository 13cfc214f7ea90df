using RaftActors.Protocol;

namespace RaftActors.Dcf;

/// <summary>Passes a stream's events to the callbacks registered for it. Of entries, those behind what the application has applied.</summary>
internal sealed class DcfStreamObserver(StreamId stream, DcfCallbackTable callbacks, LogIndex? applied) : IStreamObserver
{
    private readonly Lock _gate = new();
    private List<Action>? _early = applied is null ? null : [];

    public void OnLeaderWriteCompleted(CommittedEntry entry)
    {
        if (callbacks.AfterWriter is { } callback)
        {
            Pass(entry, () => callback(stream, entry.Index, entry.Data, entry.Key, 0));
        }
    }

    public void OnFollowerCommitted(CommittedEntry entry)
    {
        if (callbacks.ConsensusNotify is { } callback)
        {
            Pass(entry, () => callback(stream, entry.Index, entry.Data, entry.Key));
        }
    }

    public void OnRoleChanged(Role oldRole, Role newRole, Term term) => callbacks.StatusNotify?.Invoke(stream, newRole);

    public void OnLeaderChanged(NodeId leader, Term term) => callbacks.ElectionNotify?.Invoke(stream, leader);

    public void OnMessage(NodeId from, ReadOnlyMemory<byte> data) => callbacks.MsgProc?.Invoke(stream, from, data);

    public void OnException(Exception e) => callbacks.ExceptionReport?.Invoke(stream, e);

    /// <summary>The application's applied index fits the log: what came meanwhile goes out, and the rest as it comes.</summary>
    public void Begin()
    {
        lock (_gate)
        {
            List<Action> early = _early ?? [];
            _early = null;
            foreach (Action call in early)
            {
                try
                {
                    call();
                }
                catch (Exception e)
                {
                    // As the runtime does with an observer that throws: reported, and the next one comes.
                    callbacks.ExceptionReport?.Invoke(stream, e);
                }
            }
        }
    }

    private void Pass(CommittedEntry entry, Action call)
    {
        if (applied is not { } upTo)
        {
            call();
            return;
        }

        if (entry.Index <= upTo)
        {
            return;
        }

        // Entered by the stream's one actor, and once by the start: it waits for nothing but the callbacks that came before.
        lock (_gate)
        {
            if (_early is { } early)
            {
                early.Add(call);
            }
            else
            {
                call();
            }
        }
    }
}
