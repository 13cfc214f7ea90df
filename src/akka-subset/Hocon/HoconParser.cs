using RaftActors.AkkaSubset.HoconText;

namespace Hocon;

public sealed class HoconParser
{
    /// <summary>Parses a document and resolves its substitutions, from itself and then from the environment.</summary>
    /// <param name="text">The document.</param>
    /// <param name="includeCallback">Gives the text of what the document includes.</param>
    /// <exception cref="HoconParserException">The text is not HOCON; line and column are in it.</exception>
    public static HoconRoot Parse(string text, HoconIncludeCallbackAsync includeCallback = null)
    {
        if (string.IsNullOrWhiteSpace(text))
            throw new HoconParserException("The text is empty.", 1, 1, null);
        try
        {
            IncludeResolver include = includeCallback is null ? null : (kind, name) => Include(includeCallback, kind, name);
            return new HoconRoot(HoconValue.From(HoconTextParser.Parse(text, include), parent: null));
        }
        catch (HoconTextException problem)
        {
            throw new HoconParserException(problem.Message, problem.Line, problem.Column, problem);
        }
    }

    private static Node Include(HoconIncludeCallbackAsync callback, IncludeKind kind, string name)
    {
        var type = kind switch
        {
            IncludeKind.Url => HoconCallbackType.Url,
            IncludeKind.Resource => HoconCallbackType.Resource,
            _ => HoconCallbackType.File,
        };

        // Reading a configuration is synchronous for its caller, whatever the callback does inside.
        var text = callback(type, name).ConfigureAwait(false).GetAwaiter().GetResult();
        return string.IsNullOrWhiteSpace(text)
            ? null
            : HoconTextParser.ParseUnresolved(text, (innerKind, innerName) => Include(callback, innerKind, innerName));
    }
}
