namespace RaftActors.Persistence;

/// <summary>What stands in a journal: one event of the protocol. Its byte form is <see cref="JournalSerializer"/>'s.</summary>
public abstract class JournaledEvent
{
    private protected JournaledEvent()
    {
    }

    /// <summary>The batch that the event holds; null when it holds none.</summary>
    internal virtual EntryBatch? Batch => null;

    internal static JournaledEvent For(RaftEvent raftEvent) => raftEvent switch
    {
        EntriesAppended entries => new JournaledEntries(entries),
        TermState state => new JournaledTermState(state),
        IncarnationTaken or MemberMet => new JournaledIncarnation(raftEvent),
        LogCompacted compaction => new JournaledCompaction(compaction),
        RecoveryForced or MemberFenced => new JournaledRecovery(raftEvent),
        _ => throw new ArgumentException($"There is no journal form of {raftEvent.GetType().Name}.", nameof(raftEvent)),
    };
}

/// <summary>A term and the vote cast in it.</summary>
public sealed class JournaledTermState : JournaledEvent
{
    internal JournaledTermState(TermState state) => State = state;

    /// <summary>Term and vote.</summary>
    public TermState State { get; }

    /// <inheritdoc/>
    public override string ToString() => State.ToString();
}

/// <summary>A batch of entries; what the log held from its first index on is gone.</summary>
public sealed class JournaledEntries : JournaledEvent
{
    internal JournaledEntries(EntriesAppended entries) => Entries = entries;

    /// <summary>The batch.</summary>
    public EntriesAppended Entries { get; }

    internal override EntryBatch? Batch => Entries.Batch;

    /// <inheritdoc/>
    public override string ToString() => $"Entries {Entries.Batch}";
}

/// <summary>A forced recovery: begun by this member, or gone on without it.</summary>
public sealed class JournaledRecovery : JournaledEvent
{
    internal JournaledRecovery(RaftEvent recovery) => Event = recovery;

    /// <summary>A <see cref="RecoveryForced"/> or a <see cref="MemberFenced"/>.</summary>
    public RaftEvent Event { get; }

    internal override EntryBatch? Batch => (Event as RecoveryForced)?.Batch;

    /// <inheritdoc/>
    public override string ToString() => Event.ToString();
}

/// <summary>An incarnation: this member's own, or that of another one.</summary>
public sealed class JournaledIncarnation : JournaledEvent
{
    internal JournaledIncarnation(RaftEvent fact) => Event = fact;

    /// <summary>An <see cref="IncarnationTaken"/> or a <see cref="MemberMet"/>.</summary>
    public RaftEvent Event { get; }

    /// <inheritdoc/>
    public override string ToString() => Event.ToString();
}

/// <summary>
/// What the serializer makes of bytes that are no event of this version. Recovery meets it at its place and so can say where; a serializer that
/// throws cannot.
/// </summary>
internal sealed class UnreadableEvent(string error)
{
    public string Error { get; } = error;
}
