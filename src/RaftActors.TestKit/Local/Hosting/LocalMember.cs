namespace RaftActors.TestKit.Local;

/// <summary>A member over all its lives: what survives a crash, and what is known of it.</summary>
internal sealed class LocalMember(NodeId id, LocalJournalStore store)
{
    public NodeId Id { get; } = id;

    public LocalJournalStore Store { get; } = store;

    public MemberRun? Run { get; set; }

    public bool Paused { get; set; }

    public Role Role { get; set; }

    public Term Term { get; set; }

    public int Starts { get; set; }

    public string? Failure { get; set; }

    /// <summary>Waits to be told of its membership instead of beginning with the cluster's.</summary>
    public bool Joins { get; set; }

    /// <summary>Who belongs to the stream, as this member knows.</summary>
    public StreamMembership Membership { get; set; } = StreamMembership.Empty;

    public IStateMachine? StateMachine { get; set; }

    /// <summary>The highest entry of a client that this life has applied.</summary>
    public LogIndex LastApplied { get; set; }

    /// <summary>Plans that came due while it was paused.</summary>
    public List<Timeline.Plan> Held { get; } = [];

    public RaftStream? Stream => Run?.Streams is { } streams && streams.TryGetStream(LocalCluster.Stream, out RaftStream? stream) ? stream : null;

    public bool IsRunning => Run is not null;
}
