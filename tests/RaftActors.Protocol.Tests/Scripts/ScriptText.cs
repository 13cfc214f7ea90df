using System.Text;
using RaftActors.TestKit.Simulation;

namespace RaftActors.Protocol.Tests.Scripts;

/// <summary>Puts messages and effects into the words of the scripts. Tokens and contexts are left out: they say nothing about the protocol.</summary>
internal static class ScriptText
{
    public static string Of(PeerMessage message) => message switch
    {
        RequestVote m => $"{(m.PreVote ? "would you vote for me" : "vote for me")} in term {m.Term}, my log ends at {m.LastEntry}{(m.Transfer ? ", the leader wants it" : string.Empty)}",
        RequestVoteReply m => $"{(m.Granted ? "yes" : "no")}, {(m.PreVote ? "for" : "my vote in")} term {m.RequestTerm}{(m.Term != m.RequestTerm ? $"; I am in term {m.Term}" : string.Empty)}{(m.CandidateIsRemoved ? "; you are removed" : string.Empty)}",
        AppendEntries { Batches.Count: 0 } m => $"heartbeat of term {m.Term} behind {m.Previous}, commit {m.Commit}",
        AppendEntries m => $"append in term {m.Term} behind {m.Previous}: {Entries(m.Batches)}, commit {m.Commit}",
        AppendEntriesReply { Accepted: true } m => $"I have everything up to {m.CurrentIndex}, term {m.Term}",
        AppendEntriesReply m => $"that does not fit, try behind {m.ConflictHint}, term {m.Term}",
        ReadIndexRequest => "where may I read",
        ReadIndexReply { Accepted: true } m => $"read at {m.Index}",
        ReadIndexReply => "I cannot say where to read",
        InstallSnapshot m => $"snapshot {m.Snapshot.Last}, bytes {m.Offset} to {m.End} of {m.TotalSize}",
        InstallSnapshotReply { Installed: true } m => $"snapshot up to {m.Snapshot} is installed",
        InstallSnapshotReply m => m.Accepted ? $"snapshot up to {m.Snapshot}: I have {m.Offset} bytes" : $"snapshot up to {m.Snapshot}: go on at byte {m.Offset}",
        TimeoutNow m => $"stand for election now, from the leader of term {m.Term}",
        _ => TraceText.Of(message),
    };

    /// <summary>One effect in words; null when it says nothing about the protocol.</summary>
    public static string? Of(Effect effect) => effect switch
    {
        Effect.Persist { Event: TermState s } => $"writes term {s.Term}, vote {s.VotedFor}",
        Effect.Persist { Event: EntriesAppended a } => $"writes {Entries([a.Batch])}",
        Effect.Persist { Event: LogCompacted c } => $"writes that the log begins behind {c.Base}, snapshot {c.Snapshot.Last}",
        Effect.Persist p => $"writes {p.Event}",
        Effect.RoleChanged { Role: Role.Leader } r => $"LEADS in term {r.Term}",
        Effect.RoleChanged r => $"{r.Role} in term {r.Term}{(r.Leader.IsNone ? string.Empty : $", leader {r.Leader}")}: {r.Reason}",
        Effect.Commit c => c.First == c.Last ? $"commits {c.First}" : $"commits {c.First} to {c.Last}",
        Effect.ProposalAccepted a => $"takes proposal #{a.Ticket} at {a.First}",
        Effect.ProposalRefused r => $"refuses proposal #{r.Ticket}: {r.Refusal}{(r.Leader.IsNone ? string.Empty : $", leader {r.Leader}")}",
        Effect.MembershipChanged m => $"has {m.Membership} from {m.Index} on",
        Effect.ChangeAccepted a => $"answers change #{a.Ticket}: {a.Membership}, committed at {a.Index}",
        Effect.ChangeRefused r => $"refuses change #{r.Ticket}: {r.Refusal}, {r.Reason}",
        Effect.TransferEnded t => $"ends transfer #{t.Ticket} to {t.Target}: {t.Outcome}",
        Effect.ReadReady r => $"read #{r.Ticket} may read at {r.Index}",
        Effect.ReadRefused r => $"refuses read #{r.Ticket}: {r.Reason}",
        Effect.SendSnapshot s => $"sends snapshot {s.Snapshot.Last} to {s.Peer}",
        Effect.RestoreState r => $"restores its state from snapshot {r.Snapshot.Last}",
        _ => null,
    };

    public static string Entries(IEnumerable<EntryBatch> batches) => string.Join(' ', batches.SelectMany(b => b).Select(Of));

    public static string Of(LogEntry entry) => entry.Kind == EntryKind.Normal ? $"{entry.Id}={Encoding.UTF8.GetString(entry.Data.Span)}" : $"{entry.Id}({Kind(entry.Kind)})";

    private static string Kind(EntryKind kind) => kind switch
    {
        EntryKind.NoOp => "no-op",
        EntryKind.JoinLearner => "join as learner",
        _ => kind.ToString().ToLowerInvariant(),
    };
}
