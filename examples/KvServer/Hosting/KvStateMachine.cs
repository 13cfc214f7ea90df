using System.Buffers;
using KvServer.State;
using RaftActors;
using RaftActors.Protocol;

namespace KvServer.Hosting;

/// <summary>Lets the stream's committed entries change the state that the connections read.</summary>
internal sealed class KvStateMachine(KvDatabase database) : IStateMachine
{
    private readonly int _generation = database.Reset();
    private readonly ArrayBufferWriter<byte> _results = new(1024);

    public void Apply(CommittedEntries entries)
    {
        foreach (CommittedEntry entry in entries)
        {
            if (!entry.HasWaiter)
            {
                database.Apply(_generation, entry.Index.Value, entry.Data.Span, results: null);
                continue;
            }

            _results.ResetWrittenCount();
            database.Apply(_generation, entry.Index.Value, entry.Data.Span, _results);
            entry.Reply(_results.WrittenSpan.ToArray());
        }
    }

    public ulong StateHash() => database.Hash();

    public bool SupportsSnapshots => true;

    public Task SaveSnapshotAsync(Stream destination, CancellationToken cancellationToken)
    {
        KvStateCopy copy = database.Copy(_generation) ?? throw new InvalidOperationException("A newer state machine has taken over.");
        return copy.WriteAsync(destination, cancellationToken);
    }

    public async Task LoadSnapshotAsync(Stream source, CancellationToken cancellationToken) =>
        database.Restore(_generation, await KvStateCopy.ReadAsync(source, cancellationToken).ConfigureAwait(false));

    public void OnLeaderStart(Term term) => database.Leads = true;

    public void OnLeaderStop(Term term, string reason) => database.Leads = false;
}
