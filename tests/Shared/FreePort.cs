using System.Net;
using System.Net.Sockets;

namespace RaftActors.Tests.Shared;

/// <summary>Ports that nobody listened at a moment ago, each given out once.</summary>
/// <remarks>They lie below the ports that systems hand out to clients by default (Linux from 32768, others from 49152): otherwise an outgoing connection takes one between this look and
/// the use, and a node that a test has stopped finds its port taken by a connection of another test.</remarks>
internal static class FreePort
{
    private const int First = 10_000;
    private const int Count = 21_000;

    // Processes that run side by side begin at different places.
    private static int _next = Random.Shared.Next(Count);

    /// <param name="distance">When not 0: the port so far above it is free too.</param>
    public static int Next(int distance = 0)
    {
        for (int attempt = 0; attempt < Count; attempt++)
        {
            int port = First + (int)((uint)Interlocked.Increment(ref _next) % Count);
            if (IsFree(port) && (distance == 0 || IsFree(port + distance)))
            {
                return port;
            }
        }

        throw new InvalidOperationException($"None of the ports {First} to {First + Count - 1} is free.");
    }

    private static bool IsFree(int port)
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
