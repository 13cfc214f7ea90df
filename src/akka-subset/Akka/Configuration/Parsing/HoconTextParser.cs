using System.Globalization;
using System.Text;

namespace RaftActors.AkkaSubset.HoconText;

/// <summary>What an include statement asks for: <c>include "x"</c>, <c>file("x")</c>, <c>url("x")</c>, <c>resource("x")</c>.</summary>
internal enum IncludeKind
{
    Unspecified,
    File,
    Url,
    Resource,
}

/// <summary>Gives the included document, or null when there is none.</summary>
internal delegate Node IncludeResolver(IncludeKind kind, string name);

/// <summary>Text to nodes, substitutions not yet resolved. See the HOCON specification of lightbend/config.</summary>
internal sealed class HoconTextParser
{
    // A document this deep is an attack or a mistake; without a bound it would overflow the stack.
    private const int MaxDepth = 256;

    private readonly string _text;
    private readonly IncludeResolver _include;
    private readonly bool _commaNeedsSign;
    private readonly List<string> _path = [];
    private int _at;
    private int _depth;
    private int _counted;
    private int _lines = 1;
    private int _lineStart;

    private HoconTextParser(string text, IncludeResolver include, bool commaNeedsSign)
    {
        _text = text;
        _include = include;
        _commaNeedsSign = commaNeedsSign;
    }

    /// <summary>The document with its substitutions resolved.</summary>
    /// <param name="commaNeedsSign">Akka's own parser takes a comma behind the object of a field only when there was a sign ('=' or ':') in front of it.</param>
    public static Node Parse(string text, IncludeResolver include = null, bool commaNeedsSign = false) =>
        Resolver.Resolve(ParseUnresolved(text, include, commaNeedsSign), Environment.GetEnvironmentVariable);

