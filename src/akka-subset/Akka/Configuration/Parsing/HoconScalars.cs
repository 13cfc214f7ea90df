using System.Globalization;

namespace RaftActors.AkkaSubset.HoconText;

/// <summary>What the text of a literal means as a number, switch, duration or size.</summary>
internal static class HoconScalars
{
    public static bool ToBoolean(string text) => text switch
    {
        "on" or "true" or "yes" => true,
        "off" or "false" or "no" => false,
        _ => throw new NotSupportedException($"[{text}] is not a boolean; allowed are true, false, on, off, yes and no."),
    };

    public static long ToLong(string text)
    {
        var trimmed = Required(text);
        if (trimmed.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            && long.TryParse(trimmed.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hex))
        {
            return hex;
        }

        if (long.TryParse(trimmed, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
            return value;
        throw new FormatException($"[{text}] is not a whole number.");
    }

    public static int ToInt(string text)
    {
        var value = ToLong(text);
        return value is >= int.MinValue and <= int.MaxValue
            ? (int)value
            : throw new OverflowException($"[{text}] does not fit in 32 bits.");
    }

    public static byte ToByte(string text)
    {
        var value = ToLong(text);
        return value is >= byte.MinValue and <= byte.MaxValue
            ? (byte)value
            : throw new OverflowException($"[{text}] does not fit in one byte.");
    }

    public static double ToDouble(string text) =>
        double.TryParse(Required(text), NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new FormatException($"[{text}] is not a number.");

    public static float ToFloat(string text) => (float)ToDouble(text);

    public static decimal ToDecimal(string text) =>
        decimal.TryParse(Required(text), NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new FormatException($"[{text}] is not a decimal number.");

    /// <summary>A number with a unit; milliseconds without one.</summary>
    public static TimeSpan ToTimeSpan(string text, bool allowInfinite)
    {
        var trimmed = Required(text);
        if (allowInfinite && trimmed == "infinite")
            return Timeout.InfiniteTimeSpan;
        var (number, unit) = SplitUnit(trimmed);
        double ticksPerUnit = unit switch
        {
            "ns" or "nano" or "nanos" or "nanosecond" or "nanoseconds" => TimeSpan.TicksPerMillisecond / 1e6,
            "us" or "micro" or "micros" or "microsecond" or "microseconds" => TimeSpan.TicksPerMillisecond / 1e3,
            "" or "ms" or "milli" or "millis" or "millisecond" or "milliseconds" => TimeSpan.TicksPerMillisecond,
            "s" or "second" or "seconds" => TimeSpan.TicksPerSecond,
            "m" or "minute" or "minutes" => TimeSpan.TicksPerMinute,
            "h" or "hour" or "hours" => TimeSpan.TicksPerHour,
            "d" or "day" or "days" => TimeSpan.TicksPerDay,
            _ => 0,
        };
        if (ticksPerUnit == 0 || !double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
        {
            throw new FormatException(
                $"[{text}] is not a duration; write a number and one of ns, us, ms, s, m, h, d{(allowInfinite ? ", or infinite" : "")}.");
        }

        if (value < 0)
            throw new FormatException($"[{text}] is a negative duration.");
        var ticks = Math.Round(value * ticksPerUnit);
        return ticks < long.MaxValue ? TimeSpan.FromTicks((long)ticks) : throw new OverflowException($"[{text}] is too long a duration.");
    }

    /// <summary>A number with a unit: powers of 1000 (kB, MB) or of 1024 (k, KiB, m, MiB); bytes without one.</summary>
    public static long ToByteSize(string text)
    {
        var (number, unit) = SplitUnit(Required(text));
        decimal factor = unit switch
        {
            "" or "B" or "b" or "byte" or "bytes" => 1m,
            "kB" or "KB" or "kilobyte" or "kilobytes" => 1_000m,
            "MB" or "megabyte" or "megabytes" => 1_000_000m,
            "GB" or "gigabyte" or "gigabytes" => 1_000_000_000m,
            "TB" or "terabyte" or "terabytes" => 1_000_000_000_000m,
            "PB" or "petabyte" or "petabytes" => 1_000_000_000_000_000m,
            "EB" or "exabyte" or "exabytes" => 1_000_000_000_000_000_000m,
            "K" or "k" or "Ki" or "KiB" or "kibibyte" or "kibibytes" => 1L << 10,
            "M" or "m" or "Mi" or "MiB" or "mebibyte" or "mebibytes" => 1L << 20,
            "G" or "g" or "Gi" or "GiB" or "gibibyte" or "gibibytes" => 1L << 30,
            "T" or "t" or "Ti" or "TiB" or "tebibyte" or "tebibytes" => 1L << 40,
            "P" or "p" or "Pi" or "PiB" or "pebibyte" or "pebibytes" => 1L << 50,
            "E" or "e" or "Ei" or "EiB" or "exbibyte" or "exbibytes" => 1L << 60,
            _ => 0m,
        };
        if (factor == 0 || !decimal.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
            throw new FormatException($"[{text}] is not a size; write a number and one of b, kB, KiB, MB, MiB, GB, GiB.");
        var size = value * factor;
        return Math.Abs(size) <= long.MaxValue ? (long)size : throw new OverflowException($"[{text}] is too large a size.");
    }

    private static (string Number, string Unit) SplitUnit(string text)
    {
        var end = text.Length;
        while (end > 0 && char.IsAsciiLetter(text[end - 1]))
            end--;
        return (text[..end].TrimEnd(), text[end..]);
    }

    private static string Required(string text) =>
        text?.Trim() ?? throw new FormatException("The value is not a text or number.");
}
