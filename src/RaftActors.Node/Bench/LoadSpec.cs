namespace RaftActors.Node.Bench;

/// <summary>What a node does to itself: so many clients, each with one operation under way.</summary>
/// <param name="Clients">Clients, spread over the streams that the node leads.</param>
/// <param name="Seconds">How long.</param>
/// <param name="Bytes">Size of an entry.</param>
/// <param name="MaxOps">Operations at the most; 0: no bound.</param>
/// <param name="ReadPercent">Linearizable reads among a hundred operations.</param>
/// <param name="ContinueInline">A client goes on where its write was applied.</param>
internal sealed record LoadSpec(int Clients, double Seconds, int Bytes, long MaxOps, int ReadPercent = 0, bool ContinueInline = false)
{
    public const int MaxClients = 100_000;
    public const int MaxSeconds = 86_400;

    /// <summary>Above every entry size a stream takes; each client holds as much in memory.</summary>
    public const int MaxBytes = 1 << 30;

    /// <summary>Null, or what is wrong with it.</summary>
    public string? WhyImpossible() => this switch
    {
        { Clients: < 1 or > MaxClients } => $"clients must be from 1 to {MaxClients}",
        { Seconds: not (> 0 and <= MaxSeconds) } => $"seconds must be above 0 and at most {MaxSeconds}",
        { Bytes: < 0 or > MaxBytes } => $"bytes must be from 0 to {MaxBytes}",
        { MaxOps: < 0 } => "maxops must not be negative",
        { ReadPercent: < 0 or > 100 } => "reads must be from 0 to 100 percent",
        _ => null,
    };
}

/// <summary>What came of it.</summary>
internal sealed record LoadResult(long Ops, double Seconds, LatencyHistogram Latency, long Errors)
{
    public string ToJson() => string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"{{\"ops\":{Ops},\"secs\":{Seconds:F3},\"p50_ms\":{Latency.Percentile(0.5):F4},\"p99_ms\":{Latency.Percentile(0.99):F4},\"errors\":{Errors}}}");
}
