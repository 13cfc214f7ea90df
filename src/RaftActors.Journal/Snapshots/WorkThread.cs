using System.Collections.Concurrent;

namespace RaftActors.Journal.Snapshots;

/// <summary>A thread of its own for work that waits for the disk, one piece after the other.</summary>
internal sealed class WorkThread : IDisposable
{
    private readonly BlockingCollection<Action> _work = [];

    public WorkThread(string name) => new Thread(Run) { IsBackground = true, Name = name }.Start();

    public Task<T> Do<T>(Func<T> work)
    {
        TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            _work.Add(() =>
            {
                try
                {
                    done.SetResult(work());
                }
                catch (Exception e)
                {
                    done.SetException(e);
                }
            });
        }
        catch (InvalidOperationException e)
        {
            done.SetException(new JournalException("The snapshot store is closed.", e));
        }

        return done.Task;
    }

    /// <summary>Ends the thread when what waits is done.</summary>
    public void Dispose() => _work.CompleteAdding();

    private void Run()
    {
        foreach (Action work in _work.GetConsumingEnumerable())
        {
            work();
        }

        _work.Dispose();
    }
}
