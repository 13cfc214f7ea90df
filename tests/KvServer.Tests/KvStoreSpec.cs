using System.Buffers;
using System.Text;
using KvServer.State;

namespace KvServer.Tests;

public sealed class KvStoreSpec
{
    private readonly KvStore _store = new();

    [Fact]
    public void Store_must_set_only_as_asked()
    {
        Assert.Equal("nil", Run(w => Set(w, "a", "1", KvSetFlags.IfPresent)));
        Assert.Equal("ok", Run(w => Set(w, "a", "1", KvSetFlags.IfAbsent)));
        Assert.Equal("nil", Run(w => Set(w, "a", "2", KvSetFlags.IfAbsent)));
        Assert.Equal("'1", Run(w => Set(w, "a", "2", KvSetFlags.ReturnOld)));
        Assert.Equal("nil", Run(w => Set(w, "b", "2", KvSetFlags.ReturnOld)));
        Assert.Equal("2", Get("a"));
    }

    [Fact]
    public async Task Store_must_come_back_from_its_bytes_with_the_same_hash_and_go_on_the_same()
    {
        for (int i = 0; i < 3000; i++)
        {
            Run(w => Set(w, $"key {i % 2000}", new string('v', i % 100)));
        }

        using MemoryStream bytes = new();
        KvStateCopy copy = _store.Copy(3000);
        Run(w => Set(w, "key 1", "changed after the copy"));
        await copy.WriteAsync(bytes, CancellationToken.None);
        bytes.Position = 0;
        KvStateCopy read = await KvStateCopy.ReadAsync(bytes, CancellationToken.None);
        KvStore other = KvStore.From(read);
        Assert.Equal(3000, read.AppliedIndex);
        Assert.NotEqual(_store.Hash, other.Hash);
        Assert.Equal(_store.Count, other.Count);

        using MemoryStream again = new();
        await other.Copy(3000).WriteAsync(again, CancellationToken.None);
        Assert.Equal(bytes.ToArray(), again.ToArray());
    }

    [Theory]
    [InlineData("10", 5, "15")]
    [InlineData("10", -25, "-15")]
    [InlineData("9223372036854775807", 1, "!ERR increment or decrement would overflow")]
    [InlineData("-9223372036854775808", -1, "!ERR increment or decrement would overflow")]
    [InlineData("abc", 1, "!ERR value is not an integer or out of range")]
    [InlineData("", 1, "!ERR value is not an integer or out of range")]
    [InlineData("007", 1, "!ERR value is not an integer or out of range")]
    [InlineData(" 7", 1, "!ERR value is not an integer or out of range")]
    public void Store_must_count_only_numbers(string before, long delta, string expected)
    {
        Run(w => Set(w, "n", before));
        Assert.Equal(expected, Run(w => Increment(w, "n", delta)));
        Assert.Equal(expected[0] == '!' ? before : expected, Get("n"));
    }

    [Fact]
    public void Store_must_compare_before_it_sets()
    {
        Assert.Equal("nil", Run(w => Cas(w, "a", "", "1")));
        Run(w => Set(w, "a", "1"));
        Assert.Equal("0", Run(w => Cas(w, "a", "2", "3")));
        Assert.Equal("1", Run(w => Cas(w, "a", "1", "3")));
        Assert.Equal("3", Get("a"));
    }

    [Fact]
    public void Store_must_append_and_delete()
    {
        Assert.Equal("2", Run(w => Append(w, "a", "xy")));
        Assert.Equal("4", Run(w => Append(w, "a", "zz")));
        Assert.Equal("xyzz", Get("a"));
        Assert.Equal("1", Run(w => Delete(w, "a", "b", "a")));
        Assert.Null(Get("a"));
        Assert.Equal(0, _store.Count);
    }

    [Fact]
    public void Store_must_expire_by_the_time_in_the_log_only()
    {
        Run(w => Set(w, "a", "1", KvSetFlags.HasLifetime, 1000), at: 5000);
        Run(w => Set(w, "b", "1"), at: 5999);
        Assert.Equal("1", Get("a"));
        Assert.Equal(6000, _store.NextDeadline);

        // A proposer whose clock is behind does not turn back time.
        Run(w => Set(w, "c", "1", KvSetFlags.HasLifetime, 10_000), at: 100);
        Assert.Equal(15_999, _store.DeadlineOf("c"u8));
        Run(w => KvWriter.Operation(w, KvOperation.Tick), at: 6000);
        Assert.Null(Get("a"));
        Assert.Equal(2, _store.Count);
        Assert.Equal(1, _store.Expiring);
    }

