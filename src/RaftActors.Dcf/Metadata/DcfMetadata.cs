using System.Text;
using System.Text.Json;
using RaftActors.Protocol;

namespace RaftActors.Dcf;

/// <summary>
/// The cluster configuration as the first start of a node wrote it down: <c>DATA_PATH/NODE_ID/metadata/cluster.json</c>. Every later
/// start reads this file and ignores the configuration it is given, as DCF does.
/// </summary>
internal sealed class DcfMetadata
{
    private const int FormatVersion = 1;

    private DcfMetadata(string path, DcfClusterConfig cluster)
    {
        Path = path;
        Cluster = cluster;
    }

    public string Path { get; }

    public DcfClusterConfig Cluster { get; }

    public static string FileOf(string dataPath, NodeId node) =>
        System.IO.Path.Combine(dataPath, node.ToString(), "metadata", "cluster.json");

    /// <summary>What an earlier start wrote, or null when there was none.</summary>
    /// <exception cref="DcfConfigurationException">The file is damaged or belongs to another node.</exception>
    public static DcfMetadata? Load(string dataPath, NodeId node)
    {
        string path = FileOf(dataPath, node);
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DcfConfigurationException($"The metadata file {path} cannot be read: {e.Message}", e);
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes);
            JsonElement root = document.RootElement;
            int version = root.GetProperty("format").GetInt32();
            if (version != FormatVersion)
            {
                throw new DcfConfigurationException($"The metadata file {path} has format {version}; this version reads {FormatVersion}.");
            }

            uint owner = root.GetProperty("node_id").GetUInt32();
            if (owner != node.Value)
            {
                throw new DcfConfigurationException(
                    $"The data folder {System.IO.Path.Combine(dataPath, node.ToString())} belongs to node_id {owner}, not {node}. Give node {node} a data path of its own.");
            }

            string cluster = root.GetProperty("cluster").GetRawText();
            uint stored = root.GetProperty("crc32c").GetUInt32();
            if (Checksum(owner, cluster) != stored)
            {
                throw new DcfConfigurationException(
                    $"The metadata file {path} is damaged: its checksum does not fit. Restore it from a copy; deleting it makes the node take the configuration it is given as new.");
            }

            return new DcfMetadata(path, DcfClusterConfig.Parse(cluster));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new DcfConfigurationException(
                $"The metadata file {path} is damaged: {e.Message} Restore it from a copy; deleting it makes the node take the configuration it is given as new.", e);
        }
    }

    /// <summary>Writes the metadata of a first start; durable when it returns.</summary>
    /// <exception cref="DcfConfigurationException">The folder cannot be written.</exception>
    public static DcfMetadata Create(string dataPath, NodeId node, DcfClusterConfig cluster)
    {
        string path = FileOf(dataPath, node);
        string json = cluster.ToJson().TrimEnd();
        string text = $$"""
            {
            "format": {{FormatVersion}},
            "node_id": {{node}},
            "crc32c": {{Checksum(node.Value, json)}},
            "cluster": {{json}}
            }

            """;
        try
        {
            DurableFile.Write(path, Encoding.UTF8.GetBytes(text));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DcfConfigurationException($"The data path {dataPath} cannot be written: {e.Message}", e);
        }

        return new DcfMetadata(path, cluster);
    }

    private static uint Checksum(uint node, string cluster) =>
        Crc32C.Compute(Encoding.UTF8.GetBytes(cluster), Crc32C.Compute(BitConverter.GetBytes(node)));
}
