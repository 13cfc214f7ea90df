using System.Text;
using RaftActors.AkkaSubset.HoconText;

namespace Hocon;

#pragma warning disable CA2237 // Documents are not serialized by the formatter of old.
public class HoconObject : Dictionary<string, HoconField>, IHoconElement
#pragma warning restore CA2237
{
    public HoconObject(IHoconElement parent)
        : base(StringComparer.Ordinal)
    {
        Parent = parent;
    }

    public static HoconObject Empty => new(null);

    public bool IsEmpty => Count == 0;

    public IHoconElement Parent { get; }

    public HoconType Type => HoconType.Object;

    public string Raw => ToString(1, 2);

    public HoconPath Path
    {
        get
        {
            // Object, value, field: an element of an array has no path of its own and answers with the array's.
            for (var outer = Parent; outer is not null; outer = outer.Parent)
            {
                if (outer is HoconField owner)
                    return owner.Path;
            }

            return HoconPath.Empty;
        }
    }

    /// <summary>The same as nested dictionaries, lists and strings.</summary>
    public IDictionary<string, object> Unwrapped =>
        this.ToDictionary(static entry => entry.Key, static entry => Unwrap(entry.Value.Value), StringComparer.Ordinal);

    public new HoconField this[string key] => GetField(key);

    public HoconField this[HoconPath path] => GetField(path);

    public HoconField GetField(string key) =>
        TryGetField(key, out var found) ? found : throw new KeyNotFoundException($"[{Path}] has no key [{key}].");

    public HoconField GetField(HoconPath path) =>
        TryGetField(path, out var found) ? found : throw new KeyNotFoundException($"There is no path [{path}].");

    public bool TryGetField(string key, out HoconField result) => base.TryGetValue(key, out result);

    public bool TryGetField(HoconPath path, out HoconField result)
    {
        ArgumentNullException.ThrowIfNull(path);
        result = null;
        var inner = this;
        foreach (var key in path)
        {
            if (inner is null || !inner.TryGetField(key, out result))
            {
                result = null;
                return false;
            }

            inner = result.Value.Type == HoconType.Object ? result.GetObject() : null;
        }

        return result is not null;
    }

    public HoconValue GetValue(HoconPath path) => GetField(path).Value;

    public bool TryGetValue(HoconPath path, out HoconValue result)
    {
        result = TryGetField(path, out var found) ? found.Value : null;
        return result is not null;
    }

    public HoconObject GetObject() => this;

    public HoconObject GetObject(string key) => GetField(key).GetObject();

    public bool TryGetObject(string key, out HoconObject result)
    {
        result = TryGetField(key, out var found) && found.Type == HoconType.Object ? found.GetObject() : null;
        return result is not null;
    }

    public string GetString() => throw new HoconException($"The object [{Path}] is not a text.");

    public IList<HoconValue> GetArray()
    {
        if (!TryGetArray(out var items))
            throw new HoconException($"The object [{Path}] is not an array.");
        return items;
    }

    /// <summary>An object whose keys are numbers stands for an array in the order of its keys.</summary>
    public bool TryGetArray(out List<HoconValue> result)
    {
        result = null;
        if (Count == 0 || !Keys.All(static key => uint.TryParse(key, out _)))
            return false;
        result = this.OrderBy(static entry => uint.Parse(entry.Key)).Select(static entry => entry.Value.Value).ToList();
        return true;
    }

    public override string ToString() => ToString(0, 2);

    public string ToString(int indent, int indentSize)
    {
        var inner = new string(' ', indent * indentSize);
        var text = new StringBuilder();
        if (indent > 0)
            text.Append("{\n");
        var first = true;
        foreach (var (key, entry) in this)
        {
            if (!first)
                text.Append(",\n");
            text.Append(inner).Append(HoconPrinting.Key(key)).Append(" : ").Append(entry.ToString(indent + 1, indentSize));
            first = false;
        }

        if (indent > 0)
            text.Append('\n').Append(' ', (indent - 1) * indentSize).Append('}');
        return text.ToString();
    }

    internal void Put(string key, Node node)
    {
        var entry = new HoconField(key, this);
        entry.Value = HoconValue.From(node, entry);
        Add(key, entry);
    }

    private static object Unwrap(HoconValue value) => value.Type switch
    {
        HoconType.Object => value.GetObject().Unwrapped,
        HoconType.Array => value.GetArray().Select(Unwrap).ToList(),
        _ => value.GetString(),
    };
}