    [Fact]
    public void Store_must_forget_or_keep_an_expiry_as_the_command_says()
    {
        Run(w => Set(w, "a", "1", KvSetFlags.HasLifetime, 1000), at: 1000);
        Run(w => Increment(w, "a", 1), at: 1100);
        Assert.Equal(2000, _store.DeadlineOf("a"u8));
        Run(w => Set(w, "a", "5", KvSetFlags.KeepExpiry), at: 1200);
        Assert.Equal(2000, _store.DeadlineOf("a"u8));
        Run(w => Set(w, "a", "5"), at: 1300);
        Assert.Null(_store.DeadlineOf("a"u8));
        Run(w => KvWriter.Operation(w, KvOperation.Tick), at: 9000);
        Assert.Equal("5", Get("a"));
    }

    [Fact]
    public void Store_must_not_gather_outdated_expiries()
    {
        for (int i = 0; i < 10_000; i++)
        {
            Run(w => Set(w, "a", "1", KvSetFlags.HasLifetime, (ulong)(100_000 + i)), at: 1000);
        }

        Assert.Equal(1, _store.Expiring);
        Run(w => Set(w, "a", "1"), at: 1000);
        Run(w => KvWriter.Operation(w, KvOperation.Tick), at: 10_000_000);
        Assert.Equal("1", Get("a"));
        Assert.Equal(long.MaxValue, _store.NextDeadline);
    }

    [Fact]
    public void Store_must_ignore_a_malformed_entry_and_refuse_a_newer_one()
    {
        Run(w => Set(w, "a", "1"));
        ulong hash = _store.Hash;
        ArrayBufferWriter<byte> entry = new();
        KvWriter.EntryHeader(entry, 0);
        Set(entry, "b", "2");
        KvWriter.Byte(entry, 99);
        _store.Apply(entry.WrittenSpan, null);
        _store.Apply([], null);
        _store.Apply([KvFormat.Version, 1, 2], null);
        Assert.Equal(3, _store.Malformed);
        Assert.Equal(hash, _store.Hash);
        Assert.Throws<NotSupportedException>(() => _store.Apply([KvFormat.Version + 1, 0, 0], null));
    }

    [Fact]
    public void Store_must_survive_every_truncation_and_bit_of_noise_in_an_entry()
    {
        int seed = Environment.TickCount;
        Random random = new(seed);
        ArrayBufferWriter<byte> writer = new();
        KvWriter.EntryHeader(writer, 1000);
        Set(writer, "a", "1", KvSetFlags.HasLifetime, 7);
        Delete(writer, "x", "y");
        Increment(writer, "n", 5);
        Append(writer, "a", "zz");
        SetMany(writer, "p", "q", "r", "s");
        Cas(writer, "a", "1", "2");
        byte[] entry = writer.WrittenSpan.ToArray();
        for (int round = 0; round < 5000; round++)
        {
            byte[] bad = entry[..random.Next(1, entry.Length + 1)];
            bad[random.Next(bad.Length)] ^= (byte)(1 << random.Next(8));
            bad[0] = KvFormat.Version;
            KvStore one = new(), other = new();
            ArrayBufferWriter<byte> results = new();
            one.Apply(bad, results);
            other.Apply(bad, null);
            Assert.True(one.Hash == other.Hash, $"seed {seed}, round {round}");
        }
    }

    [Fact]
    public void Hash_must_depend_on_the_state_and_not_on_the_way_to_it()
    {
        int seed = Environment.TickCount;
        Random random = new(seed);
        for (int round = 0; round < 50; round++)
        {
            KvStore busy = new();
            Dictionary<string, string> model = [];
            for (int i = 0; i < 200; i++)
            {
                string key = $"k{random.Next(20)}";
                string value = $"v{random.Next(1000)}";
                if (random.Next(3) == 0)
                {
                    model.Remove(key);
                    Apply(busy, w => Delete(w, key), 1000);
                }
                else
                {
                    model[key] = value;
                    Apply(busy, w => Set(w, key, value), 1000);
                }
            }

            KvStore direct = new();
            Apply(direct, w => KvWriter.Operation(w, KvOperation.Tick), 1000);
            foreach ((string key, string value) in model.OrderByDescending(p => p.Key, StringComparer.Ordinal))
            {
                Apply(direct, w => Set(w, key, value), 1000);
            }

            Assert.True(busy.Hash == direct.Hash, $"seed {seed}, round {round}");
            Apply(direct, w => Set(w, "k0", "other"), 1000);
            Assert.True(busy.Hash != direct.Hash, $"seed {seed}, round {round}");
        }
    }

