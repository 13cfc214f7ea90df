using System.Text;

namespace RaftActors.AkkaSubset.HoconText;

/// <summary>What a literal looked like in the text; decides its type and how it prints.</summary>
internal enum LiteralKind
{
    Null,
    Boolean,
    Long,
    Hex,
    Octal,
    Double,
    Unquoted,
    Quoted,
    TripleQuoted,
    Whitespace,
}

/// <summary>A HOCON value. After <see cref="Resolver"/> only literals, arrays and objects are left.</summary>
internal abstract class Node
{
    public abstract bool NeedsResolving { get; }
}

internal sealed class LiteralNode(string text, LiteralKind kind) : Node
{
    public string Text { get; } = text;
    public LiteralKind Kind { get; } = kind;
    public override bool NeedsResolving => false;

    /// <summary>The value as a string: null only for the literal null.</summary>
    public string Value => Kind == LiteralKind.Null ? null : Text;
}

internal sealed class ArrayNode : Node
{
    public List<Node> Items { get; } = [];
    public override bool NeedsResolving => Items.Exists(static item => item.NeedsResolving);
}

internal sealed class ObjectNode : Node
{
    public OrderedDictionary<string, FieldNode> Fields { get; } = new(StringComparer.Ordinal);

    public override bool NeedsResolving
    {
        get
        {
            foreach (var (_, entry) in Fields)
            {
                if (entry.NeedsResolving)
                    return true;
            }

            return false;
        }
    }

    public FieldNode GetOrAdd(string key)
    {
        if (!Fields.TryGetValue(key, out var field))
            Fields.Add(key, field = new FieldNode(key));
        return field;
    }

    /// <summary>Takes over the fields of a later object: its scalars win, its objects merge.</summary>
    public void MergeIn(ObjectNode later)
    {
        foreach (var (key, field) in later.Fields)
        {
            var mine = GetOrAdd(key);
            foreach (var value in field.Values)
                mine.Put(value);
        }
    }

    public void Put(ReadOnlySpan<string> path, Node value)
    {
        var target = this;
        for (var i = 0; i < path.Length - 1; i++)
            target = target.GetOrAdd(path[i]).TopObject();
        target.GetOrAdd(path[^1]).Put(value);
    }
}

/// <summary>
/// One key of an object with every value it was given, oldest first. Older values matter only while a newer one
/// may still merge with them or refer to them, that is until substitutions are resolved.
/// </summary>
internal sealed class FieldNode(string key)
{
    public string Key { get; } = key;
    public List<Node> Values { get; } = new(1);

    public bool NeedsResolving => Values.Count != 1 || Values[0].NeedsResolving;

    public void Put(Node value)
    {
        if (value is ObjectNode later && Values.Count > 0 && Values[^1] is ObjectNode mine)
        {
            mine.MergeIn(later);
            return;
        }

        if (!value.NeedsResolving && (value is not ObjectNode || (Values.Count > 0 && Values[^1] is LiteralNode)))
            Values.Clear();
        // The object is taken over by this field, and may be changed by later merges; its text has no other owner.
        Values.Add(value);
    }

    public ObjectNode TopObject()
    {
        if (Values.Count > 0 && Values[^1] is ObjectNode top)
            return top;
        var created = new ObjectNode();
        Put(created);
        return created;
    }
}

internal sealed class ConcatNode(List<Node> parts) : Node
{
    public List<Node> Parts { get; } = parts;
    public override bool NeedsResolving => true;
}

internal sealed class SubstitutionNode(string[] path, bool optional, int line, int column) : Node
{
    public string[] Path { get; } = path;
    public bool Optional { get; } = optional;
    public int Line { get; } = line;
    public int Column { get; } = column;

    /// <summary>Set for the left operand of <c>+=</c>: the value so far of the very field that it stands in.</summary>
    public bool RefersToOwnField { get; init; }

    /// <summary>Where the file that contains this was included; its own root is searched before the document's.</summary>
    public string[] IncludedAt { get; set; } = [];

    public override bool NeedsResolving => true;

    public override string ToString() => (Optional ? "${?" : "${") + HoconPathText.Join(Path) + "}";
}

/// <summary>A problem at a place in the text. Columns and lines count from 1.</summary>
internal sealed class HoconTextException(string problem, int line, int column, Exception inner = null)
    : FormatException($"Line {line}, column {column}: {problem}", inner)
{
    public string Problem { get; } = problem;
    public int Line { get; } = line;
    public int Column { get; } = column;
}

/// <summary>Paths such as <c>a."b.c".d</c>.</summary>
internal static class HoconPathText
{
    public static string[] Split(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (!path.Contains('"'))
            return path.Split('.');
        var keys = new List<string>();
        var key = new StringBuilder();
        var quoted = false;
        for (var i = 0; i < path.Length; i++)
        {
            var c = path[i];
            if (c == '"')
                quoted = !quoted;
            else if (quoted && c == '\\' && i + 1 < path.Length)
                key.Append(path[++i]);
            else if (c == '.' && !quoted)
            {
                keys.Add(key.ToString());
                key.Clear();
            }
            else
                key.Append(c);
        }

        if (quoted)
            throw new FormatException($"The path [{path}] has an opening quote without a closing one.");
        keys.Add(key.ToString());
        return [.. keys];
    }

    public static string Join(IEnumerable<string> keys) => string.Join('.', keys.Select(HoconPrinting.Key));
}
