using RaftActors.AkkaSubset.HoconText;

namespace Akka.Configuration.Hocon;

public class HoconValue : IMightBeAHoconObject
{
    public HoconValue()
        : this([])
    {
    }

    public HoconValue(List<IHoconElement> values, bool adoptedFromFallback = true)
    {
        Values = values;
        AdoptedFromFallback = adoptedFromFallback;
    }

    /// <summary>True if nothing is in it, or an object without keys.</summary>
    public bool IsEmpty => Values.Count == 0 || (Values[0] is HoconObject { Items.Count: 0 });

    public List<IHoconElement> Values { get; private set; }

    internal bool AdoptedFromFallback { get; }

    internal bool IsNull => Values.Count == 1 && Values[0] is HoconLiteral { Value: null };

    public Config AtKey(string key)
    {
        var root = new HoconObject();
        root.Items.Add(key, this);
        return new Config(new HoconRoot(Of(root)));
    }

    public Config ToConfig() => new(new HoconRoot(this));

    public void AppendValue(IHoconElement value)
    {
        if (value is HoconLiteral && Values.Exists(static known => known is HoconObject))
            Values.Clear();
        Values.Add(value);
    }

    public void Clear() => Values.Clear();

    public void NewValue(IHoconElement value)
    {
        Values.Clear();
        Values.Add(value);
    }

    public bool IsString() => Values.Count > 0 && Values.TrueForAll(static value => value.IsString());

    public bool IsArray() => Values.Exists(static value => value.IsArray());

    public bool IsObject() => GetObject() is not null;

    public HoconObject GetObject()
    {
        foreach (var value in Values)
        {
            switch (value)
            {
                case HoconObject found:
                    return found;
                case IMightBeAHoconObject other when other.IsObject():
                    return other.GetObject();
            }
        }

        return null;
    }

    public HoconValue GetChildObject(string key) => GetObject()?.GetKey(key);

    public string GetString()
    {
        if (!IsString())
            return null;
        return Values.Count == 1 ? Values[0].GetString() : string.Concat(Values.Select(static value => value.GetString()));
    }

    public IList<HoconValue> GetArray()
    {
        if (IsArray())
            return Values.Where(static value => value.IsArray()).SelectMany(static value => value.GetArray()).ToList();
        // An object whose keys are numbers stands for an array in the order of its keys.
        if (GetObject() is { Items.Count: > 0 } numbered && numbered.Items.Keys.All(static key => uint.TryParse(key, out _)))
            return numbered.Items.OrderBy(static item => uint.Parse(item.Key)).Select(static item => item.Value).ToList();
        return [];
    }

    public bool GetBoolean() => HoconScalars.ToBoolean(GetString());

    public int GetInt() => HoconScalars.ToInt(GetString());

    public long GetLong() => HoconScalars.ToLong(GetString());

    public byte GetByte() => HoconScalars.ToByte(GetString());

    public float GetFloat() => HoconScalars.ToFloat(GetString());

    public double GetDouble() => HoconScalars.ToDouble(GetString());

    public decimal GetDecimal() => HoconScalars.ToDecimal(GetString());

    public long? GetByteSize() => GetString() is { } text ? HoconScalars.ToByteSize(text) : null;

    public TimeSpan GetTimeSpan(bool allowInfinite = true) => HoconScalars.ToTimeSpan(GetString(), allowInfinite);

    public IList<string> GetStringList() => GetList(static value => value.GetString());

    public IList<bool> GetBooleanList() => GetList(static value => value.GetBoolean());

    public IList<int> GetIntList() => GetList(static value => value.GetInt());

    public IList<long> GetLongList() => GetList(static value => value.GetLong());

    public IList<byte> GetByteList() => GetList(static value => value.GetByte());

    public IList<float> GetFloatList() => GetList(static value => value.GetFloat());

    public IList<double> GetDoubleList() => GetList(static value => value.GetDouble());

    public IList<decimal> GetDecimalList() => GetList(static value => value.GetDecimal());

    public override string ToString() => ToString(0);

    public virtual string ToString(int indent)
    {
        if (IsNull)
            return "null";
        if (IsString())
            return HoconPrinting.String(GetString());
        if (GetObject() is { } fields)
        {
            if (indent == 0)
                return fields.ToString(0);
            return "{\n" + fields.ToString(indent) + new string(' ', (indent - 1) * 2) + "}";
        }

        return IsArray() ? "[" + string.Join(",", GetArray().Select(value => value.ToString(indent + 1))) + "]" : "";
    }

    internal static HoconValue Of(IHoconElement element) => new([element], adoptedFromFallback: false);

    internal HoconValue DeepCopy() => new(
        Values.ConvertAll(static value => value switch
        {
            HoconObject fields => fields.DeepCopy(),
            HoconArray items => CopyOf(items),
            _ => value,
        }),
        AdoptedFromFallback);

    private static HoconArray CopyOf(HoconArray items)
    {
        var copy = new HoconArray();
        copy.AddRange(items.Select(static item => item.DeepCopy()));
        return copy;
    }

    private List<T> GetList<T>(Func<HoconValue, T> read) => GetArray().Select(read).ToList();
}
