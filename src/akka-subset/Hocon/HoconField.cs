namespace Hocon;

/// <summary>A key of an object with its value.</summary>
public sealed class HoconField : IHoconElement
{
    private readonly HoconObject _parent;

    public HoconField(string key, HoconObject parent)
    {
        Key = key;
        _parent = parent;
        Value = new HoconValue(this);
    }

    public string Key { get; }

    public HoconValue Value { get; internal set; }

    public IHoconElement Parent => _parent;

    /// <summary>Every key from the root to this one.</summary>
    public HoconPath Path => new([.. _parent.Path, Key]);

    public HoconType Type => Value.Type;

    public string Raw => Value.Raw;

    public HoconObject GetObject() => Value.GetObject();

    public string GetString() => Value.GetString();

    public IList<HoconValue> GetArray() => Value.GetArray();

    public override string ToString() => ToString(0, 2);

    public string ToString(int indent, int indentSize) => Value.ToString(indent, indentSize);
}
