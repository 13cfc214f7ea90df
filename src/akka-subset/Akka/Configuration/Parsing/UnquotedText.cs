using System.Globalization;

namespace RaftActors.AkkaSubset.HoconText;

/// <summary>Text that stands in a document without quotes.</summary>
internal static class UnquotedText
{
    /// <summary>What an unquoted word means when it is the whole value.</summary>
    public static LiteralNode Classify(string word)
    {
        switch (word)
        {
            case "null":
                return new LiteralNode(word, LiteralKind.Null);
            case "true" or "false" or "on" or "off" or "yes" or "no":
                return new LiteralNode(word, LiteralKind.Boolean);
        }

        var first = word[0];
        if (!char.IsAsciiDigit(first) && first is not ('-' or '.'))
            return new LiteralNode(word, LiteralKind.Unquoted);
        if (word.StartsWith("0x", StringComparison.OrdinalIgnoreCase) && word.Length > 2 && IsHex(word.AsSpan(2)))
            return new LiteralNode(word, LiteralKind.Hex);
        if (long.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _))
            return new LiteralNode(word, word.Length > 1 && first == '0' && word.IndexOfAny(['8', '9']) < 0 ? LiteralKind.Octal : LiteralKind.Long);
        return double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out _)
            ? new LiteralNode(word, LiteralKind.Double)
            : new LiteralNode(word, LiteralKind.Unquoted);
    }

    public static bool IsForbidden(char c) =>
        c is '$' or '"' or '{' or '}' or '[' or ']' or ':' or '=' or ',' or '#' or '`' or '^' or '?' or '!' or '@' or '*' or '&' or '\\';

    private static bool IsHex(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiHexDigit(c))
                return false;
        }

        return true;
    }
}
