namespace RaftActors.Node.Bench;

/// <summary>What a <see cref="QuorumProbe"/> has measured.</summary>
/// <param name="Rounds">How long each round took.</param>
/// <param name="Seconds">How long all of them took.</param>
/// <param name="PastTheCache">False where the file system offers only writes through the system's cache.</param>
internal sealed record QuorumProbeResult(LatencyHistogram Rounds, double Seconds, bool PastTheCache);
