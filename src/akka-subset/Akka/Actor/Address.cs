using System.Globalization;
using Akka.Util;

namespace Akka.Actor;

/// <summary>Which actor system a path belongs to: protocol, system name and, when it is reached over a network, host and port.</summary>
public sealed class Address : IEquatable<Address>, IComparable<Address>, IComparable, ISurrogated, ICloneable
{
    /// <summary>The address of no particular system.</summary>
    public static readonly Address AllSystems = new("akka", "all-systems");

    public static readonly IComparer<Address> Comparer = Comparer<Address>.Create(Compare);

    private readonly int _hash;
    private string _text;

    public Address(string protocol, string system, string host = null, int? port = null)
    {
        Protocol = protocol;
        System = system;
        Host = host?.ToLowerInvariant();
        Port = port;
        _hash = HashCode.Combine(Protocol, System, Host, Port);
    }

    public string Protocol { get; }

    public string System { get; }

    public string Host { get; }

    public int? Port { get; }

    public bool HasLocalScope => string.IsNullOrEmpty(Host);

    public bool HasGlobalScope => !string.IsNullOrEmpty(Host);

    public static bool operator ==(Address left, Address right) => left is null ? right is null : left.Equals(right);

    public static bool operator !=(Address left, Address right) => !(left == right);

    public Address WithHost(string host = null) => new(Protocol, System, host, Port);

    public Address WithPort(int? port = null) => new(Protocol, System, Host, port);

    public Address WithProtocol(string protocol) => new(protocol, System, Host, Port);

    public Address WithSystem(string system) => new(Protocol, system, Host, Port);

    /// <summary>The part after "protocol://".</summary>
    public string HostPort()
    {
        var text = ToString();
        return text[(Protocol.Length + 3)..];
    }

    public override string ToString() => _text ??= Format();

    private string Format()
    {
        var text = $"{Protocol}://{System}";
        if (!string.IsNullOrEmpty(Host))
            text += "@" + Host;
        if (Port.HasValue)
            text += ":" + Port.Value.ToString(CultureInfo.InvariantCulture);
        return text;
    }

    public bool Equals(Address other)
    {
        if (ReferenceEquals(this, other))
            return true;
        return other is not null && _hash == other._hash && Port == other.Port
            && string.Equals(Host, other.Host, StringComparison.Ordinal)
            && string.Equals(System, other.System, StringComparison.Ordinal)
            && string.Equals(Protocol, other.Protocol, StringComparison.Ordinal);
    }

    public override bool Equals(object obj) => obj is Address other && Equals(other);

    public override int GetHashCode() => _hash;

    public int CompareTo(Address other) => Compare(this, other);

    int IComparable.CompareTo(object obj) => obj switch
    {
        null => 1,
        Address other => Compare(this, other),
        _ => throw new ArgumentException($"Cannot compare an address with {obj.GetType()}", nameof(obj)),
    };

    private static int Compare(Address left, Address right)
    {
        if (ReferenceEquals(left, right))
            return 0;
        if (left is null)
            return -1;
        if (right is null)
            return 1;
        var result = string.CompareOrdinal(left.Protocol, right.Protocol);
        if (result == 0)
            result = string.CompareOrdinal(left.System, right.System);
        if (result == 0)
            result = string.CompareOrdinal(left.Host ?? "", right.Host ?? "");
        return result != 0 ? result : (left.Port ?? 0).CompareTo(right.Port ?? 0);
    }

    public object Clone() => new Address(Protocol, System, Host, Port);

    public static Address Parse(string address) =>
        TryParse(address, out Address parsed)
            ? parsed
            : throw new UriFormatException($"'{address}' is not an actor system address");

    public static bool TryParse(string path, out Address address)
    {
        address = null;
        return path is not null && TryParse(path.AsSpan(), out address);
    }

    public static bool TryParse(string path, out Address address, out string absolutUri)
    {
        absolutUri = null;
        address = null;
        if (path is null || !TryParse(path.AsSpan(), out address, out var rest))
            return false;
        absolutUri = rest.ToString();
        return true;
    }

    public static bool TryParse(ReadOnlySpan<char> span, out Address address) => TryParse(span, out address, out _);

    /// <summary>Reads "protocol://system[@host:port]" and leaves the rest, which starts with '/', in <paramref name="absolutUri"/>.</summary>
    public static bool TryParse(ReadOnlySpan<char> span, out Address address, out ReadOnlySpan<char> absolutUri)
    {
        address = null;
        absolutUri = default;
        var schemeEnd = span.IndexOf("://");
        if (schemeEnd <= 0 || !IsProtocol(span[..schemeEnd]))
            return false;

        var rest = span[(schemeEnd + 3)..];
        var slash = rest.IndexOf('/');
        var authority = slash < 0 ? rest : rest[..slash];
        if (slash < 0)
            absolutUri = "/";
        else
            absolutUri = rest[slash..];

        if (authority.IsEmpty)
            return false;

        var at = authority.IndexOf('@');
        if (at < 0)
        {
            if (!IsSystemName(authority))
                return false;
            address = new Address(span[..schemeEnd].ToString(), authority.ToString());
            return true;
        }

        var system = authority[..at];
        var hostPort = authority[(at + 1)..];
        var colon = hostPort.LastIndexOf(':');
        if (!IsSystemName(system) || colon <= 0)
            return false;
        var host = hostPort[..colon];
        if (!host.StartsWith("[") && host.Contains(':'))
            return false;
        if (host.StartsWith("[") && !host.EndsWith("]"))
            return false;
        if (!int.TryParse(hostPort[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port > ushort.MaxValue)
            return false;
        address = new Address(span[..schemeEnd].ToString(), system.ToString(), host.ToString(), port);
        return true;
    }

    private static bool IsProtocol(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '+'))
                return false;
        }

        return true;
    }

    private static bool IsSystemName(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (char.IsWhiteSpace(c) || c is ':' or '/' or '@' or '#' or '?')
                return false;
        }

        return !text.IsEmpty;
    }

    public ISurrogate ToSurrogate(ActorSystem system) =>
        new AddressSurrogate { Protocol = Protocol, System = System, Host = Host, Port = Port };

    public sealed class AddressSurrogate : ISurrogate
    {
        public string Protocol { get; set; }

        public string System { get; set; }

        public string Host { get; set; }

        public int? Port { get; set; }

        public ISurrogated FromSurrogate(ActorSystem system) => new Address(Protocol, System, Host, Port);
    }
}
