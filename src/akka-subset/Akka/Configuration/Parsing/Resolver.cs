using System.Text;

namespace RaftActors.AkkaSubset.HoconText;

/// <summary>Puts values in the place of substitutions and folds each field's values into one.</summary>
internal sealed class Resolver
{
    private sealed record Pending(int Level, Node Below);

    private readonly ObjectNode _root;
    private readonly Func<string, string> _environment;
    private readonly Dictionary<FieldNode, Node> _done = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<FieldNode, Pending> _pending = new(ReferenceEqualityComparer.Instance);

    private Resolver(ObjectNode root, Func<string, string> environment)
    {
        _root = root;
        _environment = environment;
    }

    public static Node Resolve(Node document, Func<string, string> environment)
    {
        if (!document.NeedsResolving)
            return document;
        return new Resolver(document as ObjectNode ?? new ObjectNode(), environment).ResolveNode(document, owner: null);
    }

    /// <summary>Null means undefined: an optional substitution that found nothing.</summary>
    private Node ResolveNode(Node node, FieldNode owner)
    {
        switch (node)
        {
            case SubstitutionNode substitution:
                return Substitute(substitution, owner);
            case ConcatNode concat:
                return ResolveConcatenation(concat, owner);
            case ArrayNode array when array.NeedsResolving:
                var items = new ArrayNode();
                foreach (var item in array.Items)
                {
                    if (ResolveNode(item, owner) is { } value)
                        items.Items.Add(value);
                }

                return items;
            case ObjectNode fields when fields.NeedsResolving:
                var resolved = new ObjectNode();
                foreach (var (key, field) in fields.Fields)
                {
                    if (ResolveField(field) is { } value)
                        resolved.GetOrAdd(key).Values.Add(value);
                }

                return resolved;
            default:
                return node;
        }
    }

    private Node ResolveField(FieldNode field)
    {
        if (_done.TryGetValue(field, out var known))
            return known;
        return _done[field] = ResolveLevels(field, field.Values.Count);
    }

    /// <summary>The value that a field has after its first <paramref name="count"/> assignments.</summary>
    private Node ResolveLevels(FieldNode field, int count)
    {
        Node value = null;
        _pending.TryGetValue(field, out var outer);
        for (var level = 0; level < count; level++)
        {
            // While this assignment is evaluated, the field's own name means what was assigned before it.
            _pending[field] = new Pending(level, value);
            var next = ResolveNode(field.Values[level], field);
            if (next is not null)
                value = Merged(value, next);
        }

        if (outer is null)
            _pending.Remove(field);
        else
            _pending[field] = outer;
        return value;
    }

    private Node Substitute(SubstitutionNode substitution, FieldNode owner)
    {
        if (substitution.RefersToOwnField)
            return _pending[owner].Below;
        Node value = null;
        if (substitution.IncludedAt.Length > 0)
            value = Find(_root, [.. substitution.IncludedAt, .. substitution.Path], 0);
        value ??= Find(_root, substitution.Path, 0);
        if (value is null && _environment(string.Join('.', substitution.Path)) is { } variable)
            value = new LiteralNode(variable, LiteralKind.Quoted);
        if (value is null && !substitution.Optional)
        {
            throw new HoconTextException(
                $"the substitution {substitution} finds no value (or only itself), nor an environment variable of that name",
                substitution.Line,
                substitution.Column);
        }

        return value;
    }

