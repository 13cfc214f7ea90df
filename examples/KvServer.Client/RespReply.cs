using System.Text;

namespace KvServer.Client;

/// <summary>What a reply is.</summary>
public enum RespReplyKind
{
    /// <summary>A word, such as OK.</summary>
    Status,

    /// <summary>An error: a code and a reason.</summary>
    Error,

    /// <summary>A number.</summary>
    Integer,

    /// <summary>Bytes.</summary>
    Bulk,

    /// <summary>No value.</summary>
    Nil,

    /// <summary>Several replies in one.</summary>
    Array,
}

/// <summary>One reply of a server.</summary>
public sealed class RespReply
{
    private RespReply(RespReplyKind kind, byte[] bytes, long integer, RespReply[] items)
    {
        Kind = kind;
        Bytes = bytes;
        Integer = integer;
        Items = items;
    }

    /// <summary>What it is.</summary>
    public RespReplyKind Kind { get; }

    /// <summary>The bytes of a status, an error or a bulk string; empty otherwise.</summary>
    public byte[] Bytes { get; }

    /// <summary>The number of an integer reply.</summary>
    public long Integer { get; }

    /// <summary>The parts of an array.</summary>
    public IReadOnlyList<RespReply> Items { get; }

    /// <summary>The bytes as text.</summary>
    public string Text => Encoding.UTF8.GetString(Bytes);

    /// <summary>True for an error.</summary>
    public bool IsError => Kind == RespReplyKind.Error;

    /// <summary>The first word of an error: its code.</summary>
    public string ErrorCode => IsError ? Text.Split(' ', 2)[0] : "";

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        RespReplyKind.Integer => Integer.ToString(System.Globalization.CultureInfo.InvariantCulture),
        RespReplyKind.Nil => "(nil)",
        RespReplyKind.Array => $"[{string.Join(", ", Items)}]",
        RespReplyKind.Error => $"(error) {Text}",
        _ => Text,
    };

    internal static RespReply OfBytes(RespReplyKind kind, byte[] bytes) => new(kind, bytes, 0, []);

    internal static RespReply OfInteger(long value) => new(RespReplyKind.Integer, [], value, []);

    internal static RespReply OfNil() => new(RespReplyKind.Nil, [], 0, []);

    internal static RespReply OfArray(RespReply[] items) => new(RespReplyKind.Array, [], 0, items);
}
