using System.Collections.Concurrent;
using System.Text;

namespace RaftActors.Tests.Support;

/// <summary>Keeps what it applied, answers "applied N: text", and fails or blocks when a test says so.</summary>
internal sealed class RecordingStateMachine : IStateMachine
{
    private readonly StringBuilder _digest = new();

    /// <summary>What was applied, in order.</summary>
    public ConcurrentQueue<string> Applied { get; } = new();

    /// <summary>The callbacks, in order.</summary>
    public ConcurrentQueue<string> Calls { get; } = new();

    /// <summary>Applying an entry with this text throws.</summary>
    public string? FailOn { get; set; }

    /// <summary>Called before entries are applied.</summary>
    public Action? OnApply { get; set; }

    /// <summary>Being told to lead throws.</summary>
    public bool FailOnLeaderStart { get; set; }

    /// <summary>An entry with this text, and everything behind it in the same call, is rolled back.</summary>
    public string? RollBackOn { get; set; }

    /// <summary>Applying waits until this is set.</summary>
    public ManualResetEventSlim Gate { get; } = new(initialState: true);

    /// <summary>Saving waits for this after it has taken its copy; a failed task fails the snapshot.</summary>
    public Task SaveGate { get; set; } = Task.CompletedTask;

    /// <summary>Loading waits for this before it reads.</summary>
    public Task LoadGate { get; set; } = Task.CompletedTask;

    public bool SupportsSnapshots => true;

    public async Task SaveSnapshotAsync(Stream destination, CancellationToken cancellationToken)
    {
        string[] copy = [.. Applied];
        await SaveGate.WaitAsync(cancellationToken).ConfigureAwait(false);
        foreach (string text in copy)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            await destination.WriteAsync(BitConverter.GetBytes(bytes.Length), cancellationToken).ConfigureAwait(false);
            await destination.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task LoadSnapshotAsync(Stream source, CancellationToken cancellationToken)
    {
        Applied.Clear();
        _digest.Clear();
        Calls.Enqueue("load");
        await LoadGate.WaitAsync(cancellationToken).ConfigureAwait(false);
        byte[] length = new byte[4];
        while (await source.ReadAtLeastAsync(length, 4, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false) == 4)
        {
            byte[] bytes = new byte[BitConverter.ToInt32(length)];
            await source.ReadExactlyAsync(bytes, cancellationToken).ConfigureAwait(false);
            Keep(Encoding.UTF8.GetString(bytes));
        }
    }

    public void Apply(CommittedEntries entries)
    {
        OnApply?.Invoke();
        Gate.Wait(TimeSpan.FromSeconds(15));
        foreach (CommittedEntry entry in entries)
        {
            string text = Encoding.UTF8.GetString(entry.Data.Span);
            if (text == FailOn)
            {
                throw new InvalidOperationException($"told to fail on '{text}'");
            }

            if (text == RollBackOn)
            {
                entries.RollBackFrom(entry.Index, new InvalidOperationException($"told to roll back '{text}'"));
                return;
            }

            Keep(text);

            entry.Reply(Encoding.UTF8.GetBytes($"applied {Applied.Count}: {(text.Length > 20 ? text[..20] : text)}"));
        }
    }

    public ReadOnlyMemory<byte> Query(ReadOnlyMemory<byte> query)
    {
        string text = Encoding.UTF8.GetString(query.Span);
        return text switch
        {
            "count" => Encoding.UTF8.GetBytes($"{Applied.Count}"),
            "last" => Encoding.UTF8.GetBytes(Applied.LastOrDefault() ?? string.Empty),
            _ => throw new ArgumentException($"no such query: {text}"),
        };
    }

    public ulong StateHash()
    {
        ulong hash = 14695981039346656037;
        foreach (char c in _digest.ToString())
        {
            hash = (hash ^ c) * 1099511628211;
        }

        return hash;
    }

    public void OnLeaderStart(Term term)
    {
        Calls.Enqueue("leader-start");
        if (FailOnLeaderStart)
        {
            throw new InvalidOperationException("told to fail when leading");
        }
    }

    public void OnLeaderStop(Term term, string reason) => Calls.Enqueue("leader-stop");

    public void OnStartFollowing(NodeId leader, Term term) => Calls.Enqueue($"follow {leader}");

    public void OnStopFollowing(NodeId leader, Term term, string reason) => Calls.Enqueue($"unfollow {leader}");

    public void OnError(Exception error) => Calls.Enqueue("error");

    public void OnShutdown() => Calls.Enqueue("shutdown");

    private void Keep(string text)
    {
        Applied.Enqueue(text);
        if (text.Length < 1000)
        {
            _digest.Append(text).Append('\n');
        }
    }
}
