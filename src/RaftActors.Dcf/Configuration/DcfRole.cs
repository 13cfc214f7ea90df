namespace RaftActors.Dcf;

/// <summary>The role that the cluster JSON gives a node in a stream (DCF: <c>role</c>).</summary>
public enum DcfRole
{
    /// <summary>A voter; DCF's hint for who leads at the very first start.</summary>
    Leader,

    /// <summary>A voter.</summary>
    Follower,

    /// <summary>Votes and stores the log, and serves nobody; leads at most as a caretaker. Unlike DCF's, its state machine is kept up too.</summary>
    Logger,

    /// <summary>Receives and applies the log, has no vote.</summary>
    Passive,
}
