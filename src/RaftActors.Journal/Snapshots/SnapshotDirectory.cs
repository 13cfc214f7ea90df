using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using RaftActors.Journal.Storage;

namespace RaftActors.Journal.Snapshots;

/// <summary>One snapshot file, as its name tells.</summary>
internal readonly record struct SnapshotEntry(string Path, long SequenceNr, long Ticks);

/// <summary>
/// The files: one folder per persistence id, one file per snapshot, named by number and time. A file gets its name when its content is
/// durable, so a crash leaves the previous snapshots and at most a temporary file.
/// </summary>
internal sealed class SnapshotDirectory(IFileSystem files, string root, bool fsync)
{
    private const string Extension = ".snap";
    private const string TemporaryExtension = ".tmp";

    public void Save(SnapshotHeader header, ReadOnlySpan<byte> payload)
    {
        files.CreateDirectory(root);
        string folder = Folder(header.PersistenceId);
        files.CreateDirectory(folder);
        string path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{header.SequenceNr:d20}-{header.Ticks:d20}{Extension}"));
        string temporary = path + "." + Guid.NewGuid().ToString("N") + TemporaryExtension;
        try
        {
            using (IStorageFile file = files.Open(temporary, StorageMode.CreateNew))
            {
                SnapshotFile.Write(file, header, payload);
                if (fsync)
                {
                    file.Sync(metadata: true);
                }
            }

            files.Rename(temporary, path);
        }
        catch
        {
            TryDelete(temporary);
            throw;
        }

        if (fsync)
        {
            files.SyncDirectory(folder);
        }
    }

    /// <summary>The snapshots of the persistence id, newest first.</summary>
    public List<SnapshotEntry> Find(string persistenceId)
    {
        string folder = Folder(persistenceId);
        if (!Directory.Exists(folder))
        {
            return [];
        }

        List<SnapshotEntry> found = [];
        foreach (string path in files.List(folder))
        {
            if (Parse(path) is { } entry)
            {
                found.Add(entry);
            }
        }

        found.Sort((a, b) => (b.SequenceNr, b.Ticks).CompareTo((a.SequenceNr, a.Ticks)));
        return found;
    }

    public (SnapshotHeader Header, byte[] Payload) Load(string persistenceId, SnapshotEntry entry)
    {
        using IStorageFile file = files.Open(entry.Path, StorageMode.Read);
        (SnapshotHeader header, byte[] payload) = SnapshotFile.Read(file, entry.Path);
        return string.Equals(header.PersistenceId, persistenceId, StringComparison.Ordinal) && header.SequenceNr == entry.SequenceNr && header.Ticks == entry.Ticks
            ? (header, payload)
            : throw new JournalException($"The snapshot {entry.Path} is of [{header.PersistenceId}], event {header.SequenceNr}: somebody renamed it.");
    }

    public void Delete(string persistenceId, Func<SnapshotEntry, bool> which)
    {
        bool deleted = false;
        foreach (SnapshotEntry entry in Find(persistenceId).Where(which))
        {
            files.Delete(entry.Path);
            deleted = true;
        }

        if (deleted && fsync)
        {
            files.SyncDirectory(Folder(persistenceId));
        }
    }

    /// <summary>Removes what crashes left half written.</summary>
    public void Sweep()
    {
        if (!Directory.Exists(root))
        {
            return;
        }

        foreach (string folder in Directory.GetDirectories(root))
        {
            foreach (string path in files.List(folder).Where(p => p.EndsWith(TemporaryExtension, StringComparison.Ordinal)))
            {
                TryDelete(path);
            }
        }
    }

    // Readable where the id allows, and different for different ids in any case.
    private string Folder(string persistenceId)
    {
        StringBuilder readable = new();
        foreach (char c in persistenceId.AsSpan(0, Math.Min(60, persistenceId.Length)))
        {
            readable.Append(char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? c : '_');
        }

        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(persistenceId)).AsSpan(0, 12));
        return Path.Combine(root, $"{readable}-{hash}");
    }

    private static SnapshotEntry? Parse(string path)
    {
        string name = Path.GetFileName(path);
        int dash = name.IndexOf('-', StringComparison.Ordinal);
        return name.EndsWith(Extension, StringComparison.Ordinal) && dash > 0
            && long.TryParse(name.AsSpan(0, dash), NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            && long.TryParse(name.AsSpan(dash + 1, name.Length - dash - 1 - Extension.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long ticks)
            && ticks <= DateTime.MaxValue.Ticks
                ? new SnapshotEntry(path, number, ticks)
                : null;
    }

    private void TryDelete(string path)
    {
        try
        {
            files.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Sweep tries again at the next start.
        }
    }
}
