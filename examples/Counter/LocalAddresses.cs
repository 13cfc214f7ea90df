using System.Net;
using System.Net.Sockets;

namespace Counter;

/// <summary>Addresses on this machine that nobody uses now.</summary>
internal static class LocalAddresses
{
    public static string[] Free(int count)
    {
        TcpListener[] listeners = [.. Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0))];
        foreach (TcpListener listener in listeners)
        {
            listener.Start();
        }

        string[] addresses = [.. listeners.Select(l => l.LocalEndpoint.ToString()!)];
        foreach (TcpListener listener in listeners)
        {
            listener.Stop();
        }

        return addresses;
    }
}
