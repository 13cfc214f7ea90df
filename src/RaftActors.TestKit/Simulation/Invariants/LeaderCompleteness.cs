using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>
/// "If a log entry is committed in a given term, then that entry will be present in the logs of the leaders for all
/// higher-numbered terms" (Raft paper, figure 3).
/// </summary>
public sealed class LeaderCompleteness(CommittedHistory history) : IClusterInvariant
{
    /// <inheritdoc/>
    public void OnEffect(SimulatedMember member, Effect effect)
    {
        if (effect is not Effect.RoleChanged { Role: Role.Leader })
        {
            return;
        }

        for (LogIndex index = LogIndex.Max(new LogIndex(1), member.Core!.LogBase.Index); index <= history.HighestIndex; index = index.Next)
        {
            // By the term in which it was committed, not its own: a candidate may win a term that others have left already.
            if (history.CommittedIn(index) <= member.Core!.Term && member.Core.TermAt(index) != history.TermAt(index))
            {
                throw new InvariantBrokenException($"leader completeness: leader {member.Id} of term {member.Core.Term} lacks committed entry {history.TermAt(index)}:{index}");
            }
        }
    }
}
