using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using RaftActors.Journal;

namespace RaftActors.Node.Commands;

/// <summary><c>raftactors journal dump|verify|repair DIR</c>: looks into the write-ahead log of a node that is not running.</summary>
internal static class JournalCommand
{
    public static Command Create()
    {
        Argument<string> dumped = Directory();
        Command dump = new("dump", "Print every record, one JSON object per line.") { dumped };
        dump.SetAction((parsed, _) => RunAsync(() => DumpAsync(parsed.GetValue(dumped)!)));

        Argument<string> verified = Directory();
        Command verify = new("verify", "Read everything and check every checksum; exit code 5 when the log is damaged.") { verified };
        verify.SetAction((parsed, _) => RunAsync(() => VerifyAsync(parsed.GetValue(verified)!)));

        Argument<string> repaired = Directory();
        Option<bool> acceptLoss = new("--accept-loss") { Description = "Acknowledged events behind the damage may be lost." };
        Command repair = new("repair", "End a damaged log before the damage; what stood behind is kept in a folder beside.") { repaired, acceptLoss };
        repair.SetAction((parsed, _) => RunAsync(() => RepairAsync(parsed.GetValue(repaired)!, parsed.GetValue(acceptLoss))));

        Argument<string> probed = new("directory") { Description = "A folder on the disk in question." };
        Option<int> writers = new("--writers") { Description = "How many write at the same time, as nodes on one disk do.", DefaultValueFactory = _ => 1 };
        Option<int> bytes = new("--bytes") { Description = "The size of each write; rounded up to blocks of 4096.", DefaultValueFactory = _ => DiskProbe.BlockSize };
        Option<double> seconds = new("--seconds") { Description = "How long to measure.", DefaultValueFactory = _ => 5 };
        writers.Validators.Add(r => OptionRules.Require(r, r.GetValueOrDefault<int>() is > 0 and <= DiskProbe.MaxWriters, $"--writers must be from 1 to {DiskProbe.MaxWriters}."));
        bytes.Validators.Add(r => OptionRules.Require(r, r.GetValueOrDefault<int>() is > 0 and <= DiskProbe.MaxBytes, $"--bytes must be from 1 to {DiskProbe.MaxBytes}."));
        seconds.Validators.Add(r => OptionRules.Require(r, r.GetValueOrDefault<double>() is > 0 and <= 3600, "--seconds must be above 0, up to 3600."));
        Command probe = new("probe", "Measure how long a write and its sync take in a folder: what no durable write of a stream can be faster than.") { probed, writers, bytes, seconds };
        probe.SetAction((parsed, cancellation) => RunAsync(() => ProbeAsync(parsed.GetValue(probed)!, parsed.GetValue(writers), parsed.GetValue(bytes), parsed.GetValue(seconds), cancellation)));

        return new Command("journal", "Look into, check or repair the write-ahead log of a node that is not running; measure its disk.") { dump, verify, repair, probe };
    }

    private static Argument<string> Directory() => new("directory") { Description = "raft-actors.journal.wal.directory of the node." };

    private static async Task<int> RunAsync(Func<Task<int>> command)
    {
        try
        {
            // The files are read by blocking calls.
            return await Task.Run(command).ConfigureAwait(false);
        }
        catch (Exception e) when (e is JournalException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"raftactors: {e.Message}").ConfigureAwait(false);
            return ExitCode.Storage;
        }
    }

    private static async Task<int> DumpAsync(string directory)
    {
        // No flush per line: a log has millions.
        StreamWriter output = new(Console.OpenStandardOutput(), bufferSize: 64 * 1024);
        await using (output.ConfigureAwait(false))
        {
            JournalTool.Dump(directory, record => output.WriteLine(JsonSerializer.Serialize(record)));
        }

        return ExitCode.Ok;
    }

    private static async Task<int> VerifyAsync(string directory)
    {
        await Console.Out.WriteLineAsync(JsonSerializer.Serialize(JournalTool.Verify(directory))).ConfigureAwait(false);
        return ExitCode.Ok;
    }

    private static async Task<int> ProbeAsync(string directory, int writers, int bytes, double seconds, CancellationToken cancellation)
    {
        DiskProbeResult result = await DiskProbe.RunAsync(directory, writers, bytes, TimeSpan.FromSeconds(seconds), cancellation).ConfigureAwait(false);
        await Console.Out.WriteLineAsync(JsonSerializer.Serialize(result)).ConfigureAwait(false);
        return ExitCode.Ok;
    }

    private static async Task<int> RepairAsync(string directory, bool acceptLoss)
    {
        if (!acceptLoss)
        {
            await Console.Error.WriteLineAsync(
                "raftactors: a repair drops acknowledged events behind the damage. A node of a cluster had better be restored from a copy or join anew. " +
                "Say --accept-loss to go on; 'raftactors journal verify' says where the damage is.").ConfigureAwait(false);
            return ExitCode.Usage;
        }

        JournalRepair repair = JournalTool.Repair(directory);
        await Console.Out.WriteLineAsync(repair.Damage is null
            ? "The journal is not damaged; nothing was changed."
            : string.Create(
                CultureInfo.InvariantCulture,
                $"The journal ends before the damage now. {repair.LostRecords} intact records behind it are no longer part of it; the files as they were: {repair.MovedTo}"))
            .ConfigureAwait(false);
        return ExitCode.Ok;
    }
}
