using System.Collections.Immutable;

namespace RaftActors.TestKit.Linearizability;

/// <summary>All keys of a store and their values. Immutable, compares by value.</summary>
public sealed class KeyValueState : IEquatable<KeyValueState>
{
    /// <summary>No keys.</summary>
    public static readonly KeyValueState Empty = new(ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal), 0);

    private readonly ImmutableSortedDictionary<string, string> _values;

    // The sum of the pairs' hashes: changes with one pair, not with all.
    private readonly int _hash;

    private KeyValueState(ImmutableSortedDictionary<string, string> values, int hash)
    {
        _values = values;
        _hash = hash;
    }

    /// <summary>The value of a key; nothing when it does not exist.</summary>
    /// <param name="key">The key.</param>
    public HistoryValue this[string key] => _values.GetValueOrDefault(key);

    /// <summary>The state with another value of a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value; nothing to remove it.</param>
    public KeyValueState With(string key, HistoryValue value)
    {
        string? old = _values.GetValueOrDefault(key);
        if (old == value.Text)
        {
            return this;
        }

        int hash = unchecked(_hash - (old is null ? 0 : HashCode.Combine(key, old)) + (value.Text is null ? 0 : HashCode.Combine(key, value.Text)));
        return new KeyValueState(value.Text is { } text ? _values.SetItem(key, text) : _values.Remove(key), hash);
    }

    /// <inheritdoc/>
    public bool Equals(KeyValueState? other) =>
        ReferenceEquals(this, other) || (other is not null && _hash == other._hash && _values.Count == other._values.Count && _values.SequenceEqual(other._values));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as KeyValueState);

    /// <inheritdoc/>
    public override int GetHashCode() => _hash;

    /// <inheritdoc/>
    public override string ToString() => $"{{{string.Join(", ", _values.Select(p => $"{p.Key}: {new HistoryValue(p.Value)}"))}}}";
}
