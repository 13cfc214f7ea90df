namespace RaftActors;

/// <summary>A proposal was cancelled by its <see cref="CancellationToken"/>.</summary>
public sealed class ProposalCanceledException : OperationCanceledException
{
    internal ProposalCanceledException(bool isCertainlyNotProposed, CancellationToken cancellationToken)
        : base(
            isCertainlyNotProposed ? "The proposal was cancelled before it was proposed; no log has it." : "The proposal was cancelled, but it may be in a log already: its outcome is unknown.",
            cancellationToken) => IsCertainlyNotProposed = isCertainlyNotProposed;

    /// <summary>
    /// True when the proposal was taken out of a queue: it is in no log and never will be. False when it had gone further: it may be committed, now or later (as with <see cref="OutcomeUnknown"/>).
    /// </summary>
    public bool IsCertainlyNotProposed { get; }
}
