namespace RaftActors.TestKit.Linearizability;

/// <summary>
/// Counters, one per key (or one at all when operations have no key).
/// <list type="table">
/// <item><term><c>get</c>, <c>read</c></term><description>The result is the count; nothing is read as the initial count, as a key-value store answers before the
/// first increment.</description></item>
/// <item><term><c>inc</c>, <c>incr</c>, <c>add</c></term><description>Adds <c>value</c>, or 1 without a value. The result is the new count, or nothing when it was
/// not recorded.</description></item>
/// <item><term><c>dec</c>, <c>decr</c></term><description>Takes <c>value</c> away, or 1.</description></item>
/// </list>
/// </summary>
public sealed class CounterModel : ISequentialModel<long>
{
    private const string Known = "get, read, inc, incr, add, dec, decr";

    /// <summary>Makes the model.</summary>
    /// <param name="initial">The count before the first operation.</param>
    public CounterModel(long initial = 0) => InitialState = initial;

    /// <inheritdoc/>
    public string Name => "counter";

    /// <inheritdoc/>
    public long InitialState { get; }

    /// <inheritdoc/>
    public ModelStep<long> Step(long state, HistoryOperation operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        if (IsReadOnly(operation))
        {
            return ModelStep<long>.If(operation.Outcome != OperationOutcome.Completed || Count(operation) == state, state);
        }

        long next = unchecked(state + Delta(operation));
        return ModelStep<long>.If(operation.Outcome != OperationOutcome.Completed || operation.Result.IsNull || Count(operation) == next, next);
    }

    /// <inheritdoc/>
    public string? WhyRefused(HistoryOperation operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        return operation.Key.IsList ? "an operation on several keys; counters are checked one by one"
            : operation.Name is not ("get" or "read" or "inc" or "incr" or "add" or "dec" or "decr") ? $"'{operation.Name}' is not known to the counter model; it knows {Known}"
            : !operation.Value.IsNull && !operation.Value.TryGetInt64(out _) ? $"{operation.Value} is not a number that can be added"
            : operation.Outcome == OperationOutcome.Completed && !operation.Result.IsNull && !operation.Result.TryGetInt64(out _) ? $"the result {operation.Result} is not a count"
            : null;
    }

    /// <inheritdoc/>
    public string? PartitionOf(HistoryOperation operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        return operation.Key.Text ?? "";
    }

    /// <inheritdoc/>
    public bool IsReadOnly(HistoryOperation operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        return operation.Name is "get" or "read";
    }

    /// <inheritdoc/>
    public bool TryGetRequiredState(HistoryOperation operation, out long state)
    {
        ArgumentNullException.ThrowIfNull(operation);
        state = Count(operation) - (IsReadOnly(operation) ? 0 : Delta(operation));
        return operation.Outcome == OperationOutcome.Completed && (IsReadOnly(operation) || !operation.Result.IsNull);
    }

    /// <inheritdoc/>
    public bool TryGetProducedState(HistoryOperation operation, out long state)
    {
        ArgumentNullException.ThrowIfNull(operation);
        state = Count(operation);
        return operation.Outcome == OperationOutcome.Completed && !IsReadOnly(operation) && !operation.Result.IsNull;
    }

    private static long Delta(HistoryOperation operation)
    {
        long by = operation.Value.TryGetInt64(out long value) ? value : 1;
        return operation.Name is "dec" or "decr" ? -by : by;
    }

    private long Count(HistoryOperation operation) => operation.Result.TryGetInt64(out long count) ? count : InitialState;
}
