using System.Text.RegularExpressions;

namespace Akka.TestKit.Internal;

/// <summary>One way to pick log messages or log sources by their text.</summary>
internal sealed class StringMatcher
{
    private readonly Func<string, bool> _isMatch;
    private readonly string _description;

    private StringMatcher(Func<string, bool> isMatch, string description)
    {
        _isMatch = isMatch;
        _description = description;
    }

    public static StringMatcher Any { get; } = new(_ => true, null);

    /// <summary>Null for what matches everything, else words for a failure message.</summary>
    public string Description => _description;

    public static StringMatcher Message(string message, string start, string contains) =>
        message is not null ? new StringMatcher(text => text == message, $"== \"{message}\"")
        : start is not null ? new StringMatcher(text => text is not null && text.StartsWith(start, StringComparison.Ordinal), $"starts with \"{start}\"")
        : contains is not null ? new StringMatcher(text => text is not null && text.Contains(contains, StringComparison.Ordinal), $"contains \"{contains}\"")
        : Any;

    public static StringMatcher Pattern(Regex pattern) =>
        new(text => text is not null && pattern.IsMatch(text), $"matches \"{pattern}\"");

    /// <summary>
    /// The log source as given, or an actor's path, absolute or from its root on (user/name), whatever the system.
    /// </summary>
    public static StringMatcher Source(string source) => source is null ? Any : new StringMatcher(text => IsSource(text, source), $"== \"{source}\"");

    public bool IsMatch(string text) => _isMatch(text);

    private static bool IsSource(string actual, string source)
    {
        if (actual is null)
        {
            return false;
        }

        var path = actual.Trim('[', ']');
        var incarnation = path.LastIndexOf('#');
        var plain = incarnation < 0 ? path : path[..incarnation];
        if (actual == source || path == source || plain == source)
        {
            return true;
        }

        var root = plain.IndexOf("://", StringComparison.Ordinal);
        var firstElement = root < 0 ? -1 : plain.IndexOf('/', root + 3);
        return firstElement >= 0 && plain[(firstElement + 1)..] == source.TrimStart('/');
    }
}
