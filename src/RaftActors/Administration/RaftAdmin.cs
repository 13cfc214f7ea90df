using System.Globalization;
using System.Text.Json;
using Akka.Actor;
using RaftActors.Administration;
using RaftActors.Configuration;

namespace RaftActors;

/// <summary>Asks the nodes of a cluster from outside, over Akka.Remote. Thread-safe.</summary>
public sealed partial class RaftAdmin
{
    private const int MostHops = 3;

    private readonly ActorSystem _system;

    /// <summary>Makes an administrator.</summary>
    /// <param name="system">Any ActorSystem with Akka.Remote; it needs no streams.</param>
    public RaftAdmin(ActorSystem system)
    {
        ArgumentNullException.ThrowIfNull(system);
        _system = system;
        AdminSerialization.Register(system);
    }

    /// <summary>Adds a member to a stream, see <see cref="RaftStream.AddMemberAsync"/>. A node that does not lead is asked for the leader, and the leader then.</summary>
    /// <param name="nodeAddress">Any node of the stream: <c>host:port</c>, or a whole address with protocol and system name.</param>
    /// <param name="systemName">The name of the nodes' ActorSystem, when an address does not say.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="member">The member as it shall be.</param>
    /// <param name="timeout">How long to wait for the outcome.</param>
    /// <param name="cancellationToken">Gives up earlier.</param>
    /// <returns>A JSON object: <c>outcome</c> is done, refused or unknown; the rest says more.</returns>
    /// <exception cref="NodeUnreachableException">
    /// A node did not answer in time, or does not take such requests. Or it has gone, or the connection to it, after it was asked: then the outcome is unknown, and waiting longer would not make it known.
    /// </exception>
    public Task<string> AddMemberAsync(string nodeAddress, string systemName, StreamId stream, Member member, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(member);
        return CommandAsync(nodeAddress, systemName, $"{AdminCommands.AddMember} {stream} {member.Id.Value} {Word(member.Kind)} {member.Address} {member.Priority}{(member.Group == 0 ? string.Empty : $" {member.Group}")} {Milliseconds(timeout)}", timeout, cancellationToken);
    }

    /// <summary>Removes a member from a stream, see <see cref="RaftStream.RemoveMemberAsync"/>.</summary>
    /// <inheritdoc cref="AddMemberAsync"/>
    public Task<string> RemoveMemberAsync(string nodeAddress, string systemName, StreamId stream, NodeId member, TimeSpan timeout, CancellationToken cancellationToken = default) =>
        CommandAsync(nodeAddress, systemName, $"{AdminCommands.RemoveMember} {stream} {member.Value} {Milliseconds(timeout)}", timeout, cancellationToken);

    /// <summary>Changes kind and priority of a member, see <see cref="RaftStream.ChangeMemberAsync"/>.</summary>
    /// <inheritdoc cref="AddMemberAsync"/>
    public Task<string> ChangeMemberAsync(string nodeAddress, string systemName, StreamId stream, NodeId member, MemberKind kind, int? priority, TimeSpan timeout, CancellationToken cancellationToken = default) =>
        CommandAsync(nodeAddress, systemName, $"{AdminCommands.ChangeMember} {stream} {member.Value} {Word(kind)} {priority?.ToString(CultureInfo.InvariantCulture) ?? "-"} {Milliseconds(timeout)}", timeout, cancellationToken);

