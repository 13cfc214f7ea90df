namespace RaftActors.Protocol;

/// <summary>What a leader knows about one peer, for status reports.</summary>
/// <param name="Id">The peer.</param>
/// <param name="State">How it is fed.</param>
/// <param name="Match">The last index that it is known to have on disk as the leader has it.</param>
/// <param name="Next">The next index to send.</param>
/// <param name="InFlight">Append messages without an answer.</param>
/// <param name="InFlightBytes">The same in bytes of entries.</param>
/// <param name="LastHeard">When the peer last answered, on the clock of <see cref="RaftCore.Step"/>.</param>
/// <param name="Applied">What its state machine has applied, as far as it has said.</param>
/// <param name="IsBusy">It has more to apply than it may, and gets no entries until it says otherwise.</param>
/// <param name="IsPaused">An operator has stopped its replication for a while.</param>
/// <param name="IsWaitedFor">With <see cref="RaftOptions.FullConsensus"/>: nothing is committed that it does not have, while it answers and if it is a voter.</param>
public readonly record struct PeerStatus(
    NodeId Id,
    PeerState State,
    LogIndex Match,
    LogIndex Next,
    int InFlight,
    long InFlightBytes,
    TimeSpan LastHeard,
    LogIndex Applied = default,
    bool IsBusy = false,
    bool IsPaused = false,
    bool IsWaitedFor = false);
