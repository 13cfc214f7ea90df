using System.Globalization;
using Akka.Actor;

namespace RaftActors.Configuration;

/// <summary>Reads the two forms of a member's address.</summary>
internal static class PeerAddress
{
    public static bool IsValid(string text) =>
        text.Contains("://", StringComparison.Ordinal) ? TryParseFull(text, out _) : TryParseHostPort(text, out _, out _);

    /// <summary>The actor system at <paramref name="text"/>; <paramref name="local"/> gives protocol and system name to the short form.</summary>
    public static Address Resolve(string text, Address local)
    {
        if (text.Contains("://", StringComparison.Ordinal) && TryParseFull(text, out Address? full))
        {
            return full!;
        }

        return TryParseHostPort(text, out string host, out int port)
            ? new Address(local.Protocol, local.System, host, port)
            : throw new RaftConfigurationException("members.address", text, "must be host:port or akka.tcp://system@host:port");
    }

    private static bool TryParseFull(string text, out Address? address)
    {
        address = null;
        try
        {
            address = Address.Parse(text);
            return address.HasGlobalScope;
        }
        catch (UriFormatException)
        {
            return false;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static bool TryParseHostPort(string text, out string host, out int port)
    {
        int colon = text.LastIndexOf(':');
        host = colon > 0 ? text[..colon] : string.Empty;
        port = 0;
        return host.Length > 0
            && !host.Contains('@', StringComparison.Ordinal)
            && int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port)
            && port is > 0 and < 65536;
    }
}
