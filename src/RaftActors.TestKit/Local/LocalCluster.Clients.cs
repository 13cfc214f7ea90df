using System.Collections.Immutable;
using System.Text;
using RaftActors.TestKit.Local;

namespace RaftActors.TestKit;

// Clients and what they are told.
public sealed partial class LocalCluster
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromMinutes(2);
    private readonly List<IClusterCall> _calls = [];

    /// <summary>The member that leads in the highest term of all, runs and reaches a majority; null when there is none.</summary>
    public NodeId? Leader =>
        _members.Values.Where(m => m is { IsRunning: true, Paused: false, Role: Role.Leader, Failure: null } && ReachesMajority(m)).MaxBy(m => m.Term)?.Id;

    /// <summary>Lets time pass until a member leads that runs and reaches a majority.</summary>
    /// <param name="limit">How much virtual time may pass; null for a minute.</param>
    /// <returns>The leader.</returns>
    public NodeId WaitForLeader(TimeSpan? limit = null)
    {
        RunUntil(() => Leader is not null, limit, "a leader");
        return Leader!.Value;
    }

    /// <summary>Proposes at a member and lets time pass until there is an answer. A paused member does not answer: use <see cref="BeginPropose"/>.</summary>
    /// <param name="member">The member; it forwards to the leader.</param>
    /// <param name="data">What to replicate.</param>
    /// <param name="options">Key, expected term, timeout; null for the defaults.</param>
    public ProposalAnswer Propose(NodeId member, ReadOnlyMemory<byte> data, ProposeOptions? options = null) => Wait(BeginPropose(member, data, options));

    /// <summary>Proposes a text, as UTF-8.</summary>
    /// <param name="member">The member.</param>
    /// <param name="text">What to replicate.</param>
    public ProposalAnswer Propose(NodeId member, string text) => Propose(member, Encoding.UTF8.GetBytes(text));

    /// <summary>Proposes at a member; the answer comes while time passes. Committed answers are remembered for <see cref="AssertNoAcknowledgedWriteLost"/>.</summary>
    /// <param name="member">The member.</param>
    /// <param name="data">What to replicate.</param>
    /// <param name="options">Key, expected term, timeout; null for the defaults.</param>
    public ClusterCall<ProposalAnswer> BeginPropose(NodeId member, ReadOnlyMemory<byte> data, ProposeOptions? options = null)
    {
        byte[] copy = data.ToArray();
        ulong digest = Digest(copy);
        return Begin<ProposalAnswer>(
            member,
            $"propose {data.Length}B",
            stream => stream.ProposeAsync(copy, options),
            reason => new OutcomeUnknown(reason),
            answer =>
            {
                if (answer is ProposalCommitted committed)
                {
                    Acknowledge(member, committed, digest);
                }
            });
    }

    /// <summary>Queries the state machine at a member and lets time pass until there is an answer.</summary>
    /// <param name="member">The member.</param>
    /// <param name="query">What <see cref="IStateMachine.Query"/> gets.</param>
    /// <param name="consistency">How fresh the state has to be.</param>
    public ReadAnswer Query(NodeId member, ReadOnlyMemory<byte> query, ReadConsistency consistency = ReadConsistency.Linearizable) =>
        Wait(BeginQuery(member, query, consistency));

    /// <summary>Queries the state machine at a member; the answer comes while time passes.</summary>
    /// <param name="member">The member.</param>
    /// <param name="query">What <see cref="IStateMachine.Query"/> gets.</param>
    /// <param name="consistency">How fresh the state has to be.</param>
    public ClusterCall<ReadAnswer> BeginQuery(NodeId member, ReadOnlyMemory<byte> query, ReadConsistency consistency = ReadConsistency.Linearizable) =>
        Begin<ReadAnswer>(
            member,
            $"query {query.Length}B",
            stream => stream.QueryAsync(query, consistency),
            reason => new ReadFailed(reason, NodeId.None, true),
            _ => { });

    /// <summary>Lets time pass until a request is answered.</summary>
    /// <typeparam name="TAnswer">The answer.</typeparam>
    /// <param name="call">The request.</param>
    public TAnswer Wait<TAnswer>(ClusterCall<TAnswer> call)
        where TAnswer : class
    {
        ArgumentNullException.ThrowIfNull(call);
        RunUntil(() => call.IsCompleted, AnswerLimit, $"an answer to: {call.What} at {call.Member}");
        return call.Answer!;
    }

    /// <summary>How the stream is at a member that runs; lets a moment pass.</summary>
    /// <param name="member">The member.</param>
    public StreamStatus Status(NodeId member)
    {
        if (!MemberOf(member).IsRunning)
        {
            throw Error($"member {member} does not run");
        }

        ClusterCall<StreamStatus> call = Begin<StreamStatus>(
            member,
            "status",
            stream => stream.GetStatusAsync(),
            reason => new StreamStatus { Stream = Stream, Node = member, Health = StreamHealth.Stopped, FailureReason = reason },
            _ => { });
        return Wait(call);
    }

    /// <summary>Anything else that a <see cref="RaftStream"/> can be asked; the answer comes while time passes.</summary>
    /// <typeparam name="TAnswer">The answer.</typeparam>
    /// <param name="member">The member.</param>
    /// <param name="what">What is asked, for the trace.</param>
    /// <param name="call">One call of the stream's method. It must not await anything: no thread lets time pass meanwhile.</param>
    /// <param name="whenLost">The answer when the member crashes or the call fails; gets the reason.</param>
    public ClusterCall<TAnswer> Begin<TAnswer>(NodeId member, string what, Func<RaftStream, Task<TAnswer>> call, Func<string, TAnswer> whenLost)
        where TAnswer : class
    {
        ArgumentNullException.ThrowIfNull(call);
        ArgumentNullException.ThrowIfNull(whenLost);
        return Begin(member, what, call, whenLost, _ => { });
    }

    private ClusterCall<T> Begin<T>(NodeId member, string what, Func<RaftStream, Task<T>> send, Func<string, T> whenLost, Action<T> answered)
        where T : class => Begin(member, what, send, task => ((Task<T>)task).Result, whenLost, answered);

    private ClusterCall<T> Begin<T>(NodeId member, string what, Func<RaftStream, Task> send, Func<Task, T> read, Func<string, T> whenLost, Action<T> answered)
        where T : class
    {
        LocalMember target = MemberOf(member);
        using Entered entered = Enter();
        Note(member, what);
        ClusterCall<T> call = new(member, what, () => !target.IsRunning || target.Stream is not null, Send, read, whenLost, answer =>
        {
            Note(member, $"answer to {what}: {Describe(answer)}");
            answered(answer);
        });
        if (!((IClusterCall)call).Poll())
        {
            _calls.Add(call);
        }

        return call;

        Task Send() => target.Stream is { } stream ? send(stream) : Task.FromException(new RaftActorsException($"member {member} does not run"));
    }

    private static string Describe(object answer) => answer switch
    {
        ProposalCommitted committed => $"committed at {committed.Index} in term {committed.Term}, {committed.Result.Length}B",
        ReadCompleted read => $"{read.Result.Length}B at {read.AppliedIndex}",
        StreamStatus status => $"{status.Role} in term {status.Term}, commit {status.CommitIndex}, applied {status.AppliedIndex}",
        _ => answer.ToString() ?? string.Empty,
    };

    private bool ReachesMajority(LocalMember member)
    {
        bool Majority(ImmutableArray<NodeId> voters) => voters.Count(Reaches) > voters.Length / 2;
        bool Reaches(NodeId voter) => voter == member.Id
            || (_members.TryGetValue(voter, out LocalMember? other) && other is { IsRunning: true, Paused: false }
                && Network.IsOpen(member.Id, voter) && Network.IsOpen(voter, member.Id));
        StreamMembership membership = member.Membership;
        return membership.MayLead(member.Id) && Majority(membership.Voters) && (!membership.IsJoint || Majority(membership.OutgoingVoters));
    }
}
