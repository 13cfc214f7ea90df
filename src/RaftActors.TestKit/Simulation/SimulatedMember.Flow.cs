using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

// A state machine that may be slow, and reads of what the core no longer has in memory.
public sealed partial class SimulatedMember
{
    private readonly SimulationRandom _flow;

    /// <summary>How much longer than usual this member's state machine takes for what it is given at a time.</summary>
    public TimeSpan ApplyDelay { get; private set; }

    /// <summary>Reads from the journal that this member's core has asked for.</summary>
    public int JournalReads { get; private set; }

    /// <summary>The state machine takes this much longer than usual.</summary>
    public void SlowApply(TimeSpan by)
    {
        Record($"state machine takes {by.TotalMilliseconds:F0} ms longer");
        ApplyDelay = by;
    }

    private IReadOnlyList<RaftEvent> Recovered(RaftOptions options)
    {
        RecoveredJournal recovered = new(options.MaxLogBytesInMemory, options.MaxLogEntriesInMemory);
        foreach (RaftEvent fact in Journal.Durable)
        {
            recovered.Add(fact);
        }

        return recovered.Events;
    }

    private void ReadFromJournal(Effect.ReadEntries read)
    {
        JournalReads++;
        TimeSpan takes = _flow.Between(_cluster.Profile.MinDisk, _cluster.Profile.MaxDisk) + DiskDelay;
        bool fails = _flow.Chance(_cluster.Profile.ReadFailures);

        // A reader without a memory of what was replaced: the core must notice.
        bool isCareless = _cluster.Profile.ReadFailures > 0 && _flow.Chance(0.3);
        Later(takes, () =>
        {
            IReadOnlyList<EntryBatch> batches = fails ? [] : Journal.Read(read.First, read.Last, read.MaxBytes, isCareless);
            if (batches.Count > 0)
            {
                Take(new RaftInput.EntriesRead(read.Ticket, batches));
            }
            else
            {
                Later(TimeSpan.FromMilliseconds(10), () => Take(new RaftInput.EntriesUnreadable(read.Ticket)));
            }
        });
    }
}
