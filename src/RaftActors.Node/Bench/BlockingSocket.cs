using System.Net.Sockets;

namespace RaftActors.Node.Bench;

/// <summary>
/// Calls of the probes that block their thread: the way with the fewest wake-ups. A socket that was ever used asynchronously does not block in the system but waits for .NET's own thread of events, which costs a wake-up more; so
/// the sockets of probes are connected and used like this alone.
/// </summary>
internal static class BlockingSocket
{
    public static Socket Connect(System.Net.EndPoint to)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.Connect(to);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Fills the buffer; false when the other side has ended.</summary>
    public static bool Fill(Socket socket, byte[] bytes)
    {
        for (int at = 0; at < bytes.Length;)
        {
            int read = socket.Receive(bytes, at, bytes.Length - at, SocketFlags.None);
            if (read == 0)
            {
                return false;
            }

            at += read;
        }

        return true;
    }
}
