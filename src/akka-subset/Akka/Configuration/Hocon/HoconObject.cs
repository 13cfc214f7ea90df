using System.Text;
using RaftActors.AkkaSubset.HoconText;

namespace Akka.Configuration.Hocon;

public class HoconObject : IHoconElement
{
    public Dictionary<string, HoconValue> Items { get; private set; } = new(StringComparer.Ordinal);

    /// <summary>The same as nested dictionaries, lists and strings.</summary>
    public IDictionary<string, object> Unwrapped => Items.ToDictionary(item => item.Key, item => Unwrap(item.Value), StringComparer.Ordinal);

    public bool IsString() => false;

    public string GetString() => throw new InvalidOperationException("An object is not a text.");

    public bool IsArray() => false;

    public IList<HoconValue> GetArray() => throw new InvalidOperationException("An object is not an array.");

    public HoconValue GetKey(string key) => Items.GetValueOrDefault(key);

    public HoconValue GetOrCreateKey(string key)
    {
        if (!Items.TryGetValue(key, out var value))
            Items[key] = value = new HoconValue();
        return value;
    }

    /// <summary>Adds what the other one has and this one lacks; where both have an object, those merge.</summary>
    public void Merge(HoconObject other)
    {
        foreach (var (key, value) in other.Items)
        {
            if (!Items.TryGetValue(key, out var mine))
                Items[key] = value.DeepCopy();
            else if (mine.IsObject() && value.IsObject())
                mine.GetObject().Merge(value.GetObject());
        }
    }

    public override string ToString() => ToString(0);

    public string ToString(int indent)
    {
        var text = new StringBuilder();
        foreach (var (key, value) in Items)
            text.Append(' ', indent * 2).Append(HoconPrinting.Key(key)).Append(" : ").Append(value.ToString(indent + 1)).Append('\n');
        return text.ToString();
    }

    internal HoconObject DeepCopy()
    {
        var copy = new HoconObject { Items = new Dictionary<string, HoconValue>(Items.Count, StringComparer.Ordinal) };
        foreach (var (key, value) in Items)
            copy.Items.Add(key, value.DeepCopy());
        return copy;
    }

    private static object Unwrap(HoconValue value)
    {
        if (value.IsObject())
            return value.GetObject().Unwrapped;
        return value.IsArray() ? value.GetArray().Select(Unwrap).ToList() : value.GetString();
    }
}
