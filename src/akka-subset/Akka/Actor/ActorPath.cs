using System.Globalization;
using System.Text;
using Akka.Util;

namespace Akka.Actor;

/// <summary>The name of an actor from the root down, with the incarnation (uid) it was created as. Two paths are equal
/// when their address and names are; the uid is not looked at.</summary>
public abstract class ActorPath : IEquatable<ActorPath>, IComparable<ActorPath>, ISurrogated
{
    public const string ValidSymbols = "-_.*$+:@&=,!~';()";

    private static readonly string[] NoElements = [];

    private readonly Address _address;
    private readonly ActorPath _parent;
    private readonly string _name;
    private readonly long _uid;
    private readonly int _depth;
    private string[] _elements;
    private string _text;
    private int _hash;

    protected ActorPath(Address address, string name)
    {
        _address = address;
        _name = name;
        _parent = null;
        _depth = 0;
        _uid = ActorCell.UndefinedUid;
    }

    protected ActorPath(ActorPath parentPath, string name, long uid)
    {
        _address = parentPath._address;
        _parent = parentPath;
        _name = name;
        _uid = uid;
        _depth = parentPath._depth + 1;
    }

    public string Name => _name;

    public Address Address => _address;

    public int Depth => _depth;

    public long Uid => _uid;

    public ActorPath Parent => _parent ?? this;

    public ActorPath Root
    {
        get
        {
            var path = this;
            while (path._parent is not null)
                path = path._parent;
            return path;
        }
    }

    public IReadOnlyList<string> Elements => _elements ??= BuildElements();

    private string[] BuildElements()
    {
        if (_depth == 0)
            return NoElements;
        var elements = new string[_depth];
        var path = this;
        for (var i = _depth - 1; i >= 0; i--)
        {
            elements[i] = path._name;
            path = path._parent;
        }

        return elements;
    }

    public static bool operator ==(ActorPath left, ActorPath right) => left is null ? right is null : left.Equals(right);

    public static bool operator !=(ActorPath left, ActorPath right) => !(left == right);

    public static ActorPath operator /(ActorPath path, string name) => path.Child(name);

    public static ActorPath operator /(ActorPath path, IEnumerable<string> name)
    {
        foreach (var element in name)
        {
            if (!string.IsNullOrEmpty(element))
                path = new ChildActorPath(path, element, ActorCell.UndefinedUid);
        }

        return path;
    }

    /// <summary>The path below this one; "name#uid" gives it that uid.</summary>
    public ActorPath Child(string childName)
    {
        if (childName.Contains('/'))
            return this / childName.Split('/');
        ActorCell.SplitNameAndUid(childName, out var name, out var uid);
        return new ChildActorPath(this, name, uid);
    }

    /// <summary>The ancestor that is <paramref name="depth"/> levels from the root, or, when negative, that many levels up.</summary>
    public ActorPath ParentOf(int depth)
    {
        var levelsUp = depth >= 0 ? _depth - depth : -depth;
        var path = this;
        while (levelsUp-- > 0 && path._parent is not null)
            path = path._parent;
        return path;
    }

    public ActorPath WithUid(long uid)
    {
        if (uid == _uid)
            return this;
        if (_parent is null)
            throw new NotSupportedException("A root path has no uid");
        return new ChildActorPath(_parent, _name, uid);
    }

    public static bool IsValidPathElement(string s)
    {
        if (string.IsNullOrEmpty(s) || s[0] == '$')
            return false;
        for (var i = 0; i < s.Length; i++)
        {
            var c = s[i];
            if (char.IsAsciiLetterOrDigit(c) || ValidSymbols.Contains(c))
                continue;
            if (c == '%' && i + 2 < s.Length && char.IsAsciiHexDigit(s[i + 1]) && char.IsAsciiHexDigit(s[i + 2]))
            {
                i += 2;
                continue;
            }

            return false;
        }

        return true;
    }

    public static string FormatPathElements(IEnumerable<string> pathElements) => "/" + string.Join("/", pathElements);

    public static ActorPath Parse(string path) =>
        TryParse(path, out var parsed)
            ? parsed
            : throw new UriFormatException($"'{path}' is no actor path");

    public static bool TryParse(string path, out ActorPath actorPath)
    {
        actorPath = null;
        if (path is null || !Address.TryParse(path.AsSpan(), out var address, out var absoluteUri))
            return false;
        return TryParse(new RootActorPath(address), absoluteUri, out actorPath);
    }

    public static bool TryParse(ActorPath basePath, string absoluteUri, out ActorPath actorPath) =>
        TryParse(basePath, absoluteUri.AsSpan(), out actorPath);

