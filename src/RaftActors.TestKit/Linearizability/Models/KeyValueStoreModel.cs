namespace RaftActors.TestKit.Linearizability;

/// <summary>
/// A key-value store as one object, for histories with operations on several keys. Knows what <see cref="KeyValueModel"/> knows, and
/// <list type="table">
/// <item><term><c>mget</c></term><description>The key is a list; the result is the list of the values.</description></item>
/// <item><term><c>mset</c></term><description>The key is a list, the value is a list of as many. The result has no meaning.</description></item>
/// </list>
/// Nothing can be checked key by key then, which is much slower: use it for short histories.
/// </summary>
public sealed class KeyValueStoreModel : ISequentialModel<KeyValueState>
{
    /// <inheritdoc/>
    public string Name => "key-value store";

    /// <inheritdoc/>
    public KeyValueState InitialState => KeyValueState.Empty;

    /// <inheritdoc/>
    public ModelStep<KeyValueState> Step(KeyValueState state, HistoryOperation operation)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(operation);
        switch (operation.Name)
        {
            case "mget":
                HistoryValue values = new(operation.Key.Items.Select(k => state[k!].Text));
                return ModelStep<KeyValueState>.If(operation.Outcome != OperationOutcome.Completed || values.Items.SequenceEqual(operation.Result.Items), state);
            case "mset":
                for (int i = 0; i < operation.Key.Items.Count; i++)
                {
                    state = state.With(operation.Key.Items[i]!, operation.Value.Items[i]);
                }

                return ModelStep<KeyValueState>.To(state);
            default:
                string key = operation.Key.Text!;
                ModelStep<HistoryValue> step = KeyValueModel.Execute(state[key], operation);
                return step.IsLegal ? ModelStep<KeyValueState>.To(state.With(key, step.Next)) : ModelStep<KeyValueState>.Illegal;
        }
    }

    /// <inheritdoc/>
    public string? WhyRefused(HistoryOperation operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        if (operation.Name is not ("mget" or "mset"))
        {
            return operation.Key.IsList ? $"'{operation.Name}' with several keys is not known" : KeyValueModel.WhyNotExecutable(operation);
        }

        return operation.Key.IsNull || operation.Key.Items.Contains(null) ? $"'{operation.Name}' needs a list of keys"
            : operation.Name == "mset" && (operation.Value.Items.Count != operation.Key.Items.Count || operation.Value.Items.Contains(null)) ? "'mset' needs as many values as keys"
            : operation.Name == "mget" && operation.Outcome == OperationOutcome.Completed && operation.Result.Items.Count != operation.Key.Items.Count
                ? "'mget' needs as many results as keys"
            : null;
    }

    /// <inheritdoc/>
    public bool IsReadOnly(HistoryOperation operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        return operation.Name == "mget" || KeyValueModel.LeavesState(operation);
    }
}
