using RaftActors.Journal.Snapshots;
using RaftActors.Journal.Storage;

namespace RaftActors.Journal.Tests;

/// <summary>A snapshot file of version 1. Whatever comes later must read it: these bytes never change.</summary>
public sealed class FrozenSnapshotSpec : IDisposable
{
    private const string Frozen = "52414654534E5031010000000000000007000000000000000000B3A69EA1DA08030000000000000067120000010000000200000000000000615331CC106389616263B73F4B36CC1063895241465453454E44";
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_file_of_version_1_must_be_written_and_read_as_it_was_frozen()
    {
        string path = Path.Combine(_folder.Path, "snapshot");
        SnapshotHeader header = new("a", 7, 638000000000000000, 4711, "S1", 3);
        using (IStorageFile file = FileSystem.Instance.Open(path, StorageMode.CreateNew))
        {
            SnapshotFile.Write(file, header, "abc"u8);
        }

        Assert.Equal(Frozen, Convert.ToHexString(await File.ReadAllBytesAsync(path)));
        using IStorageFile read = FileSystem.Instance.Open(path, StorageMode.Read);
        (SnapshotHeader Header, byte[] Payload) back = SnapshotFile.Read(read, path);
        Assert.Equal(header, back.Header);
        Assert.Equal("abc"u8.ToArray(), back.Payload);
    }
}
