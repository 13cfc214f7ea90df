using System.Globalization;
using System.Text;

namespace Demo;

/// <summary>
/// What former runs were told is written: one file per run with a line for each acknowledged write. This is the demo's own memory,
/// apart from the cluster's, so that the cluster can be held to it.
/// </summary>
internal sealed class Ledger(string folder)
{
    /// <summary>The number of this run, from 1.</summary>
    public int Run { get; } = 1 + (Directory.Exists(folder) ? Directory.GetFiles(folder, "run-*.tsv").Length : 0);

    /// <summary>The key of a line in this run.</summary>
    public string KeyOf(InputLine line) => Run == 1 ? line.Place : $"run{Run}/{line.Place}";

    /// <summary>What the former runs wrote: key and digest of the value.</summary>
    public List<(string Key, ulong Digest)> Former()
    {
        List<(string, ulong)> writes = [];
        for (int run = 1; run < Run; run++)
        {
            foreach (string line in File.ReadLines(FileOf(run)))
            {
                string[] parts = line.Split('\t');
                writes.Add((parts[0], ulong.Parse(parts[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture)));
            }
        }

        return writes;
    }

    /// <summary>Keeps what this run was told is written.</summary>
    public void Save(IEnumerable<(string Key, byte[] Value)> acknowledged)
    {
        Directory.CreateDirectory(folder);
        string temporary = FileOf(Run) + ".tmp";
        File.WriteAllLines(temporary, acknowledged.Select(w => $"{w.Key}\t{Digest(w.Value):x16}"), new UTF8Encoding(false));
        File.Move(temporary, FileOf(Run), overwrite: true);
    }

    /// <summary>FNV-1a, 64 bits.</summary>
    public static ulong Digest(ReadOnlySpan<byte> bytes)
    {
        ulong hash = 14695981039346656037;
        foreach (byte b in bytes)
        {
            hash = (hash ^ b) * 1099511628211;
        }

        return hash;
    }

    private string FileOf(int run) => Path.Combine(folder, $"run-{run:0000}.tsv");
}
