using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;

namespace KvServer.State;

/// <summary>
/// The replicated state: keys, values, expiries and a clock. It changes by <see cref="Apply"/> only, and the same entries give the
/// same state on every replica: the clock is the highest time that an entry carried, and what has expired by it is removed at
/// once, at the same place of the log everywhere. Not thread-safe.
/// </summary>
internal sealed class KvStore
{
    private const long NoDeadline = 0;

    private readonly Dictionary<byte[], Entry> _entries = new(ByteKeyComparer.Instance);
    private readonly Dictionary<byte[], Entry>.AlternateLookup<ReadOnlySpan<byte>> _bySpan;

    // May hold what is no longer true (a key set again); the entry's own deadline decides.
    private readonly PriorityQueue<byte[], long> _expiries = new();
    private ulong _digest;

    public KvStore() => _bySpan = _entries.GetAlternateLookup<ReadOnlySpan<byte>>();

    /// <summary>Milliseconds since 1970: the highest time that an applied entry carried.</summary>
    public long Clock { get; private set; }

    public int Count => _entries.Count;

    /// <summary>Keys that will expire.</summary>
    public int Expiring { get; private set; }

    /// <summary>Entries that were not readable and had no effect.</summary>
    public long Malformed { get; private set; }

    /// <summary>No key expires before this; <see cref="long.MaxValue"/> when none does at all.</summary>
    public long NextDeadline => _expiries.TryPeek(out _, out long deadline) ? deadline : long.MaxValue;

    /// <summary>A digest of the whole state, the same on replicas that applied the same entries.</summary>
    public ulong Hash => StableHash.Add(StableHash.Add(_digest, (ulong)_entries.Count), (ulong)Clock);

    /// <summary>All keys, in no order.</summary>
    public IEnumerable<byte[]> Keys => _entries.Keys;

    /// <summary>A view of everything that later changes leave as it is: values are replaced, never written into.</summary>
    public KvStateCopy Copy(long appliedIndex)
    {
        (byte[] Key, byte[] Value, long Deadline)[] entries = new (byte[], byte[], long)[_entries.Count];
        int at = 0;
        foreach ((byte[] key, Entry entry) in _entries)
        {
            entries[at++] = (key, entry.Value, entry.Deadline);
        }

        return new KvStateCopy(appliedIndex, Clock, Malformed, entries);
    }

    /// <summary>The store that a copy was taken of.</summary>
    public static KvStore From(KvStateCopy copy)
    {
        KvStore store = new() { Clock = copy.Clock, Malformed = copy.Malformed };
        foreach ((byte[] key, byte[] value, long deadline) in copy.Entries)
        {
            store.Put(key, value, deadline);
        }

        return store;
    }

    /// <summary>Applies an entry and writes one result per operation.</summary>
    /// <param name="entry">See <see cref="KvFormat"/>.</param>
    /// <param name="results">Where the results go; null when nobody waits for them.</param>
    /// <exception cref="NotSupportedException">The entry was written by a newer program: applying anything but that would make replicas differ.</exception>
    public void Apply(ReadOnlySpan<byte> entry, IBufferWriter<byte>? results)
    {
        if (results is not null)
        {
            KvWriter.ResultHeader(results);
        }

        KvReader reader = new(entry);
        if (!reader.TryByte(out byte version))
        {
            Refuse(results);
            return;
        }

        if (version != KvFormat.Version)
        {
            throw new NotSupportedException($"An entry of format version {version} was found; this program knows version {KvFormat.Version} only.");
        }

        if (!reader.TryTime(out long time) || !IsWellFormed(reader))
        {
            Refuse(results);
            return;
        }

        if (time > Clock)
        {
            Clock = time;
            RemoveExpired();
        }

        while (!reader.AtEnd)
        {
            ApplyOperation(ref reader, results);
        }
    }

    /// <summary>The value of a key.</summary>
    public bool TryGet(ReadOnlySpan<byte> key, [NotNullWhen(true)] out byte[]? value)
    {
        bool found = _bySpan.TryGetValue(key, out Entry entry);
        value = found ? entry.Value : null;
        return found;
    }

    /// <summary>When a key expires; null when it never does or does not exist.</summary>
    public long? DeadlineOf(ReadOnlySpan<byte> key) =>
        _bySpan.TryGetValue(key, out Entry entry) && entry.Deadline != NoDeadline ? entry.Deadline : null;

