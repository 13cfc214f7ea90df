using System.Globalization;

namespace RaftActors.Node.Bench;

/// <summary>How one start of a node went; times in ms since the stream was started.</summary>
/// <param name="ReplayedMs">The journal is replayed and the member takes part.</param>
/// <param name="FirstAppliedMs">It has heard what is committed, and applies it.</param>
/// <param name="AppliedMs">Everything is applied.</param>
/// <param name="Entries">How many entries were applied.</param>
/// <param name="PeakMemoryBytes">The largest resident memory of the process so far; 0 where the system does not tell.</param>
internal sealed record RecoverySample(double ReplayedMs, double FirstAppliedMs, double AppliedMs, long Entries, long PeakMemoryBytes)
{
    private const string PeakKey = "VmHWM:";

    public string ToLine() => string.Create(CultureInfo.InvariantCulture, $"{ReplayedMs:F1} {FirstAppliedMs:F1} {AppliedMs:F1} {Entries} {PeakMemoryBytes}");

    public static RecoverySample Parse(string line)
    {
        string[] words = line.Split(' ');
        return words.Length == 5 && words[0] != "error:"
            ? new RecoverySample(
                double.Parse(words[0], CultureInfo.InvariantCulture),
                double.Parse(words[1], CultureInfo.InvariantCulture),
                double.Parse(words[2], CultureInfo.InvariantCulture),
                long.Parse(words[3], CultureInfo.InvariantCulture),
                long.Parse(words[4], CultureInfo.InvariantCulture))
            : throw new FormatException($"A node answered '{line}' when asked how its recovery went.");
    }

    public static long PeakMemory()
    {
        try
        {
            string? line = File.ReadLines("/proc/self/status").FirstOrDefault(l => l.StartsWith(PeakKey, StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line[PeakKey.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) * 1024;
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