    /// <summary>Changes how many members decide, see <see cref="RaftStream.ChangeQuorumAsync"/>.</summary>
    /// <inheritdoc cref="AddMemberAsync"/>
    public Task<string> ChangeQuorumAsync(string nodeAddress, string systemName, StreamId stream, QuorumRule rule, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rule);
        string groups = rule.RequiredGroups.IsEmpty ? "-" : string.Join(',', rule.RequiredGroups);
        return CommandAsync(nodeAddress, systemName, $"{AdminCommands.Quorum} {stream} {rule.Commit} {rule.Election} {groups} {Milliseconds(timeout)}", timeout, cancellationToken);
    }

    /// <summary>Changes kind, priority and group of a member, see <see cref="RaftStream.ChangeMemberAsync"/>.</summary>
    /// <inheritdoc cref="AddMemberAsync"/>
    public Task<string> ChangeMemberAsync(string nodeAddress, string systemName, StreamId stream, NodeId member, MemberKind kind, int? priority, int? group, TimeSpan timeout, CancellationToken cancellationToken = default) =>
        CommandAsync(nodeAddress, systemName, $"{AdminCommands.ChangeMember} {stream} {member.Value} {Word(kind)} {Number(priority)} {Number(group)} {Milliseconds(timeout)}", timeout, cancellationToken);

    /// <summary>Hands the office over, see <see cref="RaftStream.TransferLeadershipAsync"/>.</summary>
    /// <inheritdoc cref="AddMemberAsync"/>
    public Task<string> TransferLeadershipAsync(string nodeAddress, string systemName, StreamId stream, NodeId target, TimeSpan timeout, CancellationToken cancellationToken = default) =>
        CommandAsync(nodeAddress, systemName, $"{AdminCommands.Transfer} {stream} {target.Value} {Milliseconds(timeout)}", timeout, cancellationToken);

    /// <summary>Stops the replication of a member for a while, see <see cref="RaftStream.PauseReplicationAsync"/>.</summary>
    /// <param name="nodeAddress">Where a node of the stream listens; it names the leader, which is asked then.</param>
    /// <param name="systemName">The name of the node's ActorSystem, when the address does not say.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="member">The member.</param>
    /// <param name="duration">How long it gets no entries; zero: go on at once.</param>
    /// <param name="timeout">How long to wait for the answer.</param>
    /// <param name="cancellationToken">Gives up earlier.</param>
    /// <returns>One JSON object: <c>outcome</c>, and for a refusal <c>refusal</c>, <c>reason</c>, <c>leader</c> and <c>leader_address</c>.</returns>
    /// <exception cref="NodeUnreachableException">A node did not answer in time, or refused.</exception>
    public Task<string> PauseReplicationAsync(string nodeAddress, string systemName, StreamId stream, NodeId member, TimeSpan duration, TimeSpan timeout, CancellationToken cancellationToken = default) =>
        CommandAsync(nodeAddress, systemName, $"{AdminCommands.Pause} {stream} {member.Value} {(long)Math.Clamp(duration.TotalMilliseconds, 0, int.MaxValue)}", timeout, cancellationToken);

    /// <summary>Puts this very node into read-only mode, see <see cref="RaftStream.EnterReadOnlyModeAsync"/>.</summary>
    /// <inheritdoc cref="AddMemberAsync"/>
    public Task<string> EnterReadOnlyModeAsync(string nodeAddress, string systemName, StreamId stream, TimeSpan timeout, CancellationToken cancellationToken = default) =>
        CommandAsync(nodeAddress, systemName, $"{AdminCommands.ReadOnly} {stream} on", timeout, cancellationToken);

    /// <summary>Ends the read-only mode of this very node, see <see cref="RaftStream.LeaveReadOnlyModeAsync"/>.</summary>
    /// <inheritdoc cref="AddMemberAsync"/>
    public Task<string> LeaveReadOnlyModeAsync(string nodeAddress, string systemName, StreamId stream, TimeSpan timeout, CancellationToken cancellationToken = default) =>
        CommandAsync(nodeAddress, systemName, $"{AdminCommands.ReadOnly} {stream} off", timeout, cancellationToken);

    /// <summary>Lets this very node give up its office, see <see cref="RaftStream.StepDownAsync"/>.</summary>
    /// <inheritdoc cref="AddMemberAsync"/>
    public Task<string> StepDownAsync(string nodeAddress, string systemName, StreamId stream, TimeSpan timeout, CancellationToken cancellationToken = default) =>
        CommandAsync(nodeAddress, systemName, $"{AdminCommands.StepDown} {stream}", timeout, cancellationToken);

    /// <summary>Lets this very node stand for election, see <see cref="RaftStream.TriggerElectionAsync"/>.</summary>
    /// <inheritdoc cref="AddMemberAsync"/>
    public Task<string> TriggerElectionAsync(string nodeAddress, string systemName, StreamId stream, TimeSpan timeout, CancellationToken cancellationToken = default) =>
        CommandAsync(nodeAddress, systemName, $"{AdminCommands.Elect} {stream}", timeout, cancellationToken);

    /// <summary>One JSON object per stream of a node, see <see cref="StreamStatusJson"/>.</summary>
    /// <param name="nodeAddress">Where the node listens: <c>host:port</c>, or a whole address with protocol and system name.</param>
    /// <param name="systemName">The name of the node's ActorSystem, when the address does not say.</param>
    /// <param name="timeout">How long to wait for the answer.</param>
    /// <param name="cancellationToken">Gives up earlier.</param>
    /// <exception cref="NodeUnreachableException">The node did not answer in time, or refused.</exception>
    public Task<IReadOnlyList<string>> GetStatusAsync(
        string nodeAddress,
        string systemName,
        TimeSpan timeout,
        CancellationToken cancellationToken = default) =>
        AskAsync(nodeAddress, systemName, AdminRequest.Status, timeout, cancellationToken);

    private static string Number(int? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "-";

    private static string Word(MemberKind kind) => kind switch
    {
        MemberKind.Learner => "learner",
        MemberKind.LogOnly => "log-only",
        _ => "voter",
    };

    private static int Milliseconds(TimeSpan timeout) => (int)Math.Clamp(timeout.TotalMilliseconds, 1, int.MaxValue);

    /// <summary>Asks one node, and the leader when that node names it.</summary>
    private async Task<string> CommandAsync(string nodeAddress, string systemName, string verb, TimeSpan timeout, CancellationToken cancellationToken)
    {
        string address = nodeAddress;
        for (int hop = 0; ; hop++)
        {
            // The node waits as long as it was told; its answer needs a moment more.
            string line = await CommandOnceAsync(address, systemName, verb, timeout + TimeSpan.FromSeconds(5), cancellationToken).ConfigureAwait(false);
            using JsonDocument answer = JsonDocument.Parse(line);
            bool isElsewhere = answer.RootElement.TryGetProperty("refusal", out JsonElement refusal) && refusal.GetString() == nameof(ChangeRefusal.NotLeader);
            string? leader = isElsewhere ? answer.RootElement.GetProperty("leader_address").GetString() : null;
            if (leader is null || leader == address || hop == MostHops)
            {
                return line;
            }

            address = leader;
        }
    }

    /// <summary>Asks one node for something that may take long: given up when the connection or the node is gone, not only when the time is over.</summary>
    private async Task<string> CommandOnceAsync(string nodeAddress, string systemName, string verb, TimeSpan timeout, CancellationToken cancellationToken)
    {
        string address = AddressOf(nodeAddress, systemName);
        if (!PeerAddress.IsValid(address))
        {
            throw new NodeUnreachableException($"'{nodeAddress}' is not the address of a node: it is host:port, or akka.tcp://system@host:port.");
        }

        Address peer = PeerAddress.Resolve(address, ((ExtendedActorSystem)_system).Provider.DefaultAddress);
        TaskCompletionSource<AdminReply> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _system.ActorOf(AdminQuestion.Props(SupervisorAt(address), peer, verb, timeout, answer));
        return LinesOf(address, await answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false))[0];
    }

    private async Task<IReadOnlyList<string>> AskAsync(string nodeAddress, string systemName, string verb, TimeSpan timeout, CancellationToken cancellationToken)
    {
        string address = AddressOf(nodeAddress, systemName);
        try
        {
            return LinesOf(address, await SupervisorAt(address).Ask<AdminReply>(new AdminRequest(verb), timeout, cancellationToken).ConfigureAwait(false));
        }
        catch (AskTimeoutException e)
        {
            throw new NodeUnreachableException($"{address} did not answer within {timeout.TotalSeconds:0.#} s.", e);
        }
    }

    private static string AddressOf(string nodeAddress, string systemName) => nodeAddress.Contains("://", StringComparison.Ordinal) ? nodeAddress : $"akka.tcp://{systemName}@{nodeAddress}";

    private static IReadOnlyList<string> LinesOf(string address, AdminReply reply) =>
        reply.Accepted ? reply.Lines : throw new NodeUnreachableException($"{address} refused: {string.Join(" ", reply.Lines)}");

    private ActorSelection SupervisorAt(string address) => _system.ActorSelection($"{address}/user/raft");
}