    private static bool IsWellFormed(KvReader reader)
    {
        while (!reader.AtEnd)
        {
            if (!reader.TrySkipOperation())
            {
                return false;
            }
        }

        return true;
    }

    private void Refuse(IBufferWriter<byte>? results)
    {
        // Someone wrote to the stream past this server. It has no effect, on every replica alike.
        Malformed++;
        if (results is not null)
        {
            KvWriter.Error(results, "ERR malformed entry, no effect");
        }
    }

    private void ApplyOperation(ref KvReader reader, IBufferWriter<byte>? results)
    {
        IBufferWriter<byte> to = results ?? NoResults.Instance;
        reader.TryByte(out byte operation);
        switch ((KvOperation)operation)
        {
            case KvOperation.Set:
                ApplySet(ref reader, to);
                break;
            case KvOperation.Delete:
                ApplyDelete(ref reader, to);
                break;
            case KvOperation.Increment:
                ApplyIncrement(ref reader, to);
                break;
            case KvOperation.Append:
                ApplyAppend(ref reader, to);
                break;
            case KvOperation.SetMany:
                reader.TryNumber(out ulong count);
                for (; count > 0; count--)
                {
                    reader.TryBytes(out ReadOnlySpan<byte> key);
                    reader.TryBytes(out ReadOnlySpan<byte> value);
                    Put(key, value.ToArray(), NoDeadline);
                }

                KvWriter.Ok(to);
                break;
            case KvOperation.CompareAndSet:
                ApplyCompareAndSet(ref reader, to);
                break;
            default:
                KvWriter.Ok(to); // Tick: the entry's time has done its work already.
                break;
        }
    }

    private void ApplySet(ref KvReader reader, IBufferWriter<byte> to)
    {
        reader.TryByte(out byte raw);
        KvSetFlags flags = (KvSetFlags)raw;
        ulong lifetime = 0;
        if ((flags & KvSetFlags.HasLifetime) != 0)
        {
            reader.TryNumber(out lifetime);
        }

        reader.TryBytes(out ReadOnlySpan<byte> key);
        reader.TryBytes(out ReadOnlySpan<byte> value);
        bool exists = _bySpan.TryGetValue(key, out Entry old);
        bool refused = ((flags & KvSetFlags.IfAbsent) != 0 && exists) || ((flags & KvSetFlags.IfPresent) != 0 && !exists);
        if (!refused)
        {
            long deadline = (flags & KvSetFlags.HasLifetime) != 0 ? DeadlineIn(lifetime)
                : (flags & KvSetFlags.KeepExpiry) != 0 && exists ? old.Deadline
                : NoDeadline;
            Put(key, value.ToArray(), deadline);
        }

        if ((flags & KvSetFlags.ReturnOld) != 0)
        {
            if (exists)
            {
                KvWriter.Bulk(to, old.Value);
            }
            else
            {
                KvWriter.Nil(to);
            }
        }
        else if (refused)
        {
            KvWriter.Nil(to);
        }
        else
        {
            KvWriter.Ok(to);
        }
    }

    private void ApplyDelete(ref KvReader reader, IBufferWriter<byte> to)
    {
        reader.TryNumber(out ulong count);
        long removed = 0;
        for (; count > 0; count--)
        {
            reader.TryBytes(out ReadOnlySpan<byte> key);
            removed += Remove(key) ? 1 : 0;
        }

        KvWriter.Integer(to, removed);
    }

    private void ApplyIncrement(ref KvReader reader, IBufferWriter<byte> to)
    {
        reader.TryBytes(out ReadOnlySpan<byte> key);
        reader.TrySigned(out long delta);
        long number = 0;
        long deadline = NoDeadline;
        if (_bySpan.TryGetValue(key, out Entry old))
        {
            if (!TryInteger(old.Value, out number))
            {
                KvWriter.Error(to, "ERR value is not an integer or out of range");
                return;
            }

            deadline = old.Deadline;
        }

        long sum = unchecked(number + delta);
        if (((number ^ sum) & (delta ^ sum)) < 0)
        {
            KvWriter.Error(to, "ERR increment or decrement would overflow");
            return;
        }

        Span<byte> text = stackalloc byte[20];
        Utf8Formatter.TryFormat(sum, text, out int length);
        Put(key, text[..length].ToArray(), deadline);
        KvWriter.Integer(to, sum);
    }

