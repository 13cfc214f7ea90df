using System.Collections.Immutable;
using RaftActors.Runtime;
using RaftActors.TestKit.Local;

namespace RaftActors.TestKit;

// What operators do: members come, go and change, the office is handed over, snapshots are taken, processes are stopped in an orderly way.
public sealed partial class LocalCluster
{
    /// <summary>Starts one more node. It belongs to nothing until <see cref="AddMember"/> makes it a member, and gets the next free id.</summary>
    /// <returns>The node.</returns>
    public NodeId StartNode()
    {
        NodeId id = new(_members.Keys.Max().Value + 1);
        LocalMember member = AddLocal(id);
        member.Joins = true;
        Start(member);
        return id;
    }

    /// <summary>
    /// A member's disk is replaced by an empty one, the member stopped if it runs. When it is started again it waits to be added: as in production it must have been removed
    /// before, or it may vote a second time.
    /// </summary>
    /// <param name="member">The member.</param>
    public void Wipe(NodeId member)
    {
        LocalMember wiped = MemberOf(member);
        if (wiped.IsRunning)
        {
            Crash(member);
        }

        Note(member, "disk replaced by an empty one");
        wiped.Store.Wipe();
        Mirror.Wiped(member);
        wiped.Joins = true;
        wiped.Membership = StreamMembership.Empty;
    }

    /// <summary>Makes a node a member and lets time pass until that is committed or refused.</summary>
    /// <param name="node">A node of <see cref="StartNode"/>, or one that was removed.</param>
    /// <param name="kind">What it shall be.</param>
    /// <param name="at">Who is asked; null for the leader, which is waited for.</param>
    public MembershipAnswer AddMember(NodeId node, MemberKind kind = MemberKind.Voter, NodeId? at = null) =>
        Wait(BeginChangeMembership(at ?? WaitForLeader(), new MembershipChange.Add(AsMember(node, kind))));

    /// <summary>Removes a member, also one that is down, and lets time pass until that is committed or refused. Its process goes on.</summary>
    /// <param name="member">The member.</param>
    /// <param name="at">Who is asked; null for the leader, which is waited for.</param>
    public MembershipAnswer RemoveMember(NodeId member, NodeId? at = null) => Wait(BeginChangeMembership(at ?? WaitForLeader(), new MembershipChange.Remove(member)));

    /// <summary>Gives a member another kind, and lets time pass until that is committed or refused.</summary>
    /// <param name="member">The member.</param>
    /// <param name="kind">What it shall be.</param>
    /// <param name="at">Who is asked; null for the leader, which is waited for.</param>
    public MembershipAnswer ChangeMember(NodeId member, MemberKind kind, NodeId? at = null) =>
        Wait(BeginChangeMembership(at ?? WaitForLeader(), new MembershipChange.ChangeKind(member, kind)));

    /// <summary>Gives the stream these voters in place of those that it has, by joint consensus, and lets time pass until that is committed or refused.</summary>
    /// <param name="voters">Everybody who shall belong to the stream.</param>
    /// <param name="at">Who is asked; null for the leader, which is waited for.</param>
    public MembershipAnswer ReplaceMembers(IEnumerable<NodeId> voters, NodeId? at = null)
    {
        ImmutableArray<Member> members = [.. voters.Select(id => AsMember(id))];
        return Wait(BeginChangeMembership(at ?? WaitForLeader(), new MembershipChange.Replace(members)));
    }

    /// <summary>Asks for a change of the membership; the answer comes while time passes.</summary>
    /// <param name="at">Who is asked; only a leader can do it.</param>
    /// <param name="change">The change.</param>
    public ClusterCall<MembershipAnswer> BeginChangeMembership(NodeId at, MembershipChange change)
    {
        ArgumentNullException.ThrowIfNull(change);
        return Begin<MembershipAnswer>(
            at,
            $"change membership: {Describe(change)}",
            stream => change switch
            {
                MembershipChange.Add add => stream.AddMemberAsync(add.Member),
                MembershipChange.Remove remove => stream.RemoveMemberAsync(remove.Id),
                MembershipChange.ChangeKind kind => stream.ChangeMemberAsync(kind.Id, kind.Kind, kind.Priority),
                MembershipChange.Replace replace => stream.ChangeMembersAsync(replace.Members),
                _ => throw new ArgumentException($"There is no way to ask for a {change.GetType().Name}.", nameof(change)),
            },
            reason => new MembershipOutcomeUnknown(reason),
            _ => { });
    }

    /// <summary>Lets the leader hand over its office, and time pass until that has come about or not.</summary>
    /// <param name="target">Who shall lead; none for whoever is furthest.</param>
    /// <param name="at">Who is asked; null for the leader, which is waited for.</param>
    public TransferAnswer TransferLeadership(NodeId target = default, NodeId? at = null) => Wait(BeginTransferLeadership(at ?? WaitForLeader(), target));

    /// <summary>Asks a leader to hand over its office; the answer comes while time passes.</summary>
    /// <param name="at">The leader.</param>
    /// <param name="target">Who shall lead; none for whoever is furthest.</param>
    public ClusterCall<TransferAnswer> BeginTransferLeadership(NodeId at, NodeId target = default) => Begin<TransferAnswer>(
        at,
        $"transfer leadership to {target}",
        stream => stream.TransferLeadershipAsync(target),
        reason => new LeadershipNotTransferred(TransferOutcome.TimedOut, reason, NodeId.None, null),
        _ => { });

