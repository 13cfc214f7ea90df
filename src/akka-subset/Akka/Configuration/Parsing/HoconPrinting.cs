using System.Globalization;
using System.Text;

namespace RaftActors.AkkaSubset.HoconText;

/// <summary>Writes keys and strings so that parsing gives them back.</summary>
internal static class HoconPrinting
{
    public static string Key(string key)
    {
        if (key.Length == 0)
            return "\"\"";
        foreach (var c in key)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_'))
                return Quote(key);
        }

        return key;
    }

    /// <summary>True if the text, written without quotes, would not be read back as the same string.</summary>
    public static bool NeedsQuotes(string text)
    {
        if (text.Length == 0 || char.IsWhiteSpace(text[0]) || char.IsWhiteSpace(text[^1]) || text is "null")
            return true;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c < ' ' || UnquotedText.IsForbidden(c) || (c == '/' && i + 1 < text.Length && text[i + 1] == '/')
                || (char.IsWhiteSpace(c) && c != ' '))
            {
                return true;
            }
        }

        return text.StartsWith("include", StringComparison.Ordinal);
    }

    public static string String(string text) => NeedsQuotes(text) ? Quote(text) : text;

    public static string Quote(string text)
    {
        var quoted = new StringBuilder(text.Length + 2).Append('"');
        foreach (var c in text)
        {
            switch (c)
            {
                case '"': quoted.Append("\\\""); break;
                case '\\': quoted.Append(@"\\"); break;
                case '\n': quoted.Append("\\n"); break;
                case '\r': quoted.Append("\\r"); break;
                case '\t': quoted.Append("\\t"); break;
                default:
                    if (c < ' ')
                        quoted.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
                    else
                        quoted.Append(c);
                    break;
            }
        }

        return quoted.Append('"').ToString();
    }
}
