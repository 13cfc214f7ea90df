using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>Every write and every read is answered; a read within two election timeouts, whatever happens.</summary>
internal sealed class EveryClientIsAnswered : IClusterInvariant
{
    private static readonly TimeSpan Patience = 2 * SimulationProfile.ElectionTimeoutMax;
    private int _oldest;

    public void OnStepped(SimulatedMember member)
    {
        CoreCluster cluster = member.Cluster;
        List<ClientRead> reads = cluster.Reads;
        while (_oldest < reads.Count && reads[_oldest].IsAnswered)
        {
            _oldest++;
        }

        if (_oldest < reads.Count && cluster.Time.Now - reads[_oldest].At > Patience)
        {
            throw new InvariantBrokenException($"read {reads[_oldest].Ticket} has waited since {reads[_oldest].At.TotalMilliseconds} ms");
        }
    }

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
