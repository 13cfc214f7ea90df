using Akka.Configuration;
using RaftActors.Protocol;

namespace RaftActors.Dcf;

/// <summary>What a node needs besides its id and the cluster configuration.</summary>
public sealed record DcfOptions
{
    /// <summary>
    /// DCF's DATA_PATH: the folder under which the node keeps what belongs to it, in a folder named by its id. Default:
    /// <c>data</c> below the current folder.
    /// </summary>
    public string DataPath { get; init; } = "data";

    /// <summary>
    /// True for a node that is added to streams that exist (<see cref="Dcf.AddMemberAsync"/> on another node): it waits for its leader, and neither votes nor stands for election
    /// before. The cluster configuration names this node, and others that it may hear from.
    /// </summary>
    public bool Join { get; init; }

    /// <summary>
    /// DCF's MAJORITY_GROUPS: groups, each of which needs one voter with everything that is committed, at the first start of a stream; the same on all nodes. Nodes get their group in the cluster JSON.
    /// Later it is changed with <see cref="Dcf.SetMajorityGroupsAsync"/>.
    /// </summary>
    public IReadOnlyList<int> MajorityGroups { get; init; } = [];

    /// <summary>
    /// HOCON that stands before the defaults: journal, timings, dispatchers, TLS. The address to listen at comes from the cluster
    /// configuration and stands before this.
    /// </summary>
    public Config? Config { get; init; }

    /// <summary>How far the slowest healthy node may be behind; null for what <see cref="Config"/> says, and without that any distance.</summary>
    public DcfFlowControl? FlowControl { get; init; }

    /// <summary>The name of the node's ActorSystem; the same on all nodes of a cluster.</summary>
    public string SystemName { get; init; } = "raftactors";

    /// <summary>
    /// The state machine of each stream. By default a <see cref="ChainedHashStateMachine"/>, which keeps nothing but a digest
    /// of what was applied: a DCF application follows the log through the callbacks.
    /// </summary>
    public Func<StreamId, IStateMachine>? StateMachine { get; init; }
}
