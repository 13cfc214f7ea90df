namespace RaftActors.Protocol;

/// <summary>
/// A rule of the protocol does not hold on this member: its journal is damaged, a peer has lost acknowledged data, or
/// there is a defect. The core must not be stepped again; the member stops and recovers from its journal.
/// </summary>
public sealed class InvariantViolationException : InvalidOperationException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="rule">What should have held.</param>
    public InvariantViolationException(string rule)
        : base(rule)
    {
    }
}
