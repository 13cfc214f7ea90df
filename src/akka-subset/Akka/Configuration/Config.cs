using System.Runtime.CompilerServices;
using System.Text;
using Akka.Configuration.Hocon;
using RaftActors.AkkaSubset.HoconText;

namespace Akka.Configuration;

/// <summary>
/// A HOCON document and, behind it, the documents that answer for what it does not say. Instances do not change
/// after construction, so any number of threads may read one.
/// </summary>
public class Config
{
    public static readonly Config Empty = new(new HoconRoot(new HoconValue()));

    public Config()
        : this(new HoconRoot(new HoconValue()))
    {
    }

    public Config(HoconRoot root)
    {
        ArgumentNullException.ThrowIfNull(root);
        Root = root.Value ?? throw new ArgumentNullException(nameof(root), "The root has no value.");
    }

    public Config(Config source, Config fallback)
    {
        ArgumentNullException.ThrowIfNull(source);
        Root = source.Root;
        Fallback = fallback;
    }

    public Config Fallback { get; private init; }

    public virtual bool IsEmpty => Root.IsEmpty;

    public virtual HoconValue Root { get; private init; }

    public static implicit operator Config(string str) => ConfigurationFactory.ParseString(str);

    public static Config operator +(Config config, string fallback) => config.WithFallback(ConfigurationFactory.ParseString(fallback));

    public static Config operator +(string configHocon, Config fallbackConfig) =>
        ConfigurationFactory.ParseString(configHocon).WithFallback(fallbackConfig);

    public virtual bool GetBoolean(string path, bool @default = false) => Read(path, @default, static value => value.GetBoolean());

    public virtual long? GetByteSize(string path) => GetByteSize(path, null);

    public virtual long? GetByteSize(string path, long? def = null) => Read(path, def, static value => value.GetByteSize());

    public virtual int GetInt(string path, int @default = 0) => Read(path, @default, static value => value.GetInt());

    public virtual long GetLong(string path, long @default = 0) => Read(path, @default, static value => value.GetLong());

    public virtual string GetString(string path, string @default = null) => Read(path, @default, static value => value.GetString());

    public virtual float GetFloat(string path, float @default = 0) => Read(path, @default, static value => value.GetFloat());

    public virtual decimal GetDecimal(string path, decimal @default = 0) => Read(path, @default, static value => value.GetDecimal());

    public virtual double GetDouble(string path, double @default = 0) => Read(path, @default, static value => value.GetDouble());

    public virtual IList<bool> GetBooleanList(string path) => Read(path, [], static value => value.GetBooleanList());

    public virtual IList<decimal> GetDecimalList(string path) => Read(path, [], static value => value.GetDecimalList());

    public virtual IList<float> GetFloatList(string path) => Read(path, [], static value => value.GetFloatList());

    public virtual IList<double> GetDoubleList(string path) => Read(path, [], static value => value.GetDoubleList());

    public virtual IList<int> GetIntList(string path) => Read(path, [], static value => value.GetIntList());

    public virtual IList<long> GetLongList(string path) => Read(path, [], static value => value.GetLongList());

    public virtual IList<byte> GetByteList(string path) => Read(path, [], static value => value.GetByteList());

    public virtual IList<string> GetStringList(string path) => Read(path, [], static value => value.GetStringList());

    public virtual IList<string> GetStringList(string path, string[] defaultPaths) =>
        Read(path, defaultPaths, static value => value.GetStringList());

    public virtual TimeSpan GetTimeSpan(string path, TimeSpan? @default = null, bool allowInfinite = true) => allowInfinite
        ? Read(path, @default.GetValueOrDefault(), static value => value.GetTimeSpan(allowInfinite: true))
        : Read(path, @default.GetValueOrDefault(), static value => value.GetTimeSpan(allowInfinite: false));

    /// <summary>The part of the document under a path with the fallbacks' parts behind it; null if no document has it.</summary>
    public virtual Config GetConfig(string path)
    {
        var keys = HoconPathText.Split(path);
        Config result = null;
        // From the last fallback to the first, so that each stands in front of those behind it.
        foreach (var layer in Layers().Reverse())
        {
            if (layer.Find(keys) is { IsNull: false } value)
                result = new Config { Root = value, Fallback = result };
        }

        return result;
    }

    public HoconValue GetValue(string path) => GetNode(path);

    public virtual bool HasPath(string path) => GetNode(path) is { IsNull: false };

    public virtual Config WithFallback(Config fallback)
    {
        if (ReferenceEquals(fallback, this))
            throw new ArgumentException("A configuration cannot be its own fallback.", nameof(fallback));
        if (fallback is null)
            return this;
        return IsEmpty && Fallback is null ? fallback : Copy(fallback);
    }

    /// <summary>The keys of the top level, each with the value of the first document that has it.</summary>
    public virtual IEnumerable<KeyValuePair<string, HoconValue>> AsEnumerable()
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var layer in Layers())
        {
            if (layer.Root.GetObject() is not { } fields)
                continue;
            foreach (var item in fields.Items)
            {
                if (seen.Add(item.Key))
                    yield return item;
            }
        }
    }

    /// <summary>The document itself, without its fallbacks.</summary>
    public override string ToString() => Root.ToString();

    public string ToString(bool includeFallback)
    {
        if (!includeFallback || Fallback is null)
            return ToString();
        var merged = new HoconObject();
        foreach (var layer in Layers())
        {
            if (layer.Root.GetObject() is { } fields)
                merged.Merge(fields);
        }

        return HoconValue.Of(merged).ToString();
    }

    protected Config Copy(Config fallback = null) => new()
    {
        Root = Root,
        Fallback = Fallback is null ? fallback : Fallback.Copy(fallback),
    };

    private IEnumerable<Config> Layers()
    {
        for (var layer = this; layer is not null; layer = layer.Fallback)
            yield return layer;
    }

    private HoconValue GetNode(string path)
    {
        var keys = HoconPathText.Split(path);
        for (var layer = this; layer is not null; layer = layer.Fallback)
        {
            if (layer.Find(keys) is { } found)
                return found;
        }

        return null;
    }

    private HoconValue Find(string[] keys)
    {
        var value = Root;
        foreach (var key in keys)
        {
            value = value.GetChildObject(key);
            if (value is null)
                return null;
        }

        return value;
    }

    private T Read<T>(string path, T @default, Func<HoconValue, T> read, [CallerMemberName] string caller = null)
    {
        var value = GetNode(path);
        if (value is null || value.IsNull)
            return @default;
        try
        {
            return read(value);
        }
        catch (FormatException problem)
        {
            throw new FormatException(Explain(path, caller, problem), problem);
        }
        catch (OverflowException problem)
        {
            throw new OverflowException(Explain(path, caller, problem), problem);
        }
        catch (NotSupportedException problem)
        {
            throw new NotSupportedException(Explain(path, caller, problem), problem);
        }
    }

    private static string Explain(string path, string caller, Exception problem)
    {
        var text = new StringBuilder("The setting [").Append(path).Append("] cannot be read");
        if (caller is not null)
            text.Append(" by ").Append(caller);
        return text.Append(": ").Append(problem.Message).ToString();
    }
}
