namespace RaftActors;

/// <summary>What may go along with a proposal.</summary>
public sealed record ProposeOptions
{
    /// <summary>No key, any term, forwarded, the stream's timeout.</summary>
    public static ProposeOptions Default { get; } = new();

    /// <summary>A number that comes back with the entry in callbacks; 0 for none.</summary>
    public ulong Key { get; init; }

    /// <summary>When not zero: refuse unless the leader's term is this one.</summary>
    public Term ExpectedTerm { get; init; }

    /// <summary>Send it on to the leader when this member does not lead. When false, the answer is <see cref="NotLeader"/>.</summary>
    public bool Forward { get; init; } = true;

    /// <summary>
    /// When given: the command of a client session that this is. It is applied once at the most, however often it is proposed; repeated, it is answered with the first result.
    /// <see cref="RaftSession"/> counts serials and repeats by itself.
    /// </summary>
    public SessionSerial Session { get; init; }

    /// <summary>
    /// Let the code behind the await run on the thread that has just applied the entry, before the state machine goes on, instead of waking a thread of the pool for it (braft: closures). With many
    /// small writes under way waking threads costs more than the writes; most is gained together with a <c>state-machine-dispatcher</c> of <c>raft-actors.dispatchers.consensus</c>. Only for code that is quickly done and
    /// never blocks: the stream's state machine stands still meanwhile, and code that waits there for an answer of the same stream waits for ever. An answer that does not come from the state
    /// machine (refused, timed out, outcome unknown) always continues on the pool. For <see cref="RaftStream.ProposeAsync"/>, <see cref="RaftStream.ProposeValueAsync"/> and
    /// <see cref="RaftStream.ProposeOutcomeAsync"/>; false by default.
    /// </summary>
    public bool ContinueInline { get; init; }

    /// <summary>How long to wait for the outcome; null for the stream's <c>client-timeout</c>.</summary>
    public TimeSpan? Timeout { get; init; }
}
