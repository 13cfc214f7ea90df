using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Configuration;
using Config = Akka.Configuration.Config;

namespace Akka.Remote.Transport;

/// <summary>The keys of <c>akka.remote.dot-netty.tcp</c> that the TCP transport honours.</summary>
internal sealed class TcpSettings
{
    public TcpSettings(Config config, RemoteSettings remote)
    {
        Hostname = config.GetString("hostname", "") ?? "";
        if (Hostname.Length == 0)
            Hostname = IPAddress.Any.ToString();
        PublicHostname = config.GetString("public-hostname", "") ?? "";
        if (PublicHostname.Length == 0)
            PublicHostname = Hostname;
        Port = PortOf(config, "port", 2552);
        PublicPort = PortOf(config, "public-port", 0);
        UseIpV6 = config.GetBoolean("dns-use-ipv6");
        EnforceIpFamily = config.GetBoolean("enforce-ip-family");
        Backlog = config.GetInt("backlog", 4096);
        ConnectTimeout = config.GetTimeSpan("connection-timeout", TimeSpan.FromSeconds(15));
        HandshakeTimeout = remote.HandshakeTimeout;
        NoDelay = config.GetBoolean("tcp-nodelay", true);
        KeepAlive = config.GetBoolean("tcp-keepalive", true);
        SendBufferSize = (int)(config.GetByteSize("send-buffer-size", 256000) ?? 256000);
        ReceiveBufferSize = (int)(config.GetByteSize("receive-buffer-size", 256000) ?? 256000);
        Batching = config.GetBoolean("batching.enabled", true);
        MaxPendingWrites = config.GetInt("batching.max-pending-writes", 30);

        var frame = config.GetByteSize("maximum-frame-size", 128000) ?? 128000;
        if (frame < 32000)
            throw new ConfigurationException("Setting 'maximum-frame-size' must be at least 32000 bytes, and is " + frame + ".");
        if (frame > 1 << 30)
            throw new ConfigurationException("Setting 'maximum-frame-size' must be at most 1 GiB, and is " + frame + " bytes.");
        MaxFrameSize = (int)frame;

        var protocol = config.GetString("transport-protocol", "tcp");
        if (protocol != "tcp")
            throw new ConfigurationException("Transport protocol '" + protocol + "' is not supported; allowed is 'tcp'.");

        EnableSsl = config.GetBoolean("enable-ssl");
        Config = config;
    }

    public Config Config { get; }
    public string Hostname { get; }
    public string PublicHostname { get; }
    public int Port { get; }
    public int PublicPort { get; }
    public bool UseIpV6 { get; }
    public bool EnforceIpFamily { get; }
    public int Backlog { get; }
    public TimeSpan ConnectTimeout { get; }
    public TimeSpan HandshakeTimeout { get; }
    public bool NoDelay { get; }
    public bool KeepAlive { get; }
    public int SendBufferSize { get; }
    public int ReceiveBufferSize { get; }
    public int MaxFrameSize { get; }
    public bool Batching { get; }
    public int MaxPendingWrites { get; }
    public bool EnableSsl { get; }

    /// <summary>Names become addresses here, in the order in which to try them.</summary>
    public async Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellation)
    {
        if (host.Length > 2 && host[0] == '[' && host[^1] == ']')
            host = host[1..^1];
        if (IPAddress.TryParse(host, out var literal))
            return [literal];

        var all = await Dns.GetHostAddressesAsync(host, cancellation).ConfigureAwait(false);
        var preferred = UseIpV6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork;
        var ordered = all.Where(a => a.AddressFamily == preferred)
            .Concat(EnforceIpFamily ? [] : all.Where(a => a.AddressFamily != preferred))
            .ToArray();
        if (ordered.Length == 0)
            throw new SocketException((int)SocketError.HostNotFound);
        return ordered;
    }

    public void Configure(Socket socket)
    {
        socket.NoDelay = NoDelay;
        if (KeepAlive)
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        if (SendBufferSize > 0)
            socket.SendBufferSize = SendBufferSize;
        if (ReceiveBufferSize > 0)
            socket.ReceiveBufferSize = ReceiveBufferSize;
    }

    private static int PortOf(Config config, string key, int fallback)
    {
        var port = config.GetInt(key, fallback);
        if (port is < 0 or > 65535)
            throw new ConfigurationException("Setting '" + key + "' must be between 0 and 65535, and is " + port + ".");
        return port;
    }
}
