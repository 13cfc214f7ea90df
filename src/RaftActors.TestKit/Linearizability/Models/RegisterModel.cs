namespace RaftActors.TestKit.Linearizability;

/// <summary>
/// Registers, one per key (or one at all when operations have no key).
/// <list type="table">
/// <item><term><c>read</c>, <c>get</c></term><description>The result is the value; nothing while the register is empty.</description></item>
/// <item><term><c>write</c>, <c>set</c></term><description>Writes <c>value</c>. The result has no meaning.</description></item>
/// <item><term><c>cas</c></term><description>Writes <c>value</c> when the register holds <c>expected</c> (nothing: is empty). The result is 1 (true, OK) when it
/// wrote, 0 (false) when it held something else, and nothing when the register was empty and something was expected.</description></item>
/// </list>
/// </summary>
public sealed class RegisterModel : ISequentialModel<HistoryValue>
{
    /// <summary>Makes the model.</summary>
    /// <param name="initial">What a register holds before the first write.</param>
    public RegisterModel(HistoryValue initial = default) => InitialState = initial;

    /// <inheritdoc/>
    public string Name => "register";

    /// <inheritdoc/>
    public HistoryValue InitialState { get; }

    /// <inheritdoc/>
    public ModelStep<HistoryValue> Step(HistoryValue state, HistoryOperation operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        return operation.Name switch
        {
            "read" or "get" => ModelStep<HistoryValue>.If(operation.MayHaveAnswered(state), state),
            "write" or "set" => ModelStep<HistoryValue>.To(operation.Value),
            _ => CompareAndSet.Step(state, operation),
        };
    }

    /// <inheritdoc/>
    public string? WhyRefused(HistoryOperation operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        return operation.Key.IsList ? "an operation on several keys; registers are checked one by one"
            : operation.Name is "read" or "get" or "write" or "set" ? null
            : operation.Name == "cas" ? CompareAndSet.WhyRefused(operation)
            : $"'{operation.Name}' is not known to the register model; it knows read, get, write, set, cas";
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
        return operation.Name is "read" or "get" || (operation.Name == "cas" && CompareAndSet.DidNothing(operation));
    }

    /// <inheritdoc/>
    public bool TryGetRequiredState(HistoryOperation operation, out HistoryValue state)
    {
        ArgumentNullException.ThrowIfNull(operation);
        state = operation.Name == "cas" ? operation.Expected : operation.Result;
        return operation.Outcome == OperationOutcome.Completed
            && (operation.Name is "read" or "get" || (operation.Name == "cas" && operation.Result.AsTruth() == true));
    }

    /// <inheritdoc/>
    public bool TryGetProducedState(HistoryOperation operation, out HistoryValue state)
    {
        ArgumentNullException.ThrowIfNull(operation);
        state = operation.Value;
        return operation.Name is "write" or "set" or "cas";
    }
}
