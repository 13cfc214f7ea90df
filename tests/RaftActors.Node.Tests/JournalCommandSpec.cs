using System.Text.Json;
using RaftActors.Tests.Shared;
using Xunit;

namespace RaftActors.Node.Tests;

/// <summary><c>raftactors journal</c> from outside.</summary>
public sealed class JournalCommandSpec : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_damaged_log_is_told_and_a_repair_asks_for_consent()
    {
        (int code, string output, _) = await Run.ToEndAsync("journal", "verify", _folder.Path);
        Assert.Equal(0, code);
        Assert.Contains("\"Segments\":0", output, StringComparison.Ordinal);

        File.WriteAllBytes(_folder.File("0000000000000001.wal"), new byte[100_000]);
        (code, _, string errors) = await Run.ToEndAsync("journal", "verify", _folder.Path);
        Assert.Equal(ExitCode.Storage, code);
        Assert.Contains("0000000000000001.wal, offset 0", errors, StringComparison.Ordinal);

        (code, _, _) = await Run.ToEndAsync("journal", "repair", _folder.Path);
        Assert.Equal(ExitCode.Usage, code);
        (code, _, _) = await Run.ToEndAsync("journal", "repair", _folder.Path, "--accept-loss");
        Assert.Equal(0, code);
        (code, _, _) = await Run.ToEndAsync("journal", "verify", _folder.Path);
        Assert.Equal(0, code);
    }

    [Fact]
    public async Task The_disk_is_measured_and_nothing_is_left_on_it()
    {
        (int code, string output, _) = await Run.ToEndAsync("journal", "probe", _folder.Path, "--writers", "2", "--bytes", "5000", "--seconds", "0.2");

        Assert.Equal(ExitCode.Ok, code);
        JsonElement result = JsonDocument.Parse(output).RootElement;
        Assert.Equal((2, 8192), (result.GetProperty("Writers").GetInt32(), result.GetProperty("Bytes").GetInt32()));
        Assert.True(result.GetProperty("SyncsPerSecond").GetDouble() > 0);
        Assert.InRange(result.GetProperty("P50Ms").GetDouble(), double.Epsilon, result.GetProperty("P99Ms").GetDouble());
        Assert.InRange(result.GetProperty("P99Ms").GetDouble(), double.Epsilon, result.GetProperty("MaxMs").GetDouble());
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task A_folder_that_is_not_there_cannot_be_measured()
    {
        string missing = _folder.File("missing");
        (int code, _, string errors) = await Run.ToEndAsync("journal", "probe", missing);

        Assert.Equal(ExitCode.Storage, code);
        Assert.Contains(missing, errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(missing));
        (code, _, errors) = await Run.ToEndAsync("journal", "probe", _folder.Path, "--writers", "0");
        Assert.Equal(ExitCode.Usage, code);
        Assert.Contains("--writers", errors, StringComparison.Ordinal);
    }
}
