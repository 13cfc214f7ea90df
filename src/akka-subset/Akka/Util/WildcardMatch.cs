namespace Akka.Util;

public static class WildcardMatch
{
    /// <summary>True if the whole text fits the pattern, in which * stands for any text and ? for one character.</summary>
    public static bool Like(this string text, string pattern, bool caseSensitive = false)
    {
        var comparison = caseSensitive ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
        var (at, inPattern) = (0, 0);
        var (starInPattern, starAt) = (-1, 0);
        while (at < text.Length)
        {
            if (inPattern < pattern.Length && pattern[inPattern] == '*')
            {
                starInPattern = inPattern++;
                starAt = at;
            }
            else if (inPattern < pattern.Length
                     && (pattern[inPattern] == '?' || text.AsSpan(at, 1).Equals(pattern.AsSpan(inPattern, 1), comparison)))
            {
                at++;
                inPattern++;
            }
            else if (starInPattern >= 0)
            {
                // The last star takes one character more.
                inPattern = starInPattern + 1;
                at = ++starAt;
            }
            else
                return false;
        }

        return pattern.AsSpan(inPattern).Trim('*').IsEmpty;
    }
}
