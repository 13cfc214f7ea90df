using System.Globalization;
using Akka.Configuration;

namespace RaftActors.Configuration;

/// <summary>Reads values of one section and turns whatever is wrong with them into one exception that names key, value and what is allowed.</summary>
internal sealed class SettingsReader(Config config, string section)
{
    public RaftConfigurationException Bad(string key, string allowed, Exception? cause = null) =>
        new($"{section}.{key}", Raw(key), allowed, cause);

    public TimeSpan Duration(string key)
    {
        const string Allowed = "must be a duration above 0 and below 24 days, such as 150ms or 2s";
        TimeSpan value = Read(key, Allowed, () => config.GetTimeSpan(key, null, allowInfinite: false));
        return value > TimeSpan.Zero && value.TotalMilliseconds < int.MaxValue ? value : throw Bad(key, Allowed);
    }

    public TimeSpan DurationOrNone(string key)
    {
        const string Allowed = "must be 0 or a duration below 24 days, such as 150ms or 2s";
        TimeSpan value = Read(key, Allowed, () => config.GetTimeSpan(key, null, allowInfinite: false));
        return value >= TimeSpan.Zero && value.TotalMilliseconds < int.MaxValue ? value : throw Bad(key, Allowed);
    }

    public long Size(string key, long least, long most)
    {
        string allowed = most == long.MaxValue
            ? $"must be a size of at least {least} bytes, such as 1MiB"
            : $"must be a size from {least} to {most} bytes, such as 1MiB";
        long? value = Read(key, allowed, () => config.GetByteSize(key, null));
        return value >= least && value <= most ? value.Value : throw Bad(key, allowed);
    }

    public int Count(string key, int least = 1)
    {
        string allowed = $"must be a whole number of at least {least.ToString(CultureInfo.InvariantCulture)}";
        int value = Read(key, allowed, () => config.GetInt(key));
        return value >= least ? value : throw Bad(key, allowed);
    }

    public double Fraction(string key)
    {
        const string Allowed = "must be a fraction of at least 0 and below 1, such as 0.01";
        double value = Read(key, Allowed, () => config.GetDouble(key));
        return value is >= 0 and < 1 ? value : throw Bad(key, Allowed);
    }

    public bool Switch(string key) => Read(key, "must be on or off", () => config.GetBoolean(key));

    public string Text(string key) => Read(key, "must be a text", () => config.GetString(key)) ?? string.Empty;

    private T Read<T>(string key, string allowed, Func<T> get)
    {
        try
        {
            return get();
        }
        catch (Exception e) when (e is not RaftConfigurationException)
        {
            // The parser's exception types differ from value to value; every one means that the value cannot be read.
            throw Bad(key, allowed, e);
        }
    }

    private string? Raw(string key)
    {
        try
        {
            return config.GetString(key);
        }
        catch (Exception)
        {
            return config.GetValue(key)?.ToString();
        }
    }
}