    /// <summary>For documents that others include: their substitutions may refer to the including document.</summary>
    public static Node ParseUnresolved(string text, IncludeResolver include = null, bool commaNeedsSign = false)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new HoconTextParser(text, include, commaNeedsSign).ParseDocument();
    }

    private bool AtEnd => _at >= _text.Length;

    private char Current => _at < _text.Length ? _text[_at] : '\0';

    private char Next => _at + 1 < _text.Length ? _text[_at + 1] : '\0';

    private Node ParseDocument()
    {
        if (Current == '\uFEFF')
            _at++;
        SkipBlank();
        Node document;
        if (!AtEnd && Current == '[')
            document = ParseArray();
        else if (!AtEnd && Current == '{')
            document = ParseBracedObject();
        else
        {
            var root = new ObjectNode();
            ParseFields(root, braced: false);
            document = root;
        }

        SkipBlank();
        if (!AtEnd)
            throw Error($"expected the end of the text, found {Seen()}");
        return document;
    }

    private ObjectNode ParseBracedObject()
    {
        var (line, column) = Position(_at);
        _at++;
        Enter();
        var result = new ObjectNode();
        ParseFields(result, braced: true);
        if (AtEnd)
            throw Error($"the '{{' of line {line}, column {column} is never closed");
        _at++;
        _depth--;
        return result;
    }

    private void ParseFields(ObjectNode target, bool braced)
    {
        SkipBlank();
        while (!AtEnd)
        {
            if (Current == '}')
            {
                if (braced)
                    return;
                throw Error("found '}' without a '{' before it");
            }

            if (Current == ',')
                throw Error("expected a key, found ','");
            var hasSign = TryParseInclude(target) || ParseField(target);
            var newLine = SkipBlank();
            if (AtEnd || Current == '}')
                continue;
            if (Current == ',')
            {
                if (_commaNeedsSign && !hasSign)
                    throw Error("found ',' behind '}' of a key without '='; write 'key = { ... },', or begin a new line");
                _at++;
                SkipBlank();
            }
            else if (!newLine)
                throw Error($"expected ',' or a new line before the next key, found {Seen()}");
        }
    }

    /// <summary>False for an object that follows its key at once.</summary>
    private bool ParseField(ObjectNode target)
    {
        var key = ParsePath(inSubstitution: false);
        SkipBlank();
        var append = false;
        var hasSign = true;
        if (AtEnd)
            throw Error($"expected ':', '=' or '{{' after the key [{HoconPathText.Join(key)}], found the end of the text");
        if (Current == '+' && Next == '=')
        {
            append = true;
            _at += 2;
        }
        else if (Current is ':' or '=')
            _at++;
        else if (Current == '{')
            hasSign = false;
        else
            throw Error($"expected ':', '=' or '{{' after the key [{HoconPathText.Join(key)}], found {Seen()}");

        _path.AddRange(key);
        var (line, column) = Position(_at);
        var value = ParseValue($"a value for [{HoconPathText.Join(key)}]");
        _path.RemoveRange(_path.Count - key.Length, key.Length);
        if (append)
        {
            var added = new ArrayNode();
            added.Items.Add(value);
            value = new ConcatNode([new SubstitutionNode(key, optional: true, line, column) { RefersToOwnField = true }, added]);
        }

        target.Put(key, value);
        return hasSign;
    }

    /// <summary>Keys separated by dots, each quoted or plain; stops before a separator.</summary>
    private string[] ParsePath(bool inSubstitution)
    {
        var keys = new List<string>();
        var key = new StringBuilder();
        var hasKey = false;
        while (true)
        {
            if (!AtEnd && Current == '"')
            {
                key.Append(ParseQuoted(out _));
                hasKey = true;
            }
            else if (!AtEnd && Current == '.')
            {
                EndKey();
                _at++;
                SkipInline();
                if (AtEnd || Current is '\n' or '=' or ':' or '{' or '}')
                    throw Error("expected another key after '.'");
            }
            else if (!AtEnd && IsInline(Current))
            {
                var start = _at;
                SkipInline();
                // Spaces inside a key belong to it, spaces around it do not.
                if (!AtEnd && hasKey && (Current == '"' || IsKeyCharacter(inSubstitution)))
                    key.Append(_text, start, _at - start);
            }
            else if (!AtEnd && IsKeyCharacter(inSubstitution))
            {
                key.Append(_text[_at++]);
                hasKey = true;
            }
            else
                break;
        }

        EndKey();
        return [.. keys];

        void EndKey()
        {
            if (!hasKey)
            {
                throw Error(keys.Count == 0 && (AtEnd || Current != '.')
                    ? $"expected a key, found {Seen()}"
                    : "a path may not have an empty key; write \"\" for one");
            }

            keys.Add(key.ToString());
            key.Clear();
            hasKey = false;
        }
    }

    private bool IsKeyCharacter(bool inSubstitution)
    {
        var c = Current;
        if (c == '.' || c == '\n' || AtCommentStart())
            return false;
        if (c == '+')
            return Next != '=';
        return !UnquotedText.IsForbidden(c) && !(inSubstitution && c == '}');
    }

    /// <summary>Everything up to the end of the line, a comma or a closing bracket: one value or a concatenation.</summary>
    private Node ParseValue(string what)
    {
        SkipBlank();
        var parts = new List<Node>(1);
        var start = _at;
        while (true)
        {
            var blank = _at;
            SkipInline();
            if (AtEnd || Current is '\n' or ',' or '}' or ']' || AtCommentStart())
                break;
            if (parts.Count > 0 && _at > blank)
                parts.Add(new LiteralNode(_text[blank.._at], LiteralKind.Whitespace));
            parts.Add(ParsePart());
        }

        if (parts.Count == 0)
            throw Error($"expected {what}, found {Seen()}");
        if (parts.Count == 1)
            return parts[0] is LiteralNode { Kind: LiteralKind.Unquoted } only ? UnquotedText.Classify(only.Text) : parts[0];
        if (parts.Exists(static part => part is SubstitutionNode))
            return new ConcatNode(parts);
        var (line, column) = Position(start);
        return Concatenation.Of(parts, line, column);
    }

    private Node ParsePart()
    {
        switch (Current)
        {
            case '{':
                return ParseBracedObject();
            case '[':
                return ParseArray();
            case '"':
                return new LiteralNode(ParseQuoted(out var triple), triple ? LiteralKind.TripleQuoted : LiteralKind.Quoted);
            case '$' when Next == '{':
                return ParseSubstitution();
        }

        var start = _at;
        while (!AtEnd && !UnquotedText.IsForbidden(Current) && !IsInline(Current) && Current != '\n' && !AtCommentStart())
            _at++;
        if (_at == start)
            throw Error($"{Seen()} is not allowed in text without quotes");
        return new LiteralNode(_text[start.._at], LiteralKind.Unquoted);
    }

    private SubstitutionNode ParseSubstitution()
    {
        var (line, column) = Position(_at);
        _at += 2;
        var optional = Current == '?';
        if (optional)
            _at++;
        SkipInline();
        var path = ParsePath(inSubstitution: true);
        SkipInline();
        if (AtEnd || Current != '}')
            throw Error($"expected '}}' at the end of a substitution, found {Seen()}");
        _at++;
        return new SubstitutionNode(path, optional, line, column);
    }

    private ArrayNode ParseArray()
    {
        var (line, column) = Position(_at);
        _at++;
        Enter();
        var result = new ArrayNode();
        SkipBlank();
        while (true)
        {
            if (AtEnd)
                throw Error($"the '[' of line {line}, column {column} is never closed");
            if (Current == ']')
                break;
            if (Current == ',')
                throw Error("expected an element of the array, found ','");
            result.Items.Add(ParseValue("an element of the array"));
            var newLine = SkipBlank();
            if (AtEnd || Current == ']')
                continue;
            if (Current == ',')
            {
                _at++;
                SkipBlank();
            }
            else if (!newLine)
                throw Error($"expected ',' or ']' in an array, found {Seen()}");
        }

        _at++;
        _depth--;
        return result;
    }

    private string ParseQuoted(out bool triple)
    {
        var start = _at;
        triple = string.CompareOrdinal(_text, _at, "\"\"\"", 0, 3) == 0;
        return triple ? ParseTripleQuoted(start) : ParseSingleQuoted(start);
    }

    private string ParseTripleQuoted(int start)
    {
        var end = _text.IndexOf("\"\"\"", start + 3, StringComparison.Ordinal);
        if (end < 0)
            throw Error("the text in triple quotes never ends", start);
        // Quotes beyond the third belong to the text.
        while (end + 3 < _text.Length && _text[end + 3] == '"')
            end++;
        _at = end + 3;
        return _text[(start + 3)..end];
    }

    private string ParseSingleQuoted(int start)
    {
        _at++;
        var closing = _text.AsSpan(_at).IndexOfAny('"', '\\', '\n');
        if (closing >= 0 && _text[_at + closing] == '"')
        {
            var plain = _text.Substring(_at, closing);
            _at += closing + 1;
            return plain;
        }

        var result = new StringBuilder();
        while (true)
        {
            if (AtEnd || Current == '\n')
                throw Error("the quoted text does not end on its line", start);
            var c = _text[_at++];
            if (c == '"')
                return result.ToString();
            result.Append(c == '\\' ? ParseEscape() : c);
        }
    }

    private char ParseEscape()
    {
        var c = Current;
        _at++;
        switch (c)
        {
            case '"' or '\\' or '/':
                return c;
            case 'b':
                return '\b';
            case 'f':
                return '\f';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'u' when _at + 4 <= _text.Length
                          && ushort.TryParse(_text.AsSpan(_at, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code):
                _at += 4;
                return (char)code;
            default:
                throw Error("unknown escape in quoted text; known are \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\uXXXX", _at - 2);
        }
    }

    private bool TryParseInclude(ObjectNode target)
    {
        const string word = "include";
        if (string.CompareOrdinal(_text, _at, word, 0, word.Length) != 0)
            return false;
        var start = _at;
        _at += word.Length;
        SkipInline();
        var required = TakeCall("required");
        var kind = IncludeKind.Unspecified;
        var call = true;
        if (TakeCall("file"))
            kind = IncludeKind.File;
        else if (TakeCall("url"))
            kind = IncludeKind.Url;
        else if (TakeCall("classpath") || TakeCall("resource"))
            kind = IncludeKind.Resource;
        else
            call = false;

        if (AtEnd || Current != '"')
        {
            if (required || call)
                throw Error($"expected a quoted name to include, found {Seen()}");
            // A key that merely begins with the word.
            _at = start;
            return false;
        }

        var nameAt = _at;
        var name = ParseQuoted(out _);
        if (call)
            CloseCall();
        if (required)
            CloseCall();
        target.MergeIn(Include(kind, name, required, nameAt));
        return true;
    }

    private bool TakeCall(string word)
    {
        var at = _at;
        if (string.CompareOrdinal(_text, at, word, 0, word.Length) != 0)
            return false;
        at += word.Length;
        while (at < _text.Length && IsInline(_text[at]))
            at++;
        if (at >= _text.Length || _text[at] != '(')
            return false;
        _at = at + 1;
        SkipInline();
        return true;
    }

    private void CloseCall()
    {
        SkipInline();
        if (AtEnd || Current != ')')
            throw Error($"expected ')' after the name to include, found {Seen()}");
        _at++;
    }

    private ObjectNode Include(IncludeKind kind, string name, bool required, int at)
    {
        if (_include is null)
            throw Error($"cannot include [{name}]: no include callback was given", at);
        Node included;
        try
        {
            included = _include(kind, name);
        }
        catch (Exception problem)
        {
            throw Error($"cannot include [{name}]: {problem.Message}", at, problem);
        }

        switch (included)
        {
            case null when required:
                throw Error($"the required include [{name}] was not found", at);
            case null:
                return new ObjectNode();
            case ObjectNode document:
                MarkIncluded(document);
                return document;
            default:
                throw Error($"the included document [{name}] is not an object", at);
        }
    }

    private void MarkIncluded(Node node)
    {
        if (_path.Count == 0)
            return;
        switch (node)
        {
            case SubstitutionNode substitution:
                substitution.IncludedAt = [.. _path, .. substitution.IncludedAt];
                break;
            case ArrayNode array:
                array.Items.ForEach(MarkIncluded);
                break;
            case ConcatNode concat:
                concat.Parts.ForEach(MarkIncluded);
                break;
            case ObjectNode document:
                foreach (var field in document.Fields.Values)
                    field.Values.ForEach(MarkIncluded);
                break;
        }
    }

    private static bool IsInline(char c) => c != '\n' && (char.IsWhiteSpace(c) || c == '\uFEFF');

    private bool AtCommentStart() => Current == '#' || (Current == '/' && Next == '/');

    private void SkipInline()
    {
        while (!AtEnd && IsInline(Current))
            _at++;
    }

    /// <summary>White space, comments and new lines. True if there was a new line.</summary>
    private bool SkipBlank()
    {
        var newLine = false;
        while (!AtEnd)
        {
            if (Current == '\n')
            {
                newLine = true;
                _at++;
            }
            else if (IsInline(Current))
                _at++;
            else if (AtCommentStart())
            {
                var end = _text.IndexOf('\n', _at);
                _at = end < 0 ? _text.Length : end;
            }
            else
                break;
        }

        return newLine;
    }

    private void Enter()
    {
        if (++_depth > MaxDepth)
            throw Error($"more than {MaxDepth} levels of nesting");
    }

    private string Seen() => AtEnd ? "the end of the text" : Current == '\n' ? "the end of the line" : $"'{Current}'";

    private (int Line, int Column) Position(int at)
    {
        // Counting goes on from the last place asked for, so that a long document is counted through once.
        if (at < _counted)
            (_counted, _lines, _lineStart) = (0, 1, 0);
        while (_text.IndexOf('\n', _counted, at - _counted) is >= 0 and var newLine)
        {
            _lines++;
            _lineStart = newLine + 1;
            _counted = newLine + 1;
        }

        _counted = at;
        return (_lines, at - _lineStart + 1);
    }

    private HoconTextException Error(string problem) => Error(problem, _at);

    private HoconTextException Error(string problem, int at, Exception inner = null)
    {
        var (line, column) = Position(Math.Min(at, _text.Length));
        return new HoconTextException(problem, line, column, inner);
    }
}
