namespace Hocon;

public enum HoconType
{
    Empty,
    Array,
    Object,
    Number,
    Boolean,
    String,
}

public enum HoconLiteralType
{
    Null,
    Whitespace,
    UnquotedString,
    QuotedString,
    TripleQuotedString,
    Bool,
    Long,
    Hex,
    Octal,
    Double,
}

/// <summary>What an include statement asks for.</summary>
public enum HoconCallbackType
{
    File,
    Url,
    Resource,
}

/// <summary>Gives the text of an included document; null or nothing if there is none.</summary>
public delegate Task<string> HoconIncludeCallbackAsync(HoconCallbackType callbackType, string value);
