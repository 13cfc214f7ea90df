namespace KvServer.State;

/// <summary>The patterns of KEYS: <c>*</c>, <c>?</c>, <c>[abc]</c>, <c>[^a-z]</c> and <c>\x</c>, on bytes.</summary>
internal static class GlobPattern
{
    /// <summary>True when the whole of <paramref name="text"/> matches.</summary>
    /// <remarks>Only the last star is ever tried again, so the work is bounded by the product of the lengths.</remarks>
    public static bool IsMatch(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> text)
    {
        int p = 0, t = 0, starPattern = -1, starText = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == (byte)'*')
            {
                starPattern = ++p;
                starText = t;
                continue;
            }

            if (p < pattern.Length && MatchOne(pattern, p, text[t], out int next))
            {
                p = next;
                t++;
                continue;
            }

            if (starPattern < 0)
            {
                return false;
            }

            p = starPattern;
            t = ++starText;
        }

        while (p < pattern.Length && pattern[p] == (byte)'*')
        {
            p++;
        }

        return p == pattern.Length;
    }

    private static bool MatchOne(ReadOnlySpan<byte> pattern, int p, byte value, out int next)
    {
        next = p + 1;
        switch (pattern[p])
        {
            case (byte)'?':
                return true;
            case (byte)'\\' when p + 1 < pattern.Length:
                next = p + 2;
                return pattern[p + 1] == value;
            case (byte)'[':
                return MatchClass(pattern, p + 1, value, out next);
            default:
                return pattern[p] == value;
        }
    }

    private static bool MatchClass(ReadOnlySpan<byte> pattern, int p, byte value, out int next)
    {
        bool negated = p < pattern.Length && pattern[p] == (byte)'^';
        p += negated ? 1 : 0;
        bool matched = false;
        while (p < pattern.Length && pattern[p] != (byte)']')
        {
            if (pattern[p] == (byte)'\\' && p + 1 < pattern.Length)
            {
                p++;
            }

            byte low = pattern[p];
            byte high = low;
            if (p + 2 < pattern.Length && pattern[p + 1] == (byte)'-' && pattern[p + 2] != (byte)']')
            {
                high = pattern[p + 2];
                p += 2;
            }

            matched |= low <= high ? value >= low && value <= high : value >= high && value <= low;
            p++;
        }

        next = Math.Min(p + 1, pattern.Length);
        return matched != negated;
    }
}
