using RaftActors.AkkaSubset.HoconText;

namespace Hocon;

public abstract class HoconLiteral : IHoconElement
{
    protected HoconLiteral(IHoconElement parent, string value)
    {
        Parent = parent;
        Value = value;
    }

    public IHoconElement Parent { get; }

    public abstract HoconType Type { get; }

    public abstract HoconLiteralType LiteralType { get; }

    public virtual string Value { get; }

    public virtual string Raw => Value;

    public HoconObject GetObject() => throw new HoconException($"The literal [{Value}] is not an object.");

    public string GetString() => Value;

    public IList<HoconValue> GetArray() => throw new HoconException($"The literal [{Value}] is not an array.");

    public override string ToString() => Raw;

    public string ToString(int indent, int indentSize) => Raw;

    internal static HoconLiteral From(LiteralNode node, IHoconElement parent) => node.Kind switch
    {
        LiteralKind.Null => new HoconNull(parent),
        LiteralKind.Boolean => new HoconBool(parent, node.Text),
        LiteralKind.Long => new HoconLong(parent, node.Text),
        LiteralKind.Hex => new HoconHex(parent, node.Text),
        LiteralKind.Octal => new HoconOctal(parent, node.Text),
        LiteralKind.Double => new HoconDouble(parent, node.Text),
        LiteralKind.Quoted => new HoconQuotedString(parent, node.Text),
        LiteralKind.TripleQuoted => new HoconTripleQuotedString(parent, node.Text),
        _ => new HoconUnquotedString(parent, node.Text),
    };
}

public sealed class HoconNull : HoconLiteral
{
    public HoconNull(IHoconElement parent)
        : base(parent, null)
    {
    }

    public override HoconType Type => HoconType.String;

    public override HoconLiteralType LiteralType => HoconLiteralType.Null;

    public override string Raw => "null";

    public override string Value => null;
}

public sealed class HoconBool : HoconLiteral
{
    public HoconBool(IHoconElement parent, string value)
        : base(parent, value)
    {
    }

    public override HoconType Type => HoconType.Boolean;

    public override HoconLiteralType LiteralType => HoconLiteralType.Bool;
}

public sealed class HoconLong : HoconLiteral
{
    public HoconLong(IHoconElement parent, string value)
        : base(parent, value)
    {
    }

    public override HoconType Type => HoconType.Number;

    public override HoconLiteralType LiteralType => HoconLiteralType.Long;
}

public sealed class HoconHex : HoconLiteral
{
    public HoconHex(IHoconElement parent, string value)
        : base(parent, value)
    {
    }

    public override HoconType Type => HoconType.Number;

    public override HoconLiteralType LiteralType => HoconLiteralType.Hex;
}

public sealed class HoconOctal : HoconLiteral
{
    public HoconOctal(IHoconElement parent, string value)
        : base(parent, value)
    {
    }

    public override HoconType Type => HoconType.Number;

    public override HoconLiteralType LiteralType => HoconLiteralType.Octal;
}

public sealed class HoconDouble : HoconLiteral
{
    public HoconDouble(IHoconElement parent, string value)
        : base(parent, value)
    {
    }

    public override HoconType Type => HoconType.Number;

    public override HoconLiteralType LiteralType => HoconLiteralType.Double;
}

public sealed class HoconUnquotedString : HoconLiteral
{
    public HoconUnquotedString(IHoconElement parent, string value)
        : base(parent, value)
    {
    }

    public override HoconType Type => HoconType.String;

    public override HoconLiteralType LiteralType => HoconLiteralType.UnquotedString;
}

public sealed class HoconQuotedString : HoconLiteral
{
    public HoconQuotedString(IHoconElement parent, string value)
        : base(parent, value)
    {
    }

    public override HoconType Type => HoconType.String;

    public override HoconLiteralType LiteralType => HoconLiteralType.QuotedString;

    public override string Raw => HoconPrinting.Quote(Value);
}

public sealed class HoconTripleQuotedString : HoconLiteral
{
    public HoconTripleQuotedString(IHoconElement parent, string value)
        : base(parent, value)
    {
    }

    public override HoconType Type => HoconType.String;

    public override HoconLiteralType LiteralType => HoconLiteralType.TripleQuotedString;

    public override string Raw => "\"\"\"" + Value + "\"\"\"";
}
