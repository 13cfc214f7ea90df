using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>Puts what happened into few words.</summary>
public static class TraceText
{
    /// <summary>One event without its time.</summary>
    public static string Line(in TraceEvent e) => e.Kind switch
    {
        TraceKind.Input => $"{e.Member} <- {Of(e.What)}",
        TraceKind.Effect => $"{e.Member}    -> {Of(e.What)}",
        TraceKind.Sent => $"{e.Member} >> {e.Peer}  {Of(e.What)}",
        TraceKind.Delivered => $"{e.Member} << {e.Peer}  {Of(e.What)}",
        TraceKind.Lost => $"{e.Peer} >< {e.Member}  {Of(e.What)}",
        TraceKind.Crashed => $"{e.Member} CRASHES {e.What}",
        TraceKind.Started => $"{e.Member} STARTS {e.What}",
        TraceKind.Fault => e.Member == NodeId.None ? $"FAULT {e.What}" : $"FAULT {e.Member} {e.What}",
        TraceKind.Client => $"{e.Member} client: {e.What}",
        TraceKind.Violation => $"VIOLATION {e.What}",
        _ => e.Member == NodeId.None ? $"{e.What}" : $"{e.Member} {e.What}",
    };

    /// <summary>False for what only prepares something: timers that start and stop, confirmations without consequence.</summary>
    public static bool IsTelling(in TraceEvent e) =>
        e.What is not (Effect.StartTimer or Effect.StopTimer or Effect.EndVoteRound or Effect.BeginVoteRound or RaftInput.Applied or RaftInput.TellCommits or RaftInput.Start);

    /// <summary>A message, an input, an effect.</summary>
    public static string Of(object what) => what switch
    {
        RequestVote m => $"{(m.PreVote ? "PreVote" : "RequestVote")} t{m.Term} last {m.LastEntry}",
        RequestVoteReply m => $"{(m.PreVote ? "PreVoteReply" : "VoteReply")} t{m.Term} {(m.Granted ? "yes" : "no")}",
        AppendEntries { Batches.Count: 0 } m => $"Heartbeat t{m.Term} at {m.Previous} commit {m.Commit}",
        AppendEntries m => $"Append t{m.Term} after {m.Previous} {string.Concat(m.Batches)} commit {m.Commit}",
        AppendEntriesReply m => m.Accepted ? $"AppendReply t{m.Term} ok {m.CurrentIndex}" : $"AppendReply t{m.Term} no, hint {m.ConflictHint}",
        ReadIndexRequest m => $"ReadIndex t{m.Term} #{m.Context % 10000}",
        ReadIndexReply m => m.Accepted ? $"ReadIndexReply t{m.Term} at {m.Index}" : $"ReadIndexReply t{m.Term} no",
        RaftInput.Received i => $"from {i.From} {Of(i.Message)}",
        RaftInput.TimerElapsed i => $"{i.Timer} timer",
        RaftInput.Propose i => $"propose {i.Entries.Count} (#{i.Ticket})",
        RaftInput.Durable i => $"disk confirms {i.Mark}",
        RaftInput.ReadIndex i => $"read (#{i.Ticket})",
        RaftInput.TellCommits => "tell commits",
        RaftInput.Applied i => $"applied {i.Index}",
        RaftInput.PeerUnreachable i => $"lost the connection to {i.Peer}",
        RaftInput.StepDown => "step down",
        RaftInput.Start => "start",
        Effect.Send e => $"to {e.To} {Of(e.Message)}",
        Effect.Persist { Event: TermState s } e => $"write {e.Mark}: term {s.Term}, vote {s.VotedFor}",
        Effect.Persist { Event: EntriesAppended a } e => $"write {e.Mark}: {a.Batch}",
        Effect.BeginVoteRound e => $"ask {string.Join(',', e.Peers)} {Of(e.Request)}",
        Effect.Commit e => $"commit {e.First}..{e.Last}",
        Effect.RoleChanged e => $"{e.Role} of term {e.Term}{(e.Leader == NodeId.None ? string.Empty : $" (leader {e.Leader})")}: {e.Reason}",
        Effect.ProposalAccepted e => $"#{e.Ticket} gets {e.First}",
        Effect.ProposalRefused e => $"#{e.Ticket} refused: {e.Refusal}",
        Effect.ReadReady e => $"#{e.Ticket} may read at {e.Index}",
        Effect.ReadRefused e => $"#{e.Ticket} cannot read: {e.Reason}",
        Effect.StartTimer e => $"{e.Timer} timer in {e.After.TotalMilliseconds:F0} ms",
        _ => what.ToString() ?? string.Empty,
    };
}
