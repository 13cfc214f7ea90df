using System.Collections.Frozen;

namespace KvServer.Commands;

/// <summary>Every command that the server knows.</summary>
internal static class CommandTable
{
    private const int LongestName = 16;

    public static IReadOnlyList<CommandInfo> All { get; } =
    [
        new("PING", CommandKind.Ping, -1, CommandAccess.Local),
        new("ECHO", CommandKind.Echo, 2, CommandAccess.Local),
        new("SELECT", CommandKind.Select, 2, CommandAccess.Local),
        new("CLIENT", CommandKind.Client, -2, CommandAccess.Local),
        new("CONFIG", CommandKind.Config, -2, CommandAccess.Local),
        new("COMMAND", CommandKind.Command, -1, CommandAccess.Local),
        new("HELLO", CommandKind.Hello, -1, CommandAccess.Local),
        new("INFO", CommandKind.Info, -1, CommandAccess.Local),
        new("QUIT", CommandKind.Quit, -1, CommandAccess.Local),
        new("RAFT", CommandKind.Raft, -2, CommandAccess.Local),
        new("GET", CommandKind.Get, 2, CommandAccess.Read, 1, 1, 1),
        new("EXISTS", CommandKind.Exists, -2, CommandAccess.Read, 1, -1, 1),
        new("MGET", CommandKind.MGet, -2, CommandAccess.Read, 1, -1, 1),
        new("STRLEN", CommandKind.StrLen, 2, CommandAccess.Read, 1, 1, 1),
        new("TTL", CommandKind.Ttl, 2, CommandAccess.Read, 1, 1, 1),
        new("PTTL", CommandKind.PTtl, 2, CommandAccess.Read, 1, 1, 1),
        new("KEYS", CommandKind.Keys, 2, CommandAccess.Read),
        new("DBSIZE", CommandKind.DbSize, 1, CommandAccess.Read),
        new("SET", CommandKind.Set, -3, CommandAccess.Write, 1, 1, 1),
        new("DEL", CommandKind.Del, -2, CommandAccess.Write, 1, -1, 1),
        new("INCR", CommandKind.Incr, 2, CommandAccess.Write, 1, 1, 1),
        new("DECR", CommandKind.Decr, 2, CommandAccess.Write, 1, 1, 1),
        new("INCRBY", CommandKind.IncrBy, 3, CommandAccess.Write, 1, 1, 1),
        new("DECRBY", CommandKind.DecrBy, 3, CommandAccess.Write, 1, 1, 1),
        new("APPEND", CommandKind.Append, 3, CommandAccess.Write, 1, 1, 1),
        new("MSET", CommandKind.MSet, -3, CommandAccess.Write, 1, -1, 2),
        new("GETSET", CommandKind.GetSet, 3, CommandAccess.Write, 1, 1, 1),
        new("ONCE", CommandKind.Once, -5, CommandAccess.Write),
        new("CAS", CommandKind.Cas, 4, CommandAccess.Write, 1, 1, 1),
    ];

    private static readonly FrozenDictionary<string, CommandInfo>.AlternateLookup<ReadOnlySpan<char>> ByName =
        All.ToFrozenDictionary(c => c.Name, StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The command of that name in any case; null when there is none.</summary>
    public static CommandInfo? Find(ReadOnlySpan<byte> name)
    {
        if (name.Length > LongestName)
        {
            return null;
        }

        Span<char> upper = stackalloc char[LongestName];
        for (int i = 0; i < name.Length; i++)
        {
            byte b = name[i];
            upper[i] = (char)(b is >= (byte)'a' and <= (byte)'z' ? b - 32 : b);
        }

        return ByName.TryGetValue(upper[..name.Length], out CommandInfo? found) ? found : null;
    }
}
