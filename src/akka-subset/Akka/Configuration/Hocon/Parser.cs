using RaftActors.AkkaSubset.HoconText;

namespace Akka.Configuration.Hocon;

public class Parser
{
    /// <summary>Parses a document and resolves its substitutions, from itself and then from the environment.</summary>
    /// <exception cref="FormatException">The text is not HOCON; the message names line and column.</exception>
    public static HoconRoot Parse(string text, Func<string, HoconRoot> includeCallback)
    {
        IncludeResolver include = includeCallback is null
            ? null
            : (_, name) => includeCallback(name) is { Value: { } value } ? ToNode(value) : null;
        return new HoconRoot(ToValue(HoconTextParser.Parse(text, include, commaNeedsSign: true)));
    }

    private static HoconValue ToValue(Node node)
    {
        switch (node)
        {
            case ObjectNode fields:
                var result = new HoconObject();
                foreach (var (key, field) in fields.Fields)
                    result.Items.Add(key, ToValue(field.Values[^1]));
                return HoconValue.Of(result);
            case ArrayNode items:
                var array = new HoconArray();
                array.AddRange(items.Items.Select(ToValue));
                return HoconValue.Of(array);
            default:
                return HoconValue.Of(new HoconLiteral { Value = ((LiteralNode)node).Value });
        }
    }

    private static Node ToNode(HoconValue value)
    {
        if (value.GetObject() is { } fields)
        {
            var result = new ObjectNode();
            foreach (var (key, item) in fields.Items)
                result.GetOrAdd(key).Values.Add(ToNode(item));
            return result;
        }

        if (value.IsArray())
        {
            var array = new ArrayNode();
            array.Items.AddRange(value.GetArray().Select(ToNode));
            return array;
        }

        if (value.IsEmpty)
            return new ObjectNode();
        return value.GetString() is { } text ? new LiteralNode(text, LiteralKind.Quoted) : new LiteralNode("null", LiteralKind.Null);
    }
}
