using Akka.Actor;
using RaftActors.Administration;

namespace RaftActors;

/// <summary>Asks the nodes of a cluster from outside, over Akka.Remote. Thread-safe.</summary>
public sealed class RaftAdmin
{
    private readonly ActorSystem _system;

    /// <summary>Makes an administrator.</summary>
    /// <param name="system">Any ActorSystem with Akka.Remote; it needs no streams.</param>
    public RaftAdmin(ActorSystem system)
    {
        ArgumentNullException.ThrowIfNull(system);
        _system = system;
        AdminSerialization.Register(system);
    }

    /// <summary>One JSON object per stream of a node, see <see cref="StreamStatusJson"/>.</summary>
    /// <param name="nodeAddress">Where the node listens: <c>host:port</c>, or a whole address with protocol and system name.</param>
    /// <param name="systemName">The name of the node's ActorSystem, when the address does not say.</param>
    /// <param name="timeout">How long to wait for the answer.</param>
    /// <param name="cancellationToken">Gives up earlier.</param>
    /// <exception cref="NodeUnreachableException">The node did not answer in time, or refused.</exception>
    public async Task<IReadOnlyList<string>> GetStatusAsync(
        string nodeAddress,
        string systemName,
        TimeSpan timeout,
        CancellationToken cancellationToken = default)
    {
        string address = nodeAddress.Contains("://", StringComparison.Ordinal) ? nodeAddress : $"akka.tcp://{systemName}@{nodeAddress}";
        ActorSelection node = _system.ActorSelection($"{address}/user/raft");
        try
        {
            AdminReply reply = await node.Ask<AdminReply>(new AdminRequest(AdminRequest.Status), timeout, cancellationToken).ConfigureAwait(false);
            return reply.Accepted
                ? reply.Lines
                : throw new NodeUnreachableException($"{address} refused: {string.Join(" ", reply.Lines)}");
        }
        catch (AskTimeoutException e)
        {
            throw new NodeUnreachableException($"{address} did not answer within {timeout.TotalSeconds:0.#} s.", e);
        }
    }
}
