namespace RaftActors;

/// <summary>
/// The user's replicated state. All members of a stream call <see cref="Apply"/> with the same entries in the same order, so
/// an implementation must be deterministic: no clock, no randomness, no outside state may decide what it does.
/// </summary>
/// <remarks>
/// Every method is called by one caller, in order, one call at a time, on the dispatcher <c>raft-actors.dispatchers.user-code</c>, so an
/// implementation needs no locks for what only these methods touch. It may take its time: consensus goes on meanwhile. A new
/// instance is made each time the stream's node starts.
/// <para>The order that holds in the life of one instance:</para>
/// <list type="bullet">
/// <item>Entries and memberships come in the order of their indexes, each once; what a snapshot brought does not come again.</item>
/// <item><see cref="OnLeaderStart"/> comes when everything that earlier terms committed is applied, and before any entry of the new term. Each is followed by one <see cref="OnLeaderStop"/>,
/// each <see cref="OnStartFollowing"/> by one <see cref="OnStopFollowing"/>, before the next of either begins: nobody leads and follows at the same time.</item>
/// <item>While <see cref="LoadSnapshotAsync"/> runs, nothing else is called. While the rest of <see cref="SaveSnapshotAsync"/> (behind its first <c>await</c>) runs, everything else may be, but no
/// second save begins.</item>
/// <item>After <see cref="OnError"/> only the stops that are due and <see cref="OnShutdown"/> come; after <see cref="OnShutdown"/> nothing.</item>
/// </list>
/// </remarks>
public interface IStateMachine
{
    /// <summary>
    /// Applies committed entries of users. An exception puts the state machine into its error state: nothing more is applied until
    /// the stream is started again, and whoever waits is told that the outcome is unknown. A state machine that knows which entries have failed, and has undone what it had
    /// begun, says so with <see cref="CommittedEntries.RollBack"/> instead: then what is applied and what is not is exact, and so are the answers.
    /// </summary>
    /// <param name="entries">Consecutive entries; valid only during the call, the bytes of an entry for ever.</param>
    void Apply(CommittedEntries entries);

    /// <summary>Answers a query from the state, without changing it (<see cref="RaftStream.QueryAsync"/>).</summary>
    /// <param name="query">What the client asks, in a form that the application chooses.</param>
    /// <returns>The answer; not copied, so it must not be changed afterwards.</returns>
    /// <exception cref="NotSupportedException">The default: this state machine answers no queries.</exception>
    ReadOnlyMemory<byte> Query(ReadOnlyMemory<byte> query) =>
        throw new NotSupportedException($"{GetType().Name} does not implement {nameof(Query)}.");

    /// <summary>
    /// A digest of the state, for status and for comparing members. Equal states must give equal values. Called now and then, so it should be cheap.
    /// </summary>
    ulong StateHash() => 0;

    /// <summary>
    /// True when <see cref="SaveSnapshotAsync"/> and <see cref="LoadSnapshotAsync"/> work. Without them the log is kept whole for ever and replayed at each start.
    /// </summary>
    bool SupportsSnapshots => false;

    /// <summary>
    /// Writes the whole state. What runs before the first <c>await</c> runs in turn with <see cref="Apply"/> and is the place to take a copy (or an immutable view) of the state; the
    /// rest runs beside later calls of <see cref="Apply"/> and must not look at what those change. What is written synchronously stays in memory until the next asynchronous write.
    /// </summary>
    /// <param name="destination">Where to write; not to be used when the task has ended.</param>
    /// <param name="cancellationToken">The stream stops: give up.</param>
    /// <exception cref="NotSupportedException">The default.</exception>
    Task SaveSnapshotAsync(Stream destination, CancellationToken cancellationToken) =>
        throw new NotSupportedException($"{GetType().Name} does not implement {nameof(SaveSnapshotAsync)}.");

    /// <summary>
    /// Replaces the whole state by what <see cref="SaveSnapshotAsync"/> of this or another member wrote. Nothing else is called before the task has ended. An exception puts the state
    /// machine into its error state.
    /// </summary>
    /// <param name="source">Where to read.</param>
    /// <param name="cancellationToken">The stream stops: give up.</param>
    /// <exception cref="NotSupportedException">The default.</exception>
    Task LoadSnapshotAsync(Stream source, CancellationToken cancellationToken) =>
        throw new NotSupportedException($"{GetType().Name} does not implement {nameof(LoadSnapshotAsync)}.");

    /// <summary>
    /// This member leads, and the first entry of its term is applied: everything that earlier terms committed is in the state.
    /// </summary>
    /// <param name="term">The term that it leads.</param>
    void OnLeaderStart(Term term)
    {
    }

    /// <summary>This member no longer leads. Called once for each <see cref="OnLeaderStart"/>.</summary>
    /// <param name="term">The term that it led.</param>
    /// <param name="reason">Why, in words.</param>
    void OnLeaderStop(Term term, string reason)
    {
    }

    /// <summary>This member follows a leader.</summary>
    /// <param name="leader">The leader.</param>
    /// <param name="term">Its term.</param>
    void OnStartFollowing(NodeId leader, Term term)
    {
    }

    /// <summary>This member no longer follows that leader. Called once for each <see cref="OnStartFollowing"/>.</summary>
    /// <param name="leader">The leader that it followed.</param>
    /// <param name="term">Its term.</param>
    /// <param name="reason">Why, in words.</param>
    void OnStopFollowing(NodeId leader, Term term, string reason)
    {
    }

    /// <summary>A membership is committed.</summary>
    /// <param name="membership">Who belongs to the stream now.</param>
    /// <param name="index">The entry that says so.</param>
    void OnMembershipCommitted(StreamMembership membership, LogIndex index)
    {
    }

    /// <summary>The state machine is in its error state; called once, and nothing is applied after it.</summary>
    /// <param name="error">What <see cref="Apply"/> or another call threw, or gave to <see cref="CommittedEntries.RollBack"/>.</param>
    void OnError(Exception error)
    {
    }

    /// <summary>The stream stops here; the last call. A snapshot that is being saved is not waited for: its token is cancelled before.</summary>
    void OnShutdown()
    {
    }
}
