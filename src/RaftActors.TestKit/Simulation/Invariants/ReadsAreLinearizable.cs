using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>A read sees everything that was committed anywhere before it was asked for (thesis section 6.4).</summary>
public sealed class ReadsAreLinearizable : IClusterInvariant
{
    private readonly Dictionary<long, ClientRead> _reads = [];
    private int _known;
    private long _firstOfGeneration;

    /// <inheritdoc/>
    public void OnRecovery(SimulatedMember survivor) => _firstOfGeneration = survivor.Cluster.Reads.Count == 0 ? 0 : survivor.Cluster.Reads[^1].Ticket + 1;

    /// <inheritdoc/>
    public void OnEffect(SimulatedMember member, Effect effect)
    {
        if (effect is not Effect.ReadReady ready)
        {
            return;
        }

        List<ClientRead> reads = member.Cluster.Reads;
        for (; _known < reads.Count; _known++)
        {
            _reads.Add(reads[_known].Ticket, reads[_known]);
        }

        ClientRead read = _reads[ready.Ticket];
        if (ready.Index < read.MustSee && read.Ticket >= _firstOfGeneration)
        {
            throw new InvariantBrokenException($"read {ready.Ticket} at member {member.Id} may read at {ready.Index}; index {read.MustSee} was committed before it was asked");
        }

        // The history learns of a commit at the end of the step.
        if (ready.Index > LogIndex.Max(member.Cluster.History.HighestIndex, member.Core!.CommitIndex))
        {
            throw new InvariantBrokenException($"read {ready.Ticket} at member {member.Id} is to wait for {ready.Index}, which nobody has committed");
        }
    }
}
