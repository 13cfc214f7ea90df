using System.Collections.ObjectModel;
using RaftActors.AkkaSubset.HoconText;

namespace Hocon;

/// <summary>What stands at a key or in an array.</summary>
public class HoconValue : List<IHoconElement>, IHoconElement
{
    public HoconValue(IHoconElement parent)
    {
        Parent = parent;
    }

    public IHoconElement Parent { get; }

    public ReadOnlyCollection<IHoconElement> Children => AsReadOnly();

    public virtual HoconType Type => Count == 0 ? HoconType.Empty : this[0].Type;

    public virtual string Raw => string.Concat(this.Select(static part => part.Raw));

    public virtual HoconObject GetObject() => Count == 0 ? throw Wrong("an object") : this[0].GetObject();

    public virtual string GetString() => Count switch
    {
        0 => null,
        1 => this[0].GetString(),
        _ => string.Concat(this.Select(static part => part.GetString())),
    };

    public virtual IList<HoconValue> GetArray() => Count == 0 ? throw Wrong("an array") : this[0].GetArray();

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

    public IList<HoconObject> GetObjectList() => GetList(static value => value.GetObject());

    public override string ToString() => ToString(0, 2);

    public virtual string ToString(int indent, int indentSize) => string.Concat(this.Select(part => part.ToString(indent, indentSize)));

    internal static HoconValue From(Node node, IHoconElement parent)
    {
        var value = new HoconValue(parent);
        switch (node)
        {
            case ObjectNode fields:
                var inner = new HoconObject(value);
                foreach (var (key, entry) in fields.Fields)
                    inner.Put(key, entry.Values[^1]);
                value.Add(inner);
                break;
            case ArrayNode items:
                var array = new HoconArray(value);
                foreach (var item in items.Items)
                    array.Add(From(item, array));
                value.Add(array);
                break;
            default:
                value.Add(HoconLiteral.From((LiteralNode)node, value));
                break;
        }

        return value;
    }

    private static HoconException Wrong(string wanted) => new($"The value is empty, not {wanted}.");

    private List<T> GetList<T>(Func<HoconValue, T> read) => GetArray().Select(read).ToList();
}
