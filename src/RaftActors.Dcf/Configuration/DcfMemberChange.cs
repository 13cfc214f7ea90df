using System.Text.Json;
using RaftActors.Protocol;

namespace RaftActors.Dcf;

/// <summary>What <c>dcf_change_member</c> takes: a node of a stream, and what shall become of it.</summary>
internal sealed record DcfMemberChange(StreamId Stream, NodeId Node, DcfRole? Role, int? Group, int? Priority)
{
    private const string Where = "The change";

    public static DcfMemberChange Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            JsonElement element = document.RootElement;
            if (element.ValueKind == JsonValueKind.Array && element.GetArrayLength() == 1)
            {
                element = element[0];
            }

            return element.ValueKind == JsonValueKind.Object
                ? Read(element)
                : throw new DcfConfigurationException($"{Where} must be one object with stream_id and node_id, and group, priority, role.");
        }
        catch (JsonException e)
        {
            throw new DcfConfigurationException($"{Where} is malformed JSON: {e.Message}", e);
        }
    }

    private static DcfMemberChange Read(JsonElement element)
    {
        uint? stream = null;
        uint? node = null;
        DcfRole? role = null;
        int? group = null;
        int? priority = null;
        foreach (JsonProperty property in element.EnumerateObject())
        {
            switch (property.Name)
            {
                case "stream_id":
                    stream = Number(property, 0, uint.MaxValue);
                    break;
                case "node_id":
                    node = Number(property, 1, uint.MaxValue);
                    break;
                case "group":
                    group = (int)Number(property, 0, int.MaxValue);
                    break;
                case "priority":
                    priority = (int)Number(property, 0, int.MaxValue);
                    break;
                case "role" when property.Value.ValueKind == JsonValueKind.String:
                    role = DcfJson.ParseRole(property.Value.GetString()!, Where);
                    break;
                default:
                    throw new DcfConfigurationException($"{Where} has an unknown key or value \"{property.Name}\". Allowed: stream_id, node_id, group, priority, role.");
            }
        }

        return stream is { } s && node is { } n
            ? new DcfMemberChange(new StreamId(s), new NodeId(n), role, group, priority)
            : throw new DcfConfigurationException($"{Where} lacks stream_id or node_id.");
    }

    private static uint Number(JsonProperty property, long min, long max) =>
        property.Value.ValueKind == JsonValueKind.Number && property.Value.TryGetInt64(out long value)
            ? DcfJson.CheckNumber(value, min, max, property.Name, Where)
            : throw new DcfConfigurationException($"{Where}: {property.Name} must be a whole number from {min} to {max}.");
}
