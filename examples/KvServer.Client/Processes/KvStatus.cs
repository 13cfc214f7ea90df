using System.Net;
using System.Text.Json;

namespace KvServer.Client.Processes;

/// <summary>What RAFT STATUS says about a node.</summary>
/// <param name="Node">Its id.</param>
/// <param name="Role">Leader, follower, ...</param>
/// <param name="Leader">Who leads, as far as it knows; 0: nobody.</param>
/// <param name="Term">The current term.</param>
/// <param name="Commit">The highest index known to be committed.</param>
/// <param name="Applied">The highest index applied.</param>
/// <param name="StateHash">The digest of the state at that index.</param>
public sealed record KvStatus(int Node, string Role, int Leader, long Term, long Commit, long Applied, string StateHash)
{
    /// <summary>Asks a node; null when it does not answer.</summary>
    /// <param name="endpoint">Where clients connect.</param>
    public static async Task<KvStatus?> TryAskAsync(IPEndPoint endpoint)
    {
        try
        {
            using CancellationTokenSource patience = new(TimeSpan.FromSeconds(2));
            await using RespClient client = await RespClient.ConnectAsync(endpoint, patience.Token).ConfigureAwait(false);
            RespReply reply = await client.SendAsync("RAFT", "STATUS").WaitAsync(patience.Token).ConfigureAwait(false);
            return reply.IsError ? null : Parse(reply.Text);
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>Reads the JSON of RAFT STATUS.</summary>
    /// <param name="json">One object.</param>
    public static KvStatus Parse(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        JsonElement root = document.RootElement;
        return new KvStatus(
            root.GetProperty("node_id").GetInt32(),
            root.GetProperty("role").GetString()!,
            root.GetProperty("leader").GetInt32(),
            root.GetProperty("term").GetInt64(),
            root.GetProperty("commit").GetInt64(),
            root.GetProperty("applied").GetInt64(),
            root.GetProperty("state_hash").GetString()!);
    }
}
