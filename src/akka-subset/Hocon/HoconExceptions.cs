namespace Hocon;

/// <summary>The text is not HOCON. The message names the place, too.</summary>
public sealed class HoconParserException : Exception
{
    public HoconParserException()
    {
    }

    public HoconParserException(string message)
        : base(message)
    {
    }

    public HoconParserException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    internal HoconParserException(string message, int line, int column, Exception cause)
        : base(message, cause)
    {
        LineNumber = line;
        LinePosition = column;
    }

    public int LineNumber { get; }

    public int LinePosition { get; }
}

public class HoconException : Exception
{
    public HoconException(string message)
        : base(message)
    {
    }

    public HoconException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>The value at a path is missing, or is not what was asked for.</summary>
public class HoconValueException : HoconException
{
    public HoconValueException(string message, string failPath, Exception innerException)
        : base(message, innerException)
    {
        FailPath = failPath;
    }

    public string FailPath { get; }
}