    /// <summary>Looks a path up in the unresolved document, resolving no more than lies on the path.</summary>
    private Node Find(ObjectNode fields, string[] path, int at)
    {
        if (!fields.Fields.TryGetValue(path[at], out var field))
            return null;
        if (at == path.Length - 1)
            return _pending.TryGetValue(field, out var pending) ? pending.Below : ResolveField(field);
        if (_done.TryGetValue(field, out var known))
            return FindResolved(known, path, at + 1);

        Node found = null;
        for (var level = field.Values.Count - 1; level >= 0; level--)
        {
            Node here;
            var last = false;
            switch (field.Values[level])
            {
                case ObjectNode inner:
                    here = Find(inner, path, at + 1);
                    break;
                case SubstitutionNode or ConcatNode:
                    // What lies below is part of what this level gives, so the walk ends here.
                    last = true;
                    here = FindResolved(
                        _pending.TryGetValue(field, out var pending) && level <= pending.Level
                            ? pending.Below
                            : ResolveLevels(field, level + 1),
                        path,
                        at + 1);
                    break;
                default:
                    return found;
            }

            if (here is not null)
            {
                if (found is not null && here is not ObjectNode)
                    return found;
                found = found is null ? here : Merged(here, found);
                if (found is not ObjectNode)
                    return found;
            }

            if (last)
                break;
        }

        return found;
    }

    private static Node FindResolved(Node value, string[] path, int at)
    {
        for (; at < path.Length; at++)
        {
            if (value is not ObjectNode fields || !fields.Fields.TryGetValue(path[at], out var field))
                return null;
            value = field.Values[^1];
        }

        return value;
    }

    private Node ResolveConcatenation(ConcatNode concat, FieldNode owner)
    {
        var parts = new List<Node>(concat.Parts.Count);
        var (line, column) = (1, 1);
        var defined = false;
        foreach (var part in concat.Parts)
        {
            if (part is SubstitutionNode substitution)
                (line, column) = (substitution.Line, substitution.Column);
            if (ResolveNode(part, owner) is not { } value)
                continue;
            parts.Add(value);
            defined |= value is not LiteralNode { Kind: LiteralKind.Whitespace };
        }

        return defined ? Concatenation.Of(parts, line, column) : null;
    }

    /// <summary>Copies, because both sides may be in use elsewhere in the document.</summary>
    internal static Node Merged(Node earlier, Node later)
    {
        if (earlier is not ObjectNode low || later is not ObjectNode high)
            return later;
        var merged = new ObjectNode();
        foreach (var (key, field) in low.Fields)
            merged.GetOrAdd(key).Values.AddRange(field.Values);
        foreach (var (key, field) in high.Fields)
        {
            var values = merged.GetOrAdd(key).Values;
            var value = field.Values[^1];
            if (values.Count == 0)
                values.Add(value);
            else
                values[^1] = Merged(values[^1], value);
        }

        return merged;
    }
}

/// <summary>Values side by side on a line: texts join, arrays join, objects merge.</summary>
internal static class Concatenation
{
    public static Node Of(List<Node> parts, int line, int column)
    {
        if (parts.Count == 1)
            return parts[0];
        if (parts.TrueForAll(static part => part is LiteralNode))
        {
            var text = new StringBuilder();
            foreach (var part in parts)
                text.Append(((LiteralNode)part).Text);
            var quoted = parts.Exists(static part => part is LiteralNode { Kind: LiteralKind.Quoted or LiteralKind.TripleQuoted });
            return new LiteralNode(text.ToString(), quoted ? LiteralKind.Quoted : LiteralKind.Unquoted);
        }

        parts = parts.FindAll(static part => part is not LiteralNode { Kind: LiteralKind.Whitespace });
        if (parts.TrueForAll(static part => part is ArrayNode))
        {
            var items = new ArrayNode();
            foreach (var part in parts)
                items.Items.AddRange(((ArrayNode)part).Items);
            return items;
        }

        if (parts.TrueForAll(static part => part is ObjectNode))
        {
            Node merged = parts[0];
            foreach (var part in parts.Skip(1))
            {
                if (merged.NeedsResolving || part.NeedsResolving)
                {
                    var both = new ObjectNode();
                    both.MergeIn((ObjectNode)merged);
                    both.MergeIn((ObjectNode)part);
                    merged = both;
                }
                else
                    merged = Resolver.Merged(merged, part);
            }

            return merged;
        }

        throw new HoconTextException("only texts, only arrays or only objects can stand side by side as one value", line, column);
    }
}
