using System.Collections.Frozen;
using Akka.Actor;
using RaftActors.Remoting;

namespace RaftActors.Runtime;

// What the actors of this library say to each other. Nothing here leaves the process.

/// <summary>To the supervisor: run a stream. Completed when it takes part, or failed with the reason.</summary>
internal sealed record AddStream(StreamLink Link, TaskCompletionSource Started);

/// <summary>To the supervisor: stop a stream. Completed when its actors are gone.</summary>
internal sealed record RemoveStream(StreamId Id, TaskCompletionSource Stopped);

/// <summary>To a stream's actor: drain, hand over, stop.</summary>
internal sealed record StopStream
{
    public static StopStream Instance { get; } = new();
}

/// <summary>From a stream's actor to the supervisor: it takes part now, or never will.</summary>
internal sealed record StreamUp(StreamId Id, RaftActorsException? Failure);

/// <summary>From the node: recovered, taking part.</summary>
internal sealed record NodeStarted
{
    public static NodeStarted Instance { get; } = new();
}

/// <summary>From the node: it stops for good, because going on could break a promise.</summary>
internal sealed record NodeFailed(string Reason, Exception? Cause);

/// <summary>From the node: as asked, it has drained and ends.</summary>
internal sealed record NodeDrained
{
    public static NodeDrained Instance { get; } = new();
}

/// <summary>From the node: the state machine is in its error state; consensus goes on.</summary>
internal sealed record StateMachineFailed(string Reason, Exception Cause);

/// <summary>To the stream's actor itself: the wait after a crash is over.</summary>
internal sealed record RestartNode
{
    public static RestartNode Instance { get; } = new();
}

/// <summary>To a node: answer what is open, give up the office, end.</summary>
internal sealed record StopNode
{
    public static StopNode Instance { get; } = new();
}

/// <summary>To a node itself, behind the requests that wait in its mailbox: what has gathered becomes a batch.</summary>
internal sealed record FlushRequests : IBehindClients
{
    public static FlushRequests Instance { get; } = new();
}

/// <summary>To a node itself, behind the requests that clients have made upon their answers.</summary>
internal sealed record CommitsTellable : IBehindClients
{
    public static CommitsTellable Instance { get; } = new();
}

/// <summary>To a node itself: look for requests whose time is up.</summary>
internal sealed record SweepRequests
{
    public static SweepRequests Instance { get; } = new();
}

/// <summary>To a node itself: ending has taken too long.</summary>
internal sealed record EndTimedOut
{
    public static EndTimedOut Instance { get; } = new();
}

/// <summary>To the journal's actor: write this.</summary>
internal sealed record WriteJournal(JournalMark Mark, RaftEvent Event);

/// <summary>To the journal's actor: read entries back. Answered by <see cref="JournalRead"/> or <see cref="JournalReadFailed"/>.</summary>
internal sealed record ReadJournal(long Ticket, NodeId For, LogIndex First, LogIndex Last, long MaxBytes);

/// <summary>From a reader of the journal: batches as they were written, the first of them with the entry that was asked for.</summary>
internal sealed record JournalRead(long Ticket, IReadOnlyList<EntryBatch> Batches);

/// <summary>From a reader of the journal: it could not be read.</summary>
internal sealed record JournalReadFailed(long Ticket, NodeId For, LogIndex First, string Reason, Exception? Cause);

/// <summary>From the journal's actor during recovery, in order.</summary>
internal sealed record RecoveredEvents(IReadOnlyList<RaftEvent> Events);

/// <summary>From the journal's actor: that was everything.</summary>
internal sealed record RecoveryFinished
{
    public static RecoveryFinished Instance { get; } = new();
}

/// <summary>From the journal's actor: a read, write or event failed. It takes nothing more.</summary>
internal sealed record JournalFailed(string Reason, Exception? Cause);

/// <summary>From a restarted election actor: it has forgotten its timers and its round.</summary>
internal sealed record ElectionRestarted
{
    public static ElectionRestarted Instance { get; } = new();
}

/// <summary>To the election actor: this peer has answered, do not ask it again.</summary>
internal sealed record VoteAnswered(NodeId From, Term RequestTerm, bool PreVote);

/// <summary>To the state machine's actor: apply these, in order.</summary>
internal sealed record ApplyRuns(IReadOnlyList<ApplyRun> Runs);

