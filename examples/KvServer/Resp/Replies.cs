using System.Text;

namespace KvServer.Resp;

/// <summary>The error replies, by code. The README of this example has the table: which of them are certain refusals, and which is not.</summary>
internal static class Replies
{
    public static byte[] Ok { get; } = "+OK\r\n"u8.ToArray();

    public static byte[] Pong { get; } = "+PONG\r\n"u8.ToArray();

    public static byte[] EmptyArray { get; } = "*0\r\n"u8.ToArray();

    public static byte[] Stopping { get; } = Error("STOPPING", "this server is stopping; not executed");

    public static byte[] Error(string code, string reason) => Encoding.UTF8.GetBytes($"-{code} {reason.ReplaceLineEndings(" ")}\r\n");

    public static byte[] WrongNumber(string command) => Error("ERR", $"wrong number of arguments for '{command.ToLowerInvariant()}' command");

    public static byte[] Bulk(string text)
    {
        int length = Encoding.UTF8.GetByteCount(text);
        return Encoding.UTF8.GetBytes($"${length}\r\n{text}\r\n");
    }
}
