using RaftActors.AkkaSubset.HoconText;

namespace Hocon;

/// <summary>Keys from the outside in.</summary>
public sealed class HoconPath : List<string>, IEquatable<HoconPath>
{
    public static readonly HoconPath Empty = new([]);

    public HoconPath(IEnumerable<string> path)
        : base(path)
    {
    }

    public bool IsEmpty => Count == 0;

    /// <summary>The last key.</summary>
    public string Key => this[^1];

    public string Value => HoconPathText.Join(this);

    public static HoconPath Parse(string path) => new(HoconPathText.Split(path));

    public static bool TryParse(string path, out HoconPath result)
    {
        try
        {
            result = Parse(path);
            return true;
        }
        catch (FormatException)
        {
            result = null;
            return false;
        }
    }

    public HoconPath SubPath(int length) => new(GetRange(0, length));

    public HoconPath SubPath(int index, int count) => new(GetRange(index, count));

    public bool Equals(HoconPath other) => other is not null && this.SequenceEqual(other, StringComparer.Ordinal);

    public override bool Equals(object obj) => obj is HoconPath other && Equals(other);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var key in this)
            hash.Add(key, StringComparer.Ordinal);
        return hash.ToHashCode();
    }

    public override string ToString() => Value;
}
