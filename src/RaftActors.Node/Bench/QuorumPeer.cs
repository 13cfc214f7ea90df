using System.Net;
using System.Net.Sockets;
using RaftActors.Journal;

namespace RaftActors.Node.Bench;

/// <summary>A follower of a <see cref="QuorumProbe"/>: receives, writes and syncs, answers, on one thread.</summary>
internal static class QuorumPeer
{
    /// <summary>Ends when the leader does.</summary>
    /// <param name="port">Where the leader listens, on loopback. It counts as ready once connected.</param>
    /// <param name="folder">An existing folder.</param>
    /// <param name="wireBytes">What the leader sends in one round.</param>
    /// <param name="diskBytes">What is written then.</param>
    public static void Follow(int port, string folder, int wireBytes, int diskBytes)
    {
        using ProbeFile file = new(folder, diskBytes);
        using Socket leader = BlockingSocket.Connect(new IPEndPoint(IPAddress.Loopback, port));
        byte[] received = new byte[wireBytes];
        byte[] answer = new byte[QuorumWrite.AnswerBytes];
        try
        {
            while (BlockingSocket.Fill(leader, received))
            {
                file.WriteAndSync();
                leader.Send(answer);
            }
        }
        catch (SocketException)
        {
            // It has its figures and does not wait for the last answer.
        }
    }
}
