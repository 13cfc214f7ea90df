using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using RaftActors.Protocol;

namespace RaftActors.Dcf;

/// <summary>The JSON form of the cluster configuration.</summary>
internal static class DcfJson
{
    private const string Shape = "an object with stream_id, node_id, ip, port and role, and group and priority where they matter";

    public static ImmutableArray<DcfStreamNode> Read(string text)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(text.TrimStart('\uFEFF'), new JsonDocumentOptions { MaxDepth = 8 });
        }
        catch (JsonException e)
        {
            throw new DcfConfigurationException(
                $"The cluster JSON is malformed at line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}: {FirstSentence(e.Message)}", e);
        }

        using (document)
        {
            if (document.RootElement.ValueKind != JsonValueKind.Array)
            {
                throw new DcfConfigurationException($"The cluster JSON is {Name(document.RootElement.ValueKind)}; it must be an array, each element {Shape}.");
            }

            ImmutableArray<DcfStreamNode>.Builder nodes = ImmutableArray.CreateBuilder<DcfStreamNode>();
            foreach (JsonElement element in document.RootElement.EnumerateArray())
            {
                nodes.Add(ReadNode(element, nodes.Count));
            }

            return nodes.ToImmutable();
        }
    }

    public static string Write(IEnumerable<DcfStreamNode> nodes)
    {
        StringBuilder text = new("[\n");
        string separator = "";
        foreach (DcfStreamNode node in nodes)
        {
            text.Append(separator).Append(CultureInfo.InvariantCulture,
                $"  {{ \"stream_id\": {node.Stream}, \"node_id\": {node.Node}, \"ip\": {JsonSerializer.Serialize(node.Ip)}, \"port\": {node.Port}, \"role\": \"{RoleName(node.Role)}\"{Optional("group", node.Group)}{Optional("priority", node.Priority)} }}");
            separator = ",\n";
        }

        return text.Append("\n]\n").ToString();
    }

    private static string Optional(string key, int value) => value == 0 ? string.Empty : string.Create(CultureInfo.InvariantCulture, $", \"{key}\": {value}");

    public static string RoleName(DcfRole role) => role.ToString().ToUpperInvariant();

    public static DcfRole ParseRole(string value, string where) => value.ToUpperInvariant() switch
    {
        "LEADER" => DcfRole.Leader,
        "FOLLOWER" => DcfRole.Follower,
        "LOGGER" => DcfRole.Logger,
        "PASSIVE" => DcfRole.Passive,
        _ => throw new DcfConfigurationException($"{where}: role is \"{value}\". Allowed: LEADER, FOLLOWER, LOGGER, PASSIVE."),
    };

    public static string CheckIp(string value, string where)
    {
        // Names are allowed too: a database's configuration often has them. What no resolver could take is refused here.
        if (Uri.CheckHostName(value) == UriHostNameType.Unknown)
        {
            throw new DcfConfigurationException($"{where}: ip is \"{value}\". Allowed: an IPv4 or IPv6 address, or a host name.");
        }

        return value;
    }

    public static uint CheckNumber(long value, long min, long max, string key, string where)
    {
        if (value < min || value > max)
        {
            throw new DcfConfigurationException($"{where}: {key} is {value}. Allowed: {min} to {max}.");
        }

        return (uint)value;
    }

    private static DcfStreamNode ReadNode(JsonElement element, int at)
    {
        string where = $"Element {at} of the cluster JSON";
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw new DcfConfigurationException($"{where} is {Name(element.ValueKind)}; it must be {Shape}.");
        }

        Dictionary<string, JsonElement> values = new(StringComparer.Ordinal);
        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (property.Name is not ("stream_id" or "node_id" or "ip" or "port" or "role" or "group" or "priority"))
            {
                throw new DcfConfigurationException($"{where} has an unknown key \"{property.Name}\". Allowed: stream_id, node_id, ip, port, role, group, priority.");
            }

            if (!values.TryAdd(property.Name, property.Value))
            {
                throw new DcfConfigurationException($"{where} has the key \"{property.Name}\" twice.");
            }
        }

        return new DcfStreamNode(
            new StreamId(Number("stream_id", 0, uint.MaxValue)),
            new NodeId(Number("node_id", 1, uint.MaxValue)),
            CheckIp(Text("ip"), where),
            (int)Number("port", 1, 65535),
            ParseRole(Text("role"), where))
        {
            Group = values.ContainsKey("group") ? (int)Number("group", 0, int.MaxValue) : 0,
            Priority = values.ContainsKey("priority") ? (int)Number("priority", 0, int.MaxValue) : 0,
        };

        JsonElement Value(string key, JsonValueKind kind)
        {
            if (!values.TryGetValue(key, out JsonElement value))
            {
                throw new DcfConfigurationException($"{where} lacks \"{key}\"; it must be {Shape}.");
            }

            return value.ValueKind == kind
                ? value
                : throw new DcfConfigurationException($"{where}: {key} is {Name(value.ValueKind)}; it must be {Name(kind)}.");
        }

        uint Number(string key, long min, long max)
        {
            JsonElement value = Value(key, JsonValueKind.Number);
            return value.TryGetInt64(out long number)
                ? CheckNumber(number, min, max, key, where)
                : throw new DcfConfigurationException($"{where}: {key} is {value.GetRawText()}. Allowed: whole numbers from {min} to {max}.");
        }

        string Text(string key) => Value(key, JsonValueKind.String).GetString()!;
    }

    private static string Name(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        _ => "null",
    };

    private static string FirstSentence(string message)
    {
        int end = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return end < 0 ? message : message[..end];
    }
}
