namespace Hocon;

public sealed class HoconArray : List<HoconValue>, IHoconElement
{
    public HoconArray(IHoconElement parent)
    {
        Parent = parent;
    }

    public IHoconElement Parent { get; }

    public HoconType Type => HoconType.Array;

    public string Raw => ToString(0, 2);

    public HoconObject GetObject() => throw new HoconException("An array is not an object.");

    public string GetString() => throw new HoconException("An array is not a text.");

    public IList<HoconValue> GetArray() => this;

    public override string ToString() => ToString(0, 2);

    public string ToString(int indent, int indentSize) =>
        "[" + string.Join(", ", this.Select(item => item.ToString(indent + 1, indentSize))) + "]";
}