    private void ApplyAppend(ref KvReader reader, IBufferWriter<byte> to)
    {
        reader.TryBytes(out ReadOnlySpan<byte> key);
        reader.TryBytes(out ReadOnlySpan<byte> more);
        bool exists = _bySpan.TryGetValue(key, out Entry old);
        int before = exists ? old.Value.Length : 0;
        if ((long)before + more.Length > KvFormat.MaxValueLength)
        {
            KvWriter.Error(to, $"TOOLARGE value of {(long)before + more.Length} bytes exceeds limit {KvFormat.MaxValueLength}");
            return;
        }

        byte[] value = new byte[before + more.Length];
        old.Value.AsSpan().CopyTo(value);
        more.CopyTo(value.AsSpan(before));
        Put(key, value, exists ? old.Deadline : NoDeadline);
        KvWriter.Integer(to, value.Length);
    }

    private void ApplyCompareAndSet(ref KvReader reader, IBufferWriter<byte> to)
    {
        reader.TryBytes(out ReadOnlySpan<byte> key);
        reader.TryBytes(out ReadOnlySpan<byte> expected);
        reader.TryBytes(out ReadOnlySpan<byte> value);
        if (!_bySpan.TryGetValue(key, out Entry old))
        {
            KvWriter.Nil(to);
            return;
        }

        bool equal = expected.SequenceEqual(old.Value);
        if (equal)
        {
            Put(key, value.ToArray(), old.Deadline);
        }

        KvWriter.Integer(to, equal ? 1 : 0);
    }

    private long DeadlineIn(ulong lifetime) => lifetime > (ulong)(long.MaxValue - 1 - Clock) ? long.MaxValue - 1 : Clock + (long)lifetime;

    private void Put(ReadOnlySpan<byte> key, byte[] value, long deadline)
    {
        if (!_bySpan.TryGetValue(key, out byte[]? stored, out Entry old))
        {
            stored = key.ToArray();
        }
        else
        {
            _digest -= old.Digest;
            Expiring -= old.Deadline != NoDeadline ? 1 : 0;
        }

        Entry entry = new(value, deadline, StableHash.OfEntry(key, value, deadline));
        _digest += entry.Digest;
        _entries[stored] = entry;
        if (deadline != NoDeadline)
        {
            Expiring++;
            if (old.Deadline != deadline)
            {
                _expiries.Enqueue(stored, deadline);
                TidyExpiries();
            }
        }
    }

    private bool Remove(ReadOnlySpan<byte> key)
    {
        if (!_bySpan.Remove(key, out _, out Entry old))
        {
            return false;
        }

        _digest -= old.Digest;
        Expiring -= old.Deadline != NoDeadline ? 1 : 0;
        return true;
    }

    private void RemoveExpired()
    {
        while (_expiries.TryPeek(out byte[]? key, out long deadline) && deadline <= Clock)
        {
            _expiries.Dequeue();
            if (_entries.TryGetValue(key, out Entry entry) && entry.Deadline == deadline)
            {
                Remove(key);
            }
        }
    }

    private void TidyExpiries()
    {
        // A key that is set again and again with a long lifetime leaves an outdated item behind each time.
        if (_expiries.Count <= (2 * Expiring) + 1024)
        {
            return;
        }

        _expiries.Clear();
        foreach ((byte[] key, Entry entry) in _entries)
        {
            if (entry.Deadline != NoDeadline)
            {
                _expiries.Enqueue(key, entry.Deadline);
            }
        }
    }

    private static bool TryInteger(ReadOnlySpan<byte> text, out long value)
    {
        // "007" and "+7" are not how a number is written: what was stored would not come back unchanged.
        Span<byte> canonical = stackalloc byte[20];
        return Utf8Parser.TryParse(text, out value, out int used) && used == text.Length
            && Utf8Formatter.TryFormat(value, canonical, out int length) && text.SequenceEqual(canonical[..length]);
    }

    private readonly record struct Entry(byte[] Value, long Deadline, ulong Digest);

    /// <summary>Takes results that nobody waits for.</summary>
    private sealed class NoResults : IBufferWriter<byte>
    {
        [ThreadStatic]
        private static byte[]? s_scratch;

        public static NoResults Instance { get; } = new();

        public void Advance(int count)
        {
        }

        public Memory<byte> GetMemory(int sizeHint = 0)
        {
            if (s_scratch is null || s_scratch.Length < sizeHint)
            {
                s_scratch = new byte[Math.Max(sizeHint, 256)];
            }

            return s_scratch;
        }

        public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;
    }
}
