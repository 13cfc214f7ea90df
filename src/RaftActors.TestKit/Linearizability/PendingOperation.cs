namespace RaftActors.TestKit.Linearizability;

/// <summary>An operation under way. Its outcome is told once.</summary>
public sealed class PendingOperation
{
    private readonly Func<long> _nanoseconds;
    private readonly HistoryOperation _called;
    private HistoryOperation? _ended;

    internal PendingOperation(Func<long> nanoseconds, HistoryOperation called)
    {
        _nanoseconds = nanoseconds;
        _called = called;
    }

    /// <summary>The operation as it is known now.</summary>
    public HistoryOperation Current => Volatile.Read(ref _ended) ?? _called;

    /// <summary>The answer has come.</summary>
    /// <param name="result">What was answered.</param>
    /// <param name="note">For people.</param>
    /// <exception cref="InvalidOperationException">The outcome has been told already.</exception>
    public void Complete(HistoryValue result = default, string? note = null) => End(OperationOutcome.Completed, result, note);

    /// <summary>The operation was certainly not executed and never will be.</summary>
    /// <param name="note">For people: why.</param>
    /// <exception cref="InvalidOperationException">The outcome has been told already.</exception>
    public void Fail(string? note = null) => End(OperationOutcome.Failed, default, note);

    /// <summary>Nobody knows whether it was or will be executed: a timeout, a broken connection.</summary>
    /// <param name="note">For people: why.</param>
    /// <exception cref="InvalidOperationException">The outcome has been told already.</exception>
    public void LeaveUnknown(string? note = null) => End(OperationOutcome.Unknown, default, note);

    private void End(OperationOutcome outcome, HistoryValue result, string? note)
    {
        HistoryOperation ended = _called with { ReturnNs = _nanoseconds(), Outcome = outcome, Result = result, Note = note };
        if (Interlocked.CompareExchange(ref _ended, ended, null) is { } earlier)
        {
            throw new InvalidOperationException($"The outcome of '{earlier}' has been told already.");
        }
    }
}
