using System.CommandLine;
using System.Net.Sockets;

namespace RaftActors.Node.Bench;

/// <summary><c>raftactors bench-peer</c>: a follower of the bare write to a quorum that <c>raftactors bench --limits</c> measures. For that alone, so help does not list it.</summary>
internal static class BenchPeerCommand
{
    public static Command Create()
    {
        Option<int> port = new("--port") { Required = true };
        Option<string> data = new("--data") { Required = true };
        Option<int> wire = new("--wire-bytes") { Required = true };
        Option<int> disk = new("--disk-bytes") { Required = true };
        Command command = new("bench-peer") { port, data, wire, disk };
        command.Hidden = true;
        command.SetAction(async (parsed, _) =>
        {
            try
            {
                await Task.Factory.StartNew(
                    () => QuorumPeer.Follow(parsed.GetValue(port), parsed.GetValue(data)!, parsed.GetValue(wire), parsed.GetValue(disk)),
                    CancellationToken.None,
                    TaskCreationOptions.LongRunning,
                    TaskScheduler.Default).ConfigureAwait(false);
                return ExitCode.Ok;
            }
            catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException)
            {
                await Console.Error.WriteLineAsync($"raftactors: {e.Message}").ConfigureAwait(false);
                return ExitCode.Failure;
            }
        });
        return command;
    }
}
