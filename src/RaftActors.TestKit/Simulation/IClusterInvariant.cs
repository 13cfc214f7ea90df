using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>
/// Something that must hold in every run. One class for each, told about everything that members do; throws
/// <see cref="InvariantBrokenException"/> when it does not hold. The name is printed with the seed.
/// </summary>
public interface IClusterInvariant
{
    /// <summary>A member returned an effect, which is about to be carried out.</summary>
    void OnEffect(SimulatedMember member, Effect effect)
    {
    }

    /// <summary>A member has taken an input; all of its effects are carried out.</summary>
    void OnStepped(SimulatedMember member)
    {
    }

    /// <summary>A client was told that its entry is committed.</summary>
    void OnAcknowledged(SimulatedMember member, ClientWrite write)
    {
    }

    /// <summary>A member has decided about an entry that has to do with a client session, and applies it accordingly.</summary>
    void OnSession(SimulatedMember member, LogEntry entry, SessionVerdict verdict)
    {
    }

    /// <summary>A recovery was forced on a member: its log is the stream's history from now on. What members of older generations do is not told any more.</summary>
    void OnRecovery(SimulatedMember survivor)
    {
    }

    /// <summary>A member of an older generation follows a recovery; what it has done meanwhile was not told.</summary>
    void OnFollowed(SimulatedMember member)
    {
    }

    /// <summary>The run has healed and come to rest.</summary>
    void OnEnd(CoreCluster cluster)
    {
    }
}
