using System.Globalization;

namespace RaftActors.Node.Bench;

/// <summary>What a node's process has used so far.</summary>
internal sealed record UsageSample(double CpuSeconds, long MemoryBytes, long AllocatedBytes, int Gen0, int Gen2, double PausedMs, double TimerLagMs)
{
    public string ToLine() => string.Create(
        CultureInfo.InvariantCulture, $"{CpuSeconds:F3} {MemoryBytes} {AllocatedBytes} {Gen0} {Gen2} {PausedMs:F1} {TimerLagMs:F2}");

    public static UsageSample Parse(string line)
    {
        string[] words = line.Split(' ');
        return words.Length == 7
            ? new UsageSample(
                double.Parse(words[0], CultureInfo.InvariantCulture),
                long.Parse(words[1], CultureInfo.InvariantCulture),
                long.Parse(words[2], CultureInfo.InvariantCulture),
                int.Parse(words[3], CultureInfo.InvariantCulture),
                int.Parse(words[4], CultureInfo.InvariantCulture),
                double.Parse(words[5], CultureInfo.InvariantCulture),
                double.Parse(words[6], CultureInfo.InvariantCulture))
            : throw new FormatException($"A node answered '{line}' when asked for its usage.");
    }
}
