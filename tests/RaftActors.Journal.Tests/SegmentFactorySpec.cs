using RaftActors.Journal.Storage;
using RaftActors.Journal.Wal;
using Xunit;

namespace RaftActors.Journal.Tests;

/// <summary>A process without threads or file descriptors to spare makes no segment ahead, and still closes its log.</summary>
public sealed class SegmentFactorySpec
{
    [Fact]
    public void A_thread_that_cannot_be_started_is_neither_an_error_nor_waited_for()
    {
        using TestFolder folder = new();
        int asked = 0;
        SegmentFactory factory = new(FileSystem.Instance, folder.Log, folder.Settings with { SpareSegments = 1 }, _ =>
        {
            asked++;
            throw new OutOfMemoryException("no thread");
        });

        factory.PrepareAhead();
        factory.Stop();

        Assert.Equal(1, asked);
    }
}
