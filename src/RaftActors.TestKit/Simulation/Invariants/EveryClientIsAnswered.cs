using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>
/// Every write and every read is answered; a read within two election timeouts by the clock of the member that was asked, whatever
/// happens. A process that stands still answers when it goes on.
/// </summary>
public sealed class EveryClientIsAnswered : IClusterInvariant
{
    private TimeSpan? _patience;
    private int _oldest;

    /// <inheritdoc/>
    public void OnStepped(SimulatedMember member)
    {
        CoreCluster cluster = member.Cluster;
        List<ClientRead> reads = cluster.Reads;
        while (_oldest < reads.Count && reads[_oldest].IsAnswered)
        {
            _oldest++;
        }

        _patience ??= 2 * SimulationProfile.ElectionTimeoutMax / (1 - cluster.Profile.Drift);
        if (_oldest < reads.Count && reads[_oldest].Waited > _patience)
        {
            throw new InvariantBrokenException($"read {reads[_oldest].Ticket} has waited since {reads[_oldest].At.TotalMilliseconds} ms");
        }
    }

    /// <inheritdoc/>
    public void OnEnd(CoreCluster cluster)
    {
        foreach (SimulatedMember member in cluster.Members)
        {
            if (member.Waiting > 0)
            {
                throw new InvariantBrokenException($"{member.Waiting} clients of member {member.Id} still wait");
            }
        }
    }
}
