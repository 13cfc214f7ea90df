namespace Hocon;

/// <summary>A part of a document.</summary>
public interface IHoconElement
{
    IHoconElement Parent { get; }

    HoconType Type { get; }

    /// <summary>As it would be written in a document.</summary>
    string Raw { get; }

    HoconObject GetObject();

    string GetString();

    IList<HoconValue> GetArray();

    string ToString(int indent, int indentSize);
}
