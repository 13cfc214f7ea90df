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
}
