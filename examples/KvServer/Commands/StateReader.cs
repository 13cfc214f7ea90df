using KvServer.Resp;
using KvServer.State;

namespace KvServer.Commands;

/// <summary>Executes reads on the state and writes their replies.</summary>
internal static class StateReader
{
    /// <summary>Executes one read. The caller holds the state's lock.</summary>
    /// <param name="store">The state.</param>
    /// <param name="kind">The command.</param>
    /// <param name="arguments">Without the command's name.</param>
    /// <param name="now">The server's time, for what is left of a lifetime.</param>
    /// <param name="output">Where the reply goes.</param>
    public static void Execute(KvStore store, CommandKind kind, byte[][] arguments, long now, RespOutput output)
    {
        switch (kind)
        {
            case CommandKind.Get:
                Value(store, arguments[0], output);
                break;
            case CommandKind.MGet:
                output.Array(arguments.Length);
                foreach (byte[] key in arguments)
                {
                    Value(store, key, output);
                }

                break;
            case CommandKind.Exists:
                int found = 0;
                foreach (byte[] key in arguments)
                {
                    found += store.TryGet(key, out _) ? 1 : 0;
                }

                output.Integer(found);
                break;
            case CommandKind.StrLen:
                output.Integer(store.TryGet(arguments[0], out byte[]? value) ? value.Length : 0);
                break;
            case CommandKind.Ttl:
                long left = Left(store, arguments[0], now);
                output.Integer(left < 0 ? left : (left + 500) / 1000);
                break;
            case CommandKind.PTtl:
                output.Integer(Left(store, arguments[0], now));
                break;
            case CommandKind.DbSize:
                output.Integer(store.Count);
                break;
            case CommandKind.Keys:
                Keys(store, arguments[0], output);
                break;
            default:
                output.Error($"ERR '{kind}' is not a read");
                break;
        }
    }

    private static void Value(KvStore store, byte[] key, RespOutput output)
    {
        if (store.TryGet(key, out byte[]? value))
        {
            output.Bulk(value);
        }
        else
        {
            output.Nil();
        }
    }

    /// <summary>Milliseconds left; -1 for a key without expiry, -2 for no key.</summary>
    private static long Left(KvStore store, byte[] key, long now)
    {
        if (!store.TryGet(key, out _))
        {
            return -2;
        }

        // A clock that runs behind the log's must not show more than was asked for.
        return store.DeadlineOf(key) is { } deadline ? Math.Max(0, deadline - Math.Max(now, store.Clock)) : -1;
    }

    private static void Keys(KvStore store, byte[] pattern, RespOutput output)
    {
        List<byte[]> matching = [];
        foreach (byte[] key in store.Keys)
        {
            if (GlobPattern.IsMatch(pattern, key))
            {
                matching.Add(key);
            }
        }

        output.Array(matching.Count);
        foreach (byte[] key in matching)
        {
            output.Bulk(key);
        }
    }
}
