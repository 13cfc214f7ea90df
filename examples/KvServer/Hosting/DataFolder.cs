using System.Text.Json;

namespace KvServer.Hosting;

/// <summary>
/// A node's data folder: says whose it is, and belongs to one process at a time. A vote or a log in the hands of another node would
/// break what the cluster has promised, so a folder of somebody else is refused before anything is written into it.
/// </summary>
internal sealed class DataFolder : IDisposable
{
    private const int Format = 1;
    private const string IdentityFile = "identity.json";
    private const string LockFile = "node.lock";
    private const string HolderFile = "node.pid"; // A file of its own: the lock keeps others from reading the locked one.
    private const string JournalName = "journal.db";

    private readonly FileStream _lock;

    private DataFolder(string path, FileStream held)
    {
        Path = path;
        _lock = held;
    }

    public string Path { get; }

    public string SnapshotFolder => System.IO.Path.Combine(Path, "snapshots");

    public string JournalFile => System.IO.Path.Combine(Path, JournalName);

    /// <summary>Opens or creates the folder of a node.</summary>
    /// <exception cref="StartException">It is not usable, not this node's, or in use.</exception>
    public static DataFolder Open(string path, uint node, string cluster)
    {
        path = System.IO.Path.GetFullPath(path);
        FileStream? held = null;
        try
        {
            if (File.Exists(path))
            {
                throw Refused($"The data folder {path} is a file. Give --data a folder.");
            }

            bool known = CheckIdentity(path, node, cluster);
            Directory.CreateDirectory(path);
            held = Lock(path);
            if (!known)
            {
                if (File.Exists(System.IO.Path.Combine(path, JournalName)))
                {
                    throw Refused($"The data folder {path} holds a journal but does not say whose ({IdentityFile} is missing). Restore the file, or give --data another folder.");
                }

                WriteIdentity(path, node, cluster);
            }

            return new DataFolder(path, held);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            held?.Dispose();
            throw Refused($"The data folder {path} cannot be used: {e.Message} It must be a folder that this process can write to.", e);
        }
        catch
        {
            held?.Dispose();
            throw;
        }
    }

    public void Dispose() => _lock.Dispose();

    private static bool CheckIdentity(string path, uint node, string cluster)
    {
        string file = System.IO.Path.Combine(path, IdentityFile);
        byte[] text;
        try
        {
            text = File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }

        uint owner;
        string? ownersCluster;
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            JsonElement root = document.RootElement;
            int format = root.GetProperty("format").GetInt32();
            if (format != Format)
            {
                throw Refused($"{file} has format {format}; this program knows {Format}.");
            }

            owner = root.GetProperty("node_id").GetUInt32();
            ownersCluster = root.GetProperty("cluster").GetString();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw Refused($"{file} is damaged, so nobody can say whose data this is: {e.Message} Restore it from a copy.", e);
        }

        if (owner != node)
        {
            throw Refused($"The data folder {path} belongs to node {owner}, not to node {node}. Give every node a folder of its own.");
        }

        if (ownersCluster != cluster)
        {
            throw Refused($"The data folder {path} belongs to cluster '{ownersCluster}', not to '{cluster}' (kv-server.cluster-name).");
        }

        return true;
    }

    private static FileStream Lock(string path)
    {
        string file = System.IO.Path.Combine(path, LockFile);
        FileStream held;
        try
        {
            held = new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e is not (DirectoryNotFoundException or FileNotFoundException or PathTooLongException) && File.Exists(file))
        {
            throw Refused($"The data folder {path} is in use by another process{Holder(path)}. A node runs once.", e);
        }

        try
        {
            File.WriteAllText(System.IO.Path.Combine(path, HolderFile), $"{Environment.ProcessId}\n");
            return held;
        }
        catch
        {
            // The lock is ours, so what fails here is the disk and no other process: the caller says what it said.
            held.Dispose();
            throw;
        }
    }

    private static string Holder(string path)
    {
        try
        {
            string process = File.ReadAllText(System.IO.Path.Combine(path, HolderFile)).Trim();
            return process.Length == 0 ? "" : $" (process {process})";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static void WriteIdentity(string path, uint node, string cluster)
    {
        string file = System.IO.Path.Combine(path, IdentityFile);
        string temporary = file + ".tmp";
        string text = $"{{\"format\":{Format},\"node_id\":{node},\"cluster\":{JsonSerializer.Serialize(cluster)}}}\n";
        using (FileStream stream = new(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            stream.Write(System.Text.Encoding.UTF8.GetBytes(text));
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, file, overwrite: true);
    }

    private static StartException Refused(string message, Exception? inner = null) => new(ExitCode.Storage, message, inner);
}
