using System.Text;
using RaftActors.Protocol;

namespace RaftActors.TestKit.Tests.Local;

/// <summary>
/// A state machine that checks the order in which it is called, as <see cref="IStateMachine"/> promises it, and breaks when a test says so. Its state is the list of entries with their terms.
/// </summary>
internal sealed class CallbackOrder(Action<string> violated) : IStateMachine
{
    private readonly List<(long Index, long Term)> _entries = [];
    private int _inside;
    private Term? _leading;
    private (NodeId, Term)? _following;
    private Term _lastLed;
    private LogIndex _lastMembership;
    private bool _saving;
    private bool _loading;
    private bool _failed;
    private bool _shutDown;

    public bool Fails { get; set; }

    public bool RollsBack { get; set; }

    public bool SaveFails { get; set; }

    /// <summary>Whatever was called, by name.</summary>
    public Dictionary<string, int> Calls { get; } = [];

    public bool SupportsSnapshots => true;

    public void Apply(CommittedEntries entries) => Call(nameof(Apply), () =>
    {
        int counted = 0;
        foreach (CommittedEntry entry in entries)
        {
            counted++;
            Must(_entries.Count == 0 || entry.Index.Value > _entries[^1].Index, $"entry {entry.Index} after {(_entries.Count == 0 ? 0 : _entries[^1].Index)}");
            Must(_entries.Count == 0 || entry.Term.Value >= _entries[^1].Term, $"an entry of term {entry.Term} after one of a later term");
            Must(_leading is null || entry.Term >= _leading, $"an entry of term {entry.Term} although term {_leading} is led: everything of earlier terms must be applied before");
            Must(_leading is null || entry.Term == _leading, $"an entry of term {entry.Term} while term {_leading} is led");
            if (Fails || RollsBack)
            {
                _failed = true;
                if (RollsBack)
                {
                    entries.RollBackFrom(entry.Index, new InvalidOperationException("told to roll back"));
                    return;
                }

                throw new InvalidOperationException("told to fail");
            }

            _entries.Add((entry.Index.Value, entry.Term.Value));
        }

        Must(counted == entries.Count, "another number of entries than Count");
    });

    public ReadOnlyMemory<byte> Query(ReadOnlyMemory<byte> query)
    {
        byte[] answer = [];
        Call(nameof(Query), () => answer = BitConverter.GetBytes(_entries.Count));
        return answer;
    }

    public ulong StateHash()
    {
        ulong hash = 17;
        Call(nameof(StateHash), () =>
        {
            foreach ((long index, long term) in _entries)
            {
                hash = (hash * 31) + (ulong)((index * 1000) + term);
            }
        });
        return hash;
    }

    public async Task SaveSnapshotAsync(Stream destination, CancellationToken cancellationToken)
    {
        string text = string.Empty;
        Call(nameof(SaveSnapshotAsync), () =>
        {
            Must(!_saving, "a save while another is under way");
            _saving = true;
            text = string.Join(';', _entries.Select(e => $"{e.Index},{e.Term}"));
        });
        try
        {
            // Each write waits for the store: other calls come in between.
            foreach (char[] part in text.Chunk(50))
            {
                await destination.WriteAsync(Encoding.UTF8.GetBytes(part), cancellationToken);
                await destination.FlushAsync(cancellationToken);
                if (SaveFails)
                {
                    throw new InvalidOperationException("told to fail while saving");
                }
            }
        }
        finally
        {
            _saving = false;
        }
    }

    public async Task LoadSnapshotAsync(Stream source, CancellationToken cancellationToken)
    {
        Call(nameof(LoadSnapshotAsync), () => Must(_leading is null, "a snapshot is loaded while this member leads"));
        _loading = true;
        using MemoryStream all = new();
        await source.CopyToAsync(all, 64, cancellationToken);
        long last = _entries.Count == 0 ? 0 : _entries[^1].Index;
        _entries.Clear();
        foreach (string entry in Encoding.UTF8.GetString(all.ToArray()).Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = entry.Split(',');
            _entries.Add((long.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture), long.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture)));
        }

        Must(_entries.Count == 0 || _entries[^1].Index >= last, "a snapshot takes the state back");
        _loading = false;
    }

    public void OnLeaderStart(Term term) => Call(nameof(OnLeaderStart), () =>
    {
        Must(_leading is null, $"start of term {term} while term {_leading} is led");
        Must(_following is null, $"start of term {term} while {_following} is followed");
        Must(term > _lastLed, $"start of term {term} after term {_lastLed}");
        Must(_entries.Count == 0 || _entries[^1].Term < term.Value, $"start of term {term} after an entry of it");
        _leading = term;
        _lastLed = term;
    });

    public void OnLeaderStop(Term term, string reason) => Call(nameof(OnLeaderStop), afterFailure: true, () =>
    {
        Must(_leading == term, $"stop of term {term}, led is {_leading?.ToString() ?? "none"}");
        Must(reason.Length > 0, "no reason");
        _leading = null;
    });

    public void OnStartFollowing(NodeId leader, Term term) => Call(nameof(OnStartFollowing), () =>
    {
        Must(_following is null, $"{leader} is followed while {_following} is");
        Must(_leading is null, $"{leader} is followed while term {_leading} is led");
        _following = (leader, term);
    });

    public void OnStopFollowing(NodeId leader, Term term, string reason) => Call(nameof(OnStopFollowing), afterFailure: true, () =>
    {
        Must(_following == (leader, term), $"{leader} of term {term} is not followed any more, but {_following} was");
        Must(reason.Length > 0, "no reason");
        _following = null;
    });

    public void OnMembershipCommitted(StreamMembership membership, LogIndex index) => Call(nameof(OnMembershipCommitted), () =>
    {
        Must(index > _lastMembership, $"membership {index} after {_lastMembership}");
        Must(_entries.Count == 0 || _entries[^1].Index < index.Value, $"membership {index} after entry {(_entries.Count == 0 ? 0 : _entries[^1].Index)}");
        _lastMembership = index;
    });

    public void OnError(Exception error) => Call(nameof(OnError), afterFailure: true, () =>
    {
        Must(!Calls.TryGetValue(nameof(OnError), out int times) || times == 1, "a second error");
        Must(_failed, "an error although nothing failed");
    });

    public void OnShutdown() => Call(nameof(OnShutdown), afterFailure: true, () =>
    {
        Must(_leading is null && _following is null, $"shut down with term {_leading} led and {_following} followed");
        _shutDown = true;
    });

    private void Call(string name, Action body) => Call(name, afterFailure: false, body);

    private void Call(string name, bool afterFailure, Action body)
    {
        Must(Interlocked.Increment(ref _inside) == 1, $"{name} while another call runs");
        Must(!_loading || name == nameof(OnShutdown), $"{name} while a snapshot is loaded");
        Must(!_shutDown, $"{name} after the shutdown");
        Must(!_failed || afterFailure, $"{name} after the failure");
        Calls[name] = Calls.GetValueOrDefault(name) + 1;
        try
        {
            body();
        }
        finally
        {
            Interlocked.Decrement(ref _inside);
        }
    }

    private void Must(bool holds, string what)
    {
        if (!holds)
        {
            violated(what);
        }
    }
}