    [Fact]
    public void Database_must_ignore_what_an_old_state_machine_still_does()
    {
        KvDatabase database = new();
        int old = database.Reset();
        database.Apply(old, 1, Entry(w => Set(w, "a", "1"), 0), null);
        int current = database.Reset();
        database.Apply(old, 2, Entry(w => Set(w, "b", "1"), 0), null);
        Assert.Equal(0, database.AppliedIndex);
        database.Apply(current, 1, Entry(w => Set(w, "a", "1"), 0), null);
        Assert.Equal(1, database.Read(0, (store, _) => store.Count));
    }

    internal static byte[] Entry(Action<ArrayBufferWriter<byte>> write, long at)
    {
        ArrayBufferWriter<byte> entry = new();
        KvWriter.EntryHeader(entry, at);
        write(entry);
        return entry.WrittenSpan.ToArray();
    }

    internal static void Set(IBufferWriter<byte> to, string key, string value, KvSetFlags flags = KvSetFlags.None, ulong lifetime = 0)
    {
        KvWriter.Operation(to, KvOperation.Set);
        KvWriter.Byte(to, (byte)flags);
        if ((flags & KvSetFlags.HasLifetime) != 0)
        {
            KvWriter.Number(to, lifetime);
        }

        Texts(to, key, value);
    }

    private static void Increment(IBufferWriter<byte> to, string key, long delta)
    {
        KvWriter.Operation(to, KvOperation.Increment);
        Texts(to, key);
        KvWriter.Signed(to, delta);
    }

    private static void Append(IBufferWriter<byte> to, string key, string value)
    {
        KvWriter.Operation(to, KvOperation.Append);
        Texts(to, key, value);
    }

    private static void Cas(IBufferWriter<byte> to, string key, string expected, string value)
    {
        KvWriter.Operation(to, KvOperation.CompareAndSet);
        Texts(to, key, expected, value);
    }

    private static void Delete(IBufferWriter<byte> to, params string[] keys)
    {
        KvWriter.Operation(to, KvOperation.Delete);
        KvWriter.Number(to, (ulong)keys.Length);
        Texts(to, keys);
    }

    private static void SetMany(IBufferWriter<byte> to, params string[] keysAndValues)
    {
        KvWriter.Operation(to, KvOperation.SetMany);
        KvWriter.Number(to, (ulong)(keysAndValues.Length / 2));
        Texts(to, keysAndValues);
    }

    private static void Texts(IBufferWriter<byte> to, params string[] texts)
    {
        foreach (string text in texts)
        {
            KvWriter.Bytes(to, Encoding.UTF8.GetBytes(text));
        }
    }

    private static string Apply(KvStore store, Action<ArrayBufferWriter<byte>> write, long at)
    {
        ArrayBufferWriter<byte> results = new();
        store.Apply(Entry(write, at), results);
        KvReader reader = new(results.WrittenSpan);
        reader.TryByte(out _);
        Assert.True(reader.TryResult(out KvResultKind kind, out long integer, out ReadOnlySpan<byte> bytes));
        Assert.True(reader.AtEnd);
        return kind switch
        {
            KvResultKind.Ok => "ok",
            KvResultKind.Nil => "nil",
            KvResultKind.Integer => $"{integer}",
            KvResultKind.Bulk => $"'{Encoding.UTF8.GetString(bytes)}",
            _ => $"!{Encoding.UTF8.GetString(bytes)}",
        };
    }

    private string Run(Action<ArrayBufferWriter<byte>> write, long at = 0) => Apply(_store, write, at);

    private string? Get(string key) => _store.TryGet(Encoding.UTF8.GetBytes(key), out byte[]? value) ? Encoding.UTF8.GetString(value) : null;
}
