using System.Globalization;

namespace RaftActors.Journal.Tests;

/// <summary>A cluster whose nodes keep their log in this journal, stopped and started again.</summary>
public sealed class RaftClusterSpec : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Committed_entries_must_survive_a_restart_of_all_nodes()
    {
        await using ThreeNodes cluster = new(node => Plugins.Config(Path.Combine(_folder.Path, node.ToString(CultureInfo.InvariantCulture))));
        ulong written = await cluster.WriteAndStopAsync(200);
        Assert.NotEqual(0ul, written);
        Assert.Equal(written, await cluster.StartAndHashAsync());
    }
}
