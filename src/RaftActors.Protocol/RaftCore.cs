namespace RaftActors.Protocol;

/// <summary>
/// One member of one stream as a deterministic machine: an input goes in, effects come out as values. The same
/// state and the same input give the same effects. Not thread-safe; its owner calls it from one place.
/// </summary>
public sealed class RaftCore
{
    private readonly List<Effect> _effects = [];

    /// <summary>Makes a core from what the journal held, replayed in order.</summary>
    /// <param name="options">Identity, membership, timings and bounds.</param>
    /// <param name="journal">Every event of the journal, oldest first; empty at the very first start.</param>
    /// <exception cref="InvalidOperationException">The events contradict each other: the journal is damaged.</exception>
    public RaftCore(RaftOptions options, IEnumerable<RaftEvent> journal)
    {
        Options = options;
        foreach (RaftEvent _ in journal)
        {
        }
    }

    /// <summary>What the core was made with.</summary>
    public RaftOptions Options { get; }

    /// <summary>The role now.</summary>
    public Role Role { get; }

    /// <summary>The current term.</summary>
    public Term Term { get; }

    /// <summary>The vote cast in the current term.</summary>
    public NodeId VotedFor { get; }

    /// <summary>The leader of the current term, as far as known.</summary>
    public NodeId Leader { get; }

    /// <summary>The highest index known to be committed.</summary>
    public LogIndex CommitIndex { get; }

    /// <summary>The last entry of the log, durable or not.</summary>
    public EntryId LastEntry { get; }

    /// <summary>The membership in force.</summary>
    public StreamMembership Membership => Options.Membership;

    /// <summary>True for a leader that has committed an entry of its own term and so may serve reads.</summary>
    public bool IsReady { get; }

    /// <summary>Takes one input and returns what has to be done, in order.</summary>
    /// <param name="now">Time since an arbitrary origin; never goes back.</param>
    /// <param name="input">What happened.</param>
    /// <returns>A list that is valid until the next call.</returns>
    public IReadOnlyList<Effect> Step(TimeSpan now, RaftInput input)
    {
        _effects.Clear();
        return _effects;
    }
}
