using System.Globalization;
using System.Text;
using System.Text.Json;
using KvServer.Resp;

namespace KvServer.Server;

/// <summary>RAFT MEMBERS, ADD, REMOVE and TRANSFER: the cluster changes while it serves.</summary>
internal sealed class MemberCommands(RespServer server)
{
    private const int LongestAddress = 255;

    /// <summary>RAFT MEMBERS: one JSON array.</summary>
    public Reply List() => new TaskReply(ListAsync());

    /// <summary>RAFT ADD id host:port [voter|learner|log-only].</summary>
    public Reply Add(RespRequestParser request)
    {
        if (!TryId(request[2], out uint id))
        {
            return BadId(request[2]);
        }

        string address = Text(request[3]);
        if (!IsAddress(address))
        {
            return Error($"'{address}' is not an address; it is host:port, where the node talks to its peers, with a port from 1 to 65535");
        }

        ClusterMemberKind? kind = request.Count == 4 ? ClusterMemberKind.Voter : KindOf(Text(request[4]));
        return kind is { } wanted
            ? new TaskReply(AddAsync(id, address, wanted))
            : Error($"'{Text(request[4])}' is not a kind of member; allowed are voter, learner and log-only");
    }

    /// <summary>RAFT REMOVE id.</summary>
    public Reply Remove(RespRequestParser request) => TryId(request[2], out uint id) ? new TaskReply(RemoveAsync(id)) : BadId(request[2]);

    /// <summary>RAFT TRANSFER [id].</summary>
    public Reply Transfer(RespRequestParser request)
    {
        uint id = 0;
        return request.Count == 2 || TryId(request[2], out id) ? new TaskReply(TransferAsync(id)) : BadId(request[2]);
    }

    private static string Word(ClusterMemberKind kind) => kind switch
    {
        ClusterMemberKind.Learner => "learner",
        ClusterMemberKind.LogOnly => "log-only",
        _ => "voter",
    };

    private static ClusterMemberKind? KindOf(string word) => word.ToLowerInvariant() switch
    {
        "voter" => ClusterMemberKind.Voter,
        "learner" => ClusterMemberKind.Learner,
        "log-only" => ClusterMemberKind.LogOnly,
        _ => null,
    };

    private static string Text(ReadOnlySpan<byte> argument) => Encoding.UTF8.GetString(argument[..Math.Min(argument.Length, LongestAddress + 1)]);

    private static bool TryId(ReadOnlySpan<byte> text, out uint id) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id) && id > 0;

    private static FixedReply BadId(ReadOnlySpan<byte> text) => Error($"'{Text(text)}' is not a node's id; it is a number from 1 to 4294967295");

    private static FixedReply Error(string reason) => new(Replies.Error("ERR", reason));

    private static bool IsAddress(string text)
    {
        int colon = text.LastIndexOf(':');
        return colon > 0
            && text.Length <= LongestAddress
            && Uri.CheckHostName(text[..colon]) != UriHostNameType.Unknown
            && ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port)
            && port > 0;
    }

    private static byte[] Refusal(ChangeOutcome outcome) => outcome.Kind switch
    {
        ChangeOutcomeKind.NoLeader => Replies.Error("NOLEADER", $"not done: {outcome.Reason}"),
        ChangeOutcomeKind.Unknown => Replies.Error("UNKNOWN", $"outcome unknown: {outcome.Reason}"),
        _ => Replies.Error("REFUSED", $"not done: {outcome.Reason}"),
    };

    private static byte[] OkOr(ChangeOutcome outcome) => outcome.Kind == ChangeOutcomeKind.Done ? Replies.Ok : Refusal(outcome);

    private async Task<byte[]> ListAsync()
    {
        IReadOnlyList<ClusterMember> members = await server.Log.GetMembersAsync(CancellationToken.None).ConfigureAwait(false);
        return Replies.Bulk(JsonSerializer.Serialize(members.Select(m => new { node_id = m.Id, kind = Word(m.Kind), address = m.Address, leader = m.Leads })));
    }

    private async Task<byte[]> AddAsync(uint id, string address, ClusterMemberKind kind)
    {
        // A mistyped id must not move a member that is there to another address.
        IReadOnlyList<ClusterMember> members = await server.Log.GetMembersAsync(CancellationToken.None).ConfigureAwait(false);
        return members.FirstOrDefault(m => m.Id == id && m.Address != address) is { } other
            ? Replies.Error("REFUSED", $"not done: node {id} is a member already, at {other.Address}; remove it first")
            : members.FirstOrDefault(m => m.Id != id && m.Address == address) is { } twin
            ? Replies.Error("REFUSED", $"not done: {address} is the address of node {twin.Id}")
            : OkOr(await server.Log.AddAsync(id, address, kind, CancellationToken.None).ConfigureAwait(false));
    }

    private async Task<byte[]> RemoveAsync(uint id) => OkOr(await server.Log.RemoveAsync(id, CancellationToken.None).ConfigureAwait(false));

    private async Task<byte[]> TransferAsync(uint id)
    {
        ChangeOutcome outcome = await server.Log.TransferAsync(id, CancellationToken.None).ConfigureAwait(false);
        if (outcome.Kind != ChangeOutcomeKind.Done)
        {
            return Refusal(outcome);
        }

        RespOutput output = new();
        output.Integer(outcome.Leader);
        return output.Written.ToArray();
    }
}
