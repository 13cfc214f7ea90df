namespace Akka.Subset.Tests.Surface;

/// <summary>One list of declarations, read for comparison.</summary>
internal sealed class SurfaceList
{
    private readonly Dictionary<string, (string Kind, HashSet<string> Bases, string Line)> _types = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<string>> _members = new(StringComparer.Ordinal);
    private readonly HashSet<string> _comparable = new(StringComparer.Ordinal);

    public static SurfaceList Read(IEnumerable<string> lines)
    {
        var list = new SurfaceList();
        var all = lines.Where(static line => line.Length > 2).ToList();
        foreach (var line in all.Where(static line => line[0] == 'T'))
        {
            var (name, rest) = Cut(line[2..], " | ");
            var (kind, bases) = Cut(rest, " : ");
            list._types[name] = (kind, new HashSet<string>(SplitTypes(bases), StringComparer.Ordinal), line);
            list._members[name] = [];
        }

        foreach (var line in all.Where(static line => line[0] != 'T'))
        {
            list._comparable.Add(Comparable(line));
            if (list.OwnerOf(line) is { } owner)
                list._members[owner].Add(line);
        }

        return list;
    }

    public bool HasType(string name) => _types.ContainsKey(name);

    public string KindOf(string name) => _types[name].Kind;

    public IReadOnlySet<string> BasesOf(string name) => _types[name].Bases;

    public string TypeLine(string name) => _types[name].Line;

    public IReadOnlyList<string> MembersOf(string name) => _members[name];

    public string TypeStartingWith(string prefix, int commas) => _types.Keys.FirstOrDefault(name =>
        name.StartsWith(prefix, StringComparison.Ordinal) && name.EndsWith('>') && name.Count(static c => c == ',') == commas);

    /// <summary>The line is in the list, whether or not it is virtual there.</summary>
    public bool Has(string memberLine) => _comparable.Contains(Comparable(memberLine));

    /// <summary>Lines for the same name, to show what was expected.</summary>
    public IEnumerable<string> Similar(string typeName, string memberName) => !_members.TryGetValue(typeName, out var members)
        ? []
        : members.Where(line => line.AsSpan(2 + typeName.Length).StartsWith("." + memberName, StringComparison.Ordinal));

    /// <summary>Where a member stands in the hierarchy is layering; what callers see is the rest.</summary>
    private static string Comparable(string line)
    {
        var bar = line.LastIndexOf(" | ", StringComparison.Ordinal);
        if (bar < 0)
            return line;
        var modifiers = line[(bar + 3)..].Split(' ').Where(static word => word is not ("virtual" or "override" or "abstract"));
        return line[..(bar + 3)] + string.Join(' ', modifiers);
    }

    private static (string Left, string Right) Cut(string text, string separator)
    {
        var at = text.IndexOf(separator, StringComparison.Ordinal);
        return at < 0 ? (text, "") : (text[..at], text[(at + separator.Length)..]);
    }

    private static IEnumerable<string> SplitTypes(string types) =>
        types.Split(", ", StringSplitOptions.RemoveEmptyEntries);

    // The longest known type name that the line begins with: names of members contain no dot, names of types do.
    private string OwnerOf(string line)
    {
        var declaration = line[2..];
        var depth = 0;
        var end = declaration.Length;
        var candidates = new List<int>();
        for (var i = 0; i < declaration.Length; i++)
        {
            switch (declaration[i])
            {
                case '<':
                    depth++;
                    break;
                case '>' when i == 0 || declaration[i - 1] != '-':
                    depth--;
                    break;
                case '.' when depth == 0:
                    candidates.Add(i);
                    break;
                case '(' or '[' or ' ' when depth == 0:
                    end = i;
                    i = declaration.Length;
                    break;
            }
        }

        if (_types.ContainsKey(declaration[..end]))
            return declaration[..end];
        for (var i = candidates.Count - 1; i >= 0; i--)
        {
            if (_types.ContainsKey(declaration[..candidates[i]]))
                return declaration[..candidates[i]];
        }

        return null;
    }
}