    /// <summary>Lets a leader give up its office; does nothing at other members.</summary>
    /// <param name="member">The member.</param>
    public void StepDown(NodeId member) => Wait(BeginStepDown(member));

    /// <summary>Puts a member into read-only mode, see <see cref="RaftStream.EnterReadOnlyModeAsync"/>. A crash ends it.</summary>
    /// <param name="member">The member.</param>
    public void EnterReadOnlyMode(NodeId member) => Wait(BeginOrder(member, "enter read-only mode", stream => stream.EnterReadOnlyModeAsync()));

    /// <summary>Ends the read-only mode of a member.</summary>
    /// <param name="member">The member.</param>
    public void LeaveReadOnlyMode(NodeId member) => Wait(BeginOrder(member, "leave read-only mode", stream => stream.LeaveReadOnlyModeAsync()));

    /// <summary>Changes settings of a member while it runs (<see cref="RaftStream.TuneAsync"/>).</summary>
    /// <param name="member">The member.</param>
    /// <param name="tuning">What to change.</param>
    public void Tune(NodeId member, RaftTuning tuning) => Wait(BeginOrder(member, "change settings", stream => stream.TuneAsync(tuning)));

    /// <summary>Lets a member stand for election now.</summary>
    /// <param name="member">The member.</param>
    public void TriggerElection(NodeId member) => Wait(BeginTriggerElection(member));

    /// <summary>Lets a member take a snapshot of its state machine, and time pass until it is on disk.</summary>
    /// <param name="member">The member.</param>
    public SnapshotAnswer TakeSnapshot(NodeId member) => Wait(BeginTakeSnapshot(member));

    /// <summary>Lets a member take a snapshot of its state machine; the answer comes while time passes.</summary>
    /// <param name="member">The member.</param>
    public ClusterCall<SnapshotAnswer> BeginTakeSnapshot(NodeId member) =>
        Begin<SnapshotAnswer>(member, "take a snapshot", stream => stream.TakeSnapshotAsync(), reason => new SnapshotFailed(reason), _ => { });

    /// <summary>
    /// Stops a member as an operator does: it hands over what it is doing, gives up its office, runs <see cref="IStateMachine.OnShutdown"/>, and then its process ends.
    /// <see cref="Restart"/> starts it again.
    /// </summary>
    /// <param name="member">The member.</param>
    public void Stop(NodeId member)
    {
        Wait(BeginStop(member));
        RunUntil(() => !MemberOf(member).IsRunning, what: $"the end of member {member}");
    }

    /// <summary>Begins to stop a member; its process ends while time passes, when everything is written.</summary>
    /// <param name="member">The member.</param>
    public ClusterCall<string> BeginStop(NodeId member)
    {
        LocalMember stopped = MemberOf(member);
        if (stopped is not { Run: { Streams: { } streams } run, Paused: false })
        {
            throw Error($"member {member} does not run, or stands still");
        }

        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        return Begin<string>(
            member,
            "stop",
            _ =>
            {
                streams.Supervisor.Tell(new RemoveStream(Stream, done), Akka.Actor.ActorRefs.NoSender);
                return done.Task;
            },
            _ => "stopped",
            reason => reason,
            _ => Timeline.Add(run, TimeSpan.Zero, EndWhenWritten));

        void EndWhenWritten()
        {
            if (stopped.Store.Pending > 0)
            {
                Timeline.Add(run, TimeSpan.FromMilliseconds(1), EndWhenWritten);
                return;
            }

            Note(member, "process ends");
            End(stopped);
        }
    }

    /// <summary>Asks a member to stand for election; the answer comes while time passes.</summary>
    /// <param name="member">The member.</param>
    public ClusterCall<string> BeginTriggerElection(NodeId member) => BeginOrder(member, "stand for election", stream => stream.TriggerElectionAsync());

    /// <summary>Asks a leader to give up its office; the answer comes while time passes.</summary>
    /// <param name="member">The member.</param>
    public ClusterCall<string> BeginStepDown(NodeId member) => BeginOrder(member, "step down", stream => stream.StepDownAsync());

    /// <summary>A node as a member of the stream, for <see cref="MembershipChange"/>.</summary>
    /// <param name="node">The node.</param>
    /// <param name="kind">What it shall be.</param>
    public Member AsMember(NodeId node, MemberKind kind = MemberKind.Voter) => NewMember(node) with { Kind = kind };

    internal bool HasFailed(NodeId member) => WhyFailed(member) is not null;

    internal string? WhyFailed(NodeId member) => MemberOf(member).Failure;

    private ClusterCall<string> BeginOrder(NodeId member, string what, Func<RaftStream, Task> send) => Begin<string>(member, what, send, _ => "done", reason => reason, _ => { });

    private static string Describe(MembershipChange change) => change switch
    {
        MembershipChange.Add add => $"add {add.Member.Id} as {add.Member.Kind}",
        MembershipChange.Remove remove => $"remove {remove.Id}",
        MembershipChange.ChangeKind kind => $"{kind.Id} becomes {kind.Kind}",
        MembershipChange.Replace replace => $"replace by {string.Join(',', replace.Members.Select(m => $"{m.Id} {m.Kind}"))}",
        _ => change.ToString(),
    };
}