    /// <summary>Appends "/a/b#uid" to <paramref name="basePath"/>.</summary>
    public static bool TryParse(ActorPath basePath, ReadOnlySpan<char> absoluteUri, out ActorPath actorPath)
    {
        actorPath = basePath;
        var uid = (long)ActorCell.UndefinedUid;
        var hash = absoluteUri.IndexOf('#');
        if (hash >= 0)
        {
            if (!long.TryParse(absoluteUri[(hash + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out uid))
            {
                actorPath = null;
                return false;
            }

            absoluteUri = absoluteUri[..hash];
        }

        while (!absoluteUri.IsEmpty)
        {
            var slash = absoluteUri.IndexOf('/');
            var element = slash < 0 ? absoluteUri : absoluteUri[..slash];
            absoluteUri = slash < 0 ? default : absoluteUri[(slash + 1)..];
            if (element.IsEmpty)
                continue;
            var last = absoluteUri.Trim('/').IsEmpty;
            actorPath = new ChildActorPath(actorPath, element.ToString(), last ? uid : ActorCell.UndefinedUid);
        }

        return true;
    }

    public static bool TryParseAddress(string path, out Address address) => Address.TryParse(path, out address);

    public static bool TryParseAddress(string path, out Address address, out ReadOnlySpan<char> absoluteUri) =>
        Address.TryParse(path.AsSpan(), out address, out absoluteUri);

    /// <summary>Splits a full path into its address and the rest, without reading either.</summary>
    public static bool TryParseParts(ReadOnlySpan<char> path, out ReadOnlySpan<char> address, out ReadOnlySpan<char> absoluteUri)
    {
        var schemeEnd = path.IndexOf("://");
        if (schemeEnd < 0)
        {
            address = default;
            absoluteUri = path;
            return false;
        }

        var slash = path[(schemeEnd + 3)..].IndexOf('/');
        if (slash < 0)
        {
            address = path;
            absoluteUri = "/";
        }
        else
        {
            address = path[..(schemeEnd + 3 + slash)];
            absoluteUri = path[(schemeEnd + 3 + slash)..];
        }

        return true;
    }

    public override string ToString() => _text ??= Format(_address, withUid: false);

    public string ToStringWithoutAddress() => Format(null, withUid: false);

    public string ToStringWithAddress() => ToString();

    /// <summary>With <paramref name="address"/> in place of an address that says nothing about host and port.</summary>
    public string ToStringWithAddress(Address address) => Format(AddressToPrint(address), withUid: false);

    public string ToStringWithUid() => Format(_address, withUid: true);

    public string ToSerializationFormat() => Format(_address, withUid: true);

    public string ToSerializationFormatWithAddress(Address address) => Format(AddressToPrint(address), withUid: true);

    private Address AddressToPrint(Address address) =>
        ReferenceEquals(this, Nobody.Instance.Path) || _address.HasGlobalScope || address is null ? _address : address;

    private string Format(Address address, bool withUid)
    {
        if (_depth == 0)
            return address + (_name.StartsWith('/') ? _name : "/" + _name);
        var text = new StringBuilder(64);
        if (address is not null)
            text.Append(address);
        foreach (var element in (string[])Elements)
            text.Append('/').Append(element);
        if (withUid && _uid != ActorCell.UndefinedUid)
            text.Append('#').Append(_uid.ToString(CultureInfo.InvariantCulture));
        return text.ToString();
    }

    public bool Equals(ActorPath other)
    {
        if (ReferenceEquals(this, other))
            return true;
        if (other is null || _depth != other._depth || GetHashCode() != other.GetHashCode())
            return false;
        var left = this;
        var right = other;
        while (left._parent is not null)
        {
            if (ReferenceEquals(left, right))
                return true;
            if (!string.Equals(left._name, right._name, StringComparison.Ordinal))
                return false;
            left = left._parent;
            right = right._parent;
        }

        return string.Equals(left._name, right._name, StringComparison.Ordinal) && left._address.Equals(right._address);
    }

    public override bool Equals(object obj) => obj is ActorPath other && Equals(other);

    public override int GetHashCode()
    {
        if (_hash != 0)
            return _hash;
        var hash = _parent is null
            ? HashCode.Combine(_address, _name)
            : HashCode.Combine(_parent.GetHashCode(), _name);
        return _hash = hash == 0 ? 1 : hash;
    }

    public int CompareTo(ActorPath other)
    {
        if (ReferenceEquals(this, other))
            return 0;
        if (other is null)
            return 1;
        var byAddress = _address.CompareTo(other._address);
        if (byAddress != 0)
            return byAddress;
        var mine = Elements;
        var theirs = other.Elements;
        for (var i = 0; i < mine.Count && i < theirs.Count; i++)
        {
            var byName = string.CompareOrdinal(mine[i], theirs[i]);
            if (byName != 0)
                return byName;
        }

        return mine.Count.CompareTo(theirs.Count);
    }

    public ISurrogate ToSurrogate(ActorSystem system) => new Surrogate(ToSerializationFormat());

    public sealed class Surrogate : ISurrogate, IEquatable<Surrogate>, IEquatable<ActorPath>
    {
        public Surrogate(string path)
        {
            Path = path;
        }

        public string Path { get; }

        public ISurrogated FromSurrogate(ActorSystem system) => TryParse(Path, out var path) ? path : null;

        public bool Equals(Surrogate other) => other is not null && string.Equals(Path, other.Path, StringComparison.Ordinal);

        public bool Equals(ActorPath other) => other is not null && string.Equals(Path, other.ToSerializationFormat(), StringComparison.Ordinal);

        public override bool Equals(object obj) => obj switch
        {
            Surrogate surrogate => Equals(surrogate),
            ActorPath path => Equals(path),
            _ => false,
        };

        public override int GetHashCode() => Path.GetHashCode();
    }
}

public sealed class RootActorPath : ActorPath
{
    public RootActorPath(Address address, string name = "")
        : base(address, name)
    {
    }
}

public sealed class ChildActorPath : ActorPath
{
    public ChildActorPath(ActorPath parentPath, string name, long uid)
        : base(parentPath, name, uid)
    {
    }
}

public static class RelativeActorPath
{
    /// <summary>The elements of a path without address; none when it is not such a path.</summary>
    public static IEnumerable<string> Unapply(string addr)
    {
        if (addr is null || addr.Contains("://"))
            return null;
        return addr.Split('#')[0].Split('/');
    }
}
