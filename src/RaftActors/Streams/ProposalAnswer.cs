namespace RaftActors;

/// <summary>What a proposer may conclude. Exactly one of the six sealed records below.</summary>
public abstract record ProposalAnswer
{
    private protected ProposalAnswer()
    {
    }
}

/// <summary>The entry is committed and applied here; it will never be lost.</summary>
/// <param name="Index">Its place in the log.</param>
/// <param name="Term">Its term.</param>
/// <param name="Result">What the state machine replied; empty when it did not.</param>
public sealed record ProposalCommitted(LogIndex Index, Term Term, ReadOnlyMemory<byte> Result) : ProposalAnswer;

/// <summary>
/// The entry is committed and will never be lost, so it must not be proposed again; but the state machine of the member that took it has failed and rolled it back
/// (<see cref="CommittedEntries.RollBack"/>), or came to its error before it. The other members apply it. No result is known.
/// </summary>
/// <param name="Index">Its place in the log.</param>
/// <param name="Term">Its term.</param>
/// <param name="Reason">Why it is not applied there.</param>
public sealed record CommittedNotApplied(LogIndex Index, Term Term, string Reason) : ProposalAnswer;

/// <summary>Certainly not accepted: this member does not lead (and was not allowed to forward, or knew no leader in time).</summary>
/// <param name="Leader">Who leads, as far as known; <see cref="NodeId.None"/> otherwise.</param>
/// <param name="LeaderAddress">Where the leader is, as configured; null when unknown.</param>
public sealed record NotLeader(NodeId Leader, string? LeaderAddress) : ProposalAnswer;

/// <summary>Certainly not accepted: a bound is reached. Slow down and try again.</summary>
/// <param name="Reason">Which bound.</param>
public sealed record Overloaded(string Reason) : ProposalAnswer;

/// <summary>
/// The entry may have been committed, may be committed later, or may be lost. Do not repeat it unless repeating does no harm.
/// </summary>
/// <param name="Reason">What happened.</param>
public sealed record OutcomeUnknown(string Reason) : ProposalAnswer;

/// <summary>Certainly not accepted, and trying the same again will not help.</summary>
/// <param name="Code">Why, for programs.</param>
/// <param name="Reason">Why, for people.</param>
public sealed record ProposalRefused(RefusalCode Code, string Reason) : ProposalAnswer;

/// <summary>Why a proposal was refused. The numbers are part of the wire format.</summary>
public enum RefusalCode : byte
{
    /// <summary>The data is larger than <c>max-entry-size</c>.</summary>
    EntryTooLarge = 0,

    /// <summary>The term is not the one that the proposer expected.</summary>
    TermChanged = 1,

    /// <summary>No such stream on this node.</summary>
    StreamNotFound = 2,

    /// <summary>The stream is being stopped, or has been.</summary>
    Stopping = 3,

    /// <summary>The state machine is in its error state.</summary>
    StateMachineFailed = 4,

    /// <summary>The proposal makes no sense.</summary>
    Invalid = 5,

    /// <summary>The stream has failed on this member (its journal did) and waits to be started again.</summary>
    StreamFailed = 6,

    /// <summary>The proposer cancelled it while it waited in a queue: no log has it.</summary>
    Cancelled = 7,

    /// <summary>
    /// There is no such session: it expired, was closed, or had to make room for another. The entry was not applied; whether an earlier attempt with the same serial was, is not known any more.
    /// </summary>
    SessionExpired = 8,

    /// <summary>
    /// The serial is below what the session remembers. The entry was not applied; whether an earlier attempt with the same serial was, is not known any more.
    /// </summary>
    SessionSerialTooOld = 9,

    /// <summary>The command was applied exactly once, by an earlier attempt, but its result was too large to be remembered.</summary>
    SessionResultForgotten = 10,

    /// <summary>The leader is in read-only mode (<see cref="RaftStream.EnterReadOnlyModeAsync"/>): an operator wants no writes for now.</summary>
    ReadOnly = 11,
}
