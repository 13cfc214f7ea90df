using RaftActors.TestKit.Local;

namespace RaftActors.TestKit;

// What must hold. That no two members apply different entries at one index, and that terms have one leader, is checked all the time.
public sealed partial class LocalCluster
{
    private readonly Dictionary<LogIndex, (ulong Digest, Term Term, NodeId By)> _applied = [];
    private readonly Dictionary<Term, NodeId> _leaders = [];
    private readonly List<(LogIndex Index, ulong Digest, NodeId Member)> _acknowledged = [];

    /// <summary>How many proposals were answered with <see cref="ProposalCommitted"/>.</summary>
    public int AcknowledgedWrites => _acknowledged.Count;

    /// <summary>
    /// Lets time pass until all members that run have applied the same entries, and compares their states by <see cref="IStateMachine.StateHash"/>. Call it when faults are healed.
    /// </summary>
    /// <param name="limit">How much virtual time may pass; null for a minute.</param>
    /// <exception cref="LocalClusterException">They do not come to the same index, or their states differ.</exception>
    public void AssertAllAppliedEqual(TimeSpan? limit = null)
    {
        TimeSpan until = Now + (limit ?? DefaultLimit);
        while (true)
        {
            List<StreamStatus> statuses = Participants();
            LogIndex last = statuses.Max(s => s.LastEntry.Index);
            if (statuses.TrueForAll(s => s.CommitIndex == last && (s.AppliedIndex == last || IsLogOnly(s))))
            {
                statuses.RemoveAll(IsLogOnly);
                if (statuses.Select(s => s.StateHash).Distinct().Count() > 1)
                {
                    throw Error($"states differ at index {last}: {string.Join(", ", statuses.Select(s => $"member {s.Node} has {s.StateHash:x16}"))}");
                }

                Note(NodeId.None, $"all applied {last}");
                return;
            }

            if (Now >= until)
            {
                throw Error($"members did not come to the same index: {string.Join(", ", statuses.Select(s => $"member {s.Node} has applied {s.AppliedIndex} of {s.LastEntry.Index}, health {s.Health} {s.FailureReason}"))}");
            }

            Advance(TimeSpan.FromMilliseconds(20));
        }
    }

    /// <summary>
    /// Every proposal that was answered with <see cref="ProposalCommitted"/> is in the log at the place that the answer names, and every member that runs has applied it or
    /// does so within the limit.
    /// </summary>
    /// <param name="limit">How much virtual time may pass; null for a minute.</param>
    /// <exception cref="LocalClusterException">One is lost.</exception>
    public void AssertNoAcknowledgedWriteLost(TimeSpan? limit = null)
    {
        foreach ((LogIndex index, ulong digest, NodeId member) in _acknowledged)
        {
            if (!_applied.TryGetValue(index, out (ulong Digest, Term Term, NodeId By) applied) || applied.Digest != digest)
            {
                throw Error($"the write that member {member} acknowledged at index {index} is {(applied.Digest == 0 ? "applied nowhere" : "another entry there")}");
            }
        }

        if (_acknowledged.Count > 0)
        {
            LogIndex last = _acknowledged.Max(a => a.Index);
            TimeSpan until = Now + (limit ?? DefaultLimit);

            // By the members' own word and not by what was seen applied: a snapshot brings entries that are applied one by one nowhere.
            while (Participants().Find(s => IsBehind(s, last)) is { } behind)
            {
                if (Now >= until)
                {
                    throw Error($"member {behind.Node} did not apply the acknowledged writes, the last at index {last}");
                }

                Advance(TimeSpan.FromMilliseconds(20));
            }
        }
    }

    private static bool IsBehind(StreamStatus status, LogIndex index) => (IsLogOnly(status) ? status.CommitIndex : status.AppliedIndex) < index;

    /// <summary>Who runs and, as the leader has it, belongs to the stream; others get nothing of it.</summary>
    private List<StreamStatus> Participants()
    {
        List<StreamStatus> statuses = [.. _members.Values.Where(m => m is { IsRunning: true, Paused: false }).Select(m => Status(m.Id))];
        if (statuses.Count == 0)
        {
            throw Error("no member runs");
        }

        if (statuses.Where(s => s is { Role: Role.Leader, Health: not StreamHealth.Failed }).MaxBy(s => s.Term) is { } leader)
        {
            statuses.RemoveAll(s => leader.Membership.Find(s.Node) is null);
        }

        return statuses;
    }

    private static bool IsLogOnly(StreamStatus status) => status.Membership.Find(status.Node) is { Kind: MemberKind.LogOnly };

    internal void OnEvent(MemberRun run, StreamEvent streamEvent)
    {
        LocalMember member = run.Member;
        if (!ReferenceEquals(member.Run, run))
        {
            return;
        }

        switch (streamEvent)
        {
            case StreamRoleChanged changed:
                Note(member.Id, $"{changed.Role} in term {changed.Term}, leader {changed.Leader}: {changed.Reason}");
                member.Role = changed.Role;
                member.Term = changed.Term;
                if (changed.Role == Role.Leader && !_leaders.TryAdd(changed.Term, member.Id) && _leaders[changed.Term] != member.Id)
                {
                    Violate($"two leaders in term {changed.Term}: members {_leaders[changed.Term]} and {member.Id}");
                }

                break;
            case StreamFailed failed:
                Note(member.Id, $"failed: {failed.Reason}");
                member.Failure = failed.Reason;
                member.Role = Role.Follower;
                break;
            case StreamMembershipChanged changed:
                Note(member.Id, $"has {changed.Membership} from {changed.Index} on");
                member.Membership = changed.Membership;
                break;
            default:
                Note(member.Id, streamEvent.GetType().Name);
                break;
        }
    }

    internal void OnApplied(MemberRun run, in CommittedEntry entry)
    {
        LocalMember member = run.Member;
        ulong digest = Digest(entry.Data.Span);
        Note(member.Id, $"applied {entry.Index} of term {entry.Term}");
        if (entry.Index <= member.LastApplied)
        {
            Violate($"member {member.Id} applied index {entry.Index} after {member.LastApplied}");
        }

        member.LastApplied = entry.Index;
        if (!_applied.TryAdd(entry.Index, (digest, entry.Term, member.Id)) && _applied[entry.Index] is var other && (other.Digest != digest || other.Term != entry.Term))
        {
            Violate($"members {other.By} and {member.Id} applied different entries at index {entry.Index}");
        }
    }

    private static ulong Digest(ReadOnlySpan<byte> data)
    {
        ulong hash = 14695981039346656037;
        foreach (byte b in data)
        {
            hash = (hash ^ b) * 1099511628211;
        }

        return hash | 1;
    }

    private void Acknowledge(NodeId member, ProposalCommitted committed, ulong digest)
    {
        _acknowledged.Add((committed.Index, digest, member));
        if (_applied.TryGetValue(committed.Index, out (ulong Digest, Term Term, NodeId By) applied) && applied.Digest != digest)
        {
            Violate($"member {member} acknowledged a write at index {committed.Index}, where member {applied.By} applied another");
        }
    }
}