/// <summary>To the state machine's actor: run these reads when <paramref name="Index"/> is applied.</summary>
internal sealed record RunReads(LogIndex Index, IReadOnlyList<PendingRead> Reads);

/// <summary>To the state machine's actor: add applied index and state hash.</summary>
internal sealed record CompleteStatus(PendingStatus Request);

/// <summary>To the state machine's actor, in order with what it applies. A caretaker is about to hand over: its state machine leads nothing.</summary>
internal sealed record RoleNotice(Role Role, Term Term, NodeId Leader, string Reason, bool TakesCare = false);

/// <summary>To the state machine's actor: last calls, then stop.</summary>
internal sealed record ShutdownStateMachine(string Reason, Exception? Failure);

/// <summary>From the state machine's actor: it exists.</summary>
internal sealed record StateMachineReady
{
    public static StateMachineReady Instance { get; } = new();
}

/// <summary>From the state machine's actor: everything up to here is applied.</summary>
internal sealed record AppliedReport(LogIndex Index);

/// <summary>From the state machine's actor: the time that the log has told last, and when it should be told again (null: no need).</summary>
internal sealed record SessionsReport(TimeSpan LogTime, TimeSpan? NextClock);

/// <summary>To a node itself: the log should be told the time.</summary>
internal sealed record ClockDue
{
    public static ClockDue Instance { get; } = new();
}

/// <summary>From the state machine's actor: nothing behind <paramref name="Applied"/> will be applied. <paramref name="IsExact"/>: the state is that of <paramref name="Applied"/>, and not perhaps of a little more.</summary>
internal sealed record ApplyFailed(string Reason, Exception Cause, LogIndex Applied, bool IsExact = false);

/// <summary>To a stream's actor: a proposal that could have been cancelled is answered.</summary>
internal sealed record ProposalDone(ActorProposal Proposal);

/// <summary>To a replicator: send this append. Several peers get the same one, and the same frame if they take it: it is addressed to nobody in particular.</summary>
internal sealed record AppendToAll(AppendEntries Append, PeerFrame Frame);

/// <summary>To a replicator: send these proposals to the peer, which leads.</summary>
internal sealed record ForwardToPeer(IReadOnlyList<ForwardedProposal> Proposals, Term Term, bool Sessions = false);

/// <summary>To a replicator: a message of the application to the peer.</summary>
internal sealed record SendUserMessage(byte[] Data, ByteBudget Room);

/// <summary>From a replicator, through the node, to the state machine's actor: a message of the peer's application.</summary>
internal sealed record UserMessageReceived(NodeId From, ReadOnlyMemory<byte> Data, ByteBudget Room) : IBehindClients;

/// <summary>To the state machine's actor: the observer is to hear this, in order with everything else.</summary>
internal sealed record TellObserver(Action<IStreamObserver> Call);

/// <summary>To a replicator: ask the peer whether it knows these proposals that were forwarded to it.</summary>
internal sealed record AskAboutForwarded(IReadOnlyList<ulong> Tokens, long Inquiry);

/// <summary>To a replicator: the outcome of a proposal that the peer had forwarded.</summary>
internal sealed record ForwardedAnswer(ulong Token, ProposalAnswer Answer);

/// <summary>From a replicator: the peer's answers to what this member forwarded. With the number of an inquiry: everything else that it named is in the peer's hands.</summary>
internal sealed record ForwardedAnswers(NodeId From, IReadOnlyList<(ulong Token, ProposalAnswer Answer)> Answers, long? Inquiry = null);

/// <summary>To a replicator: a frame from its peer.</summary>
internal sealed record InboundFrame(PeerFrame Frame);

/// <summary>To a node: a frame of its stream from somebody for whom it has no channel. A member that is behind may not know the leader or a candidate yet.</summary>
internal sealed record StrangerFrame(NodeId From, string Address, PeerFrame Frame);

/// <summary>To a node itself: whoever is behind this channel had time enough to learn that it is not a member any more.</summary>
internal sealed record RetireChannel(NodeId Peer);

/// <summary>To the election actor: the ways to the peers are other ones now.</summary>
internal sealed record ChannelsChanged(FrozenDictionary<NodeId, IActorRef> Channels);

/// <summary>From a replicator: the way to its peer is open or broken.</summary>
internal sealed record PeerReachability(NodeId Peer, bool Reachable);
