namespace Akka.Configuration.Hocon;

public class HoconLiteral : IHoconElement
{
    /// <summary>The text; null for the literal null.</summary>
    public string Value { get; set; }

    public bool IsString() => true;

    public string GetString() => Value;

    public bool IsArray() => false;

    public IList<HoconValue> GetArray() => throw new InvalidOperationException($"[{Value}] is not an array.");

    public override string ToString() => Value;
}
