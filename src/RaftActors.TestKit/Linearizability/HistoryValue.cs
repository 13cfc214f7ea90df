using System.Globalization;

namespace RaftActors.TestKit.Linearizability;

/// <summary>
/// A key, an argument or a result in a history: nothing, a text, or a list of texts (operations on several keys). Numbers are texts
/// in invariant form, truth values are <c>1</c> and <c>0</c>; two values are equal when their texts are.
/// </summary>
public readonly struct HistoryValue : IEquatable<HistoryValue>
{
    private readonly object? _value;

    /// <summary>A text, or nothing for null.</summary>
    /// <param name="text">The text.</param>
    public HistoryValue(string? text) => _value = text;

    /// <summary>A list.</summary>
    /// <param name="items">Its parts; null stands for "no value" (a key that does not exist). Copied.</param>
    public HistoryValue(IEnumerable<string?> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        _value = items.ToArray();
    }

    /// <summary>No value.</summary>
    public static HistoryValue Null => default;

    /// <summary>True when there is no value.</summary>
    public bool IsNull => _value is null;

    /// <summary>True for a list.</summary>
    public bool IsList => _value is string?[];

    /// <summary>The text; null when there is none, and for a list.</summary>
    public string? Text => _value as string;

    /// <summary>The parts of a list; of a text, itself; empty when there is no value.</summary>
    public IReadOnlyList<string?> Items => _value switch
    {
        string?[] items => items,
        string text => [text],
        _ => [],
    };

    /// <summary>Makes a value of a text.</summary>
    /// <param name="text">The text; null for no value.</param>
    public static implicit operator HistoryValue(string? text) => new(text);

    /// <summary>Makes a value of a number.</summary>
    /// <param name="number">The number.</param>
    public static implicit operator HistoryValue(long number) => new(number.ToString(CultureInfo.InvariantCulture));

    /// <summary>Makes a value of a truth value: 1 or 0.</summary>
    /// <param name="truth">The truth value.</param>
    public static implicit operator HistoryValue(bool truth) => new(truth ? "1" : "0");

    /// <summary>True when both are the same.</summary>
    /// <param name="left">One value.</param>
    /// <param name="right">The other.</param>
    public static bool operator ==(HistoryValue left, HistoryValue right) => left.Equals(right);

    /// <summary>True when they differ.</summary>
    /// <param name="left">One value.</param>
    /// <param name="right">The other.</param>
    public static bool operator !=(HistoryValue left, HistoryValue right) => !left.Equals(right);

    /// <summary>Reads a number in its canonical form: no sign for what is positive, no leading zeros, no spaces.</summary>
    /// <param name="number">The number.</param>
    /// <returns>False when the value is not a 64-bit number in that form.</returns>
    public bool TryGetInt64(out long number)
    {
        number = 0;
        if (_value is not string { Length: > 0 } text)
        {
            return false;
        }

        int first = text[0] == '-' ? 1 : 0;
        bool isCanonical = text.Length > first && (text[first] is >= '1' and <= '9' || text == "0");
        return isCanonical && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);
    }

    /// <summary>Reads a truth value: <c>1</c>, <c>true</c> or <c>OK</c>; <c>0</c> or <c>false</c>.</summary>
    /// <returns>Null when the value is none of them.</returns>
    public bool? AsTruth() => _value switch
    {
        "1" or "true" or "True" or "OK" or "ok" => true,
        "0" or "false" or "False" => false,
        _ => null,
    };

    /// <inheritdoc/>
    public bool Equals(HistoryValue other) => _value switch
    {
        null => other._value is null,
        string text => other._value is string that && text == that,
        string?[] items => other._value is string?[] those && items.AsSpan().SequenceEqual(those),
        _ => false,
    };

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is HistoryValue other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        if (_value is not string?[] items)
        {
            return _value?.GetHashCode() ?? 0;
        }

        HashCode hash = default;
        foreach (string? item in items)
        {
            hash.Add(item);
        }

        return hash.ToHashCode();
    }

    /// <summary>For people: <c>nil</c>, the text (in quotes when it holds anything but letters, digits and a few signs), or the list in brackets.</summary>
    public override string ToString() => _value switch
    {
        string text => Show(text),
        string?[] items => $"[{string.Join(", ", items.Select(Show))}]",
        _ => "nil",
    };

    private static string Show(string? text)
    {
        if (text is null)
        {
            return "nil";
        }

        const int Longest = 40;
        string shown = text.Length <= Longest ? text : text[..Longest] + "…";
        return text.Length > 0 && text != "nil" && text.All(c => char.IsLetterOrDigit(c) || c is '-' or '_' or '.' or ':' or '/') ? shown : $"\"{shown}\"";
    }
}
