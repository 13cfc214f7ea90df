using System.Text;

namespace RaftActors.TestKit.Linearizability;

/// <summary>
/// The keys of a key-value store, each checked on its own. Operations on several keys are refused; <see cref="KeyValueStoreModel"/> takes them.
/// <list type="table">
/// <item><term><c>get</c></term><description>The result is the value, nothing when the key does not exist.</description></item>
/// <item><term><c>exists</c>, <c>strlen</c></term><description>1 or 0; the length of the value in bytes of UTF-8, 0 without one.</description></item>
/// <item><term><c>set</c></term><description>Writes <c>value</c>. The result has no meaning.</description></item>
/// <item><term><c>setnx</c>, <c>setxx</c></term><description>Writes when the key does not exist, when it does. 1 (true, OK) when it wrote; 0, false or nothing when not.</description></item>
/// <item><term><c>cas</c></term><description>Writes <c>value</c> when the key holds <c>expected</c> (nothing: does not exist). 1 when it wrote, 0 when not, nothing when
/// there was no such key although a value was expected.</description></item>
/// <item><term><c>getset</c>, <c>getdel</c></term><description>Writes <c>value</c>, removes. The result is what was there before.</description></item>
/// <item><term><c>del</c></term><description>Removes. 1 when it was there, 0 when not, nothing when not recorded.</description></item>
/// <item><term><c>incr</c>, <c>incrby</c>, <c>decr</c>, <c>decrby</c></term><description>Adds or takes away <c>value</c>, or 1 without a value; no key counts as 0. The result
/// is the new number, nothing when not recorded. A store refuses it where the value is not a number, or the sum does not fit: record that as failed.</description></item>
/// <item><term><c>append</c></term><description>Appends <c>value</c>. The result is the new length in bytes of UTF-8, nothing when not recorded.</description></item>
/// </list>
/// </summary>
public sealed class KeyValueModel : ISequentialModel<HistoryValue>
{
    internal const string Known = "get, exists, strlen, set, setnx, setxx, cas, getset, getdel, del, incr, incrby, decr, decrby, append";

    /// <inheritdoc/>
    public string Name => "key-value";

    /// <inheritdoc/>
    public HistoryValue InitialState => HistoryValue.Null;

    /// <inheritdoc/>
    public ModelStep<HistoryValue> Step(HistoryValue state, HistoryOperation operation) => Execute(state, operation);

    /// <inheritdoc/>
    public string? WhyRefused(HistoryOperation operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        return operation.Name is "mget" or "mset" || operation.Key.IsList
            ? $"'{operation.Name}' concerns several keys, and the key-value model checks each key on its own; {nameof(KeyValueStoreModel)} checks all of them together"
            : WhyNotExecutable(operation);
    }

    /// <inheritdoc/>
    public string? PartitionOf(HistoryOperation operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        return operation.Key.Text;
    }

    /// <inheritdoc/>
    public bool IsReadOnly(HistoryOperation operation) => LeavesState(operation);

    /// <inheritdoc/>
    public bool TryGetRequiredState(HistoryOperation operation, out HistoryValue state)
    {
        ArgumentNullException.ThrowIfNull(operation);
        state = default;
        if (operation.Outcome != OperationOutcome.Completed)
        {
            return false;
        }

        switch (operation.Name)
        {
            case "get" or "getset" or "getdel":
                state = operation.Result;
                return true;
            case "cas" when operation.Result.AsTruth() == true:
                state = operation.Expected;
                return true;
            case "setnx" when operation.Result.AsTruth() == true:
                return true;
            case "incr" or "incrby" or "decr" or "decrby" when operation.Result.TryGetInt64(out long sum):
                // Zero before may be the number or no key at all.
                long before = unchecked(sum - Delta(operation));
                state = before;
                return before != 0;
            default:
                return false;
        }
    }

    /// <inheritdoc/>
    public bool TryGetProducedState(HistoryOperation operation, out HistoryValue state)
    {
        ArgumentNullException.ThrowIfNull(operation);
        switch (operation.Name)
        {
            case "set" or "setnx" or "setxx" or "cas" or "getset":
                state = operation.Value;
                return true;
            case "del" or "getdel":
                state = default;
                return true;
            case "incr" or "incrby" or "decr" or "decrby":
                state = operation.Result;
                return operation.Outcome == OperationOutcome.Completed && !operation.Result.IsNull;
            default:
                state = default;
                return false;
        }
    }

    internal static string? WhyNotExecutable(HistoryOperation operation)
    {
        bool completed = operation.Outcome == OperationOutcome.Completed;
        switch (operation.Name)
        {
            case var _ when operation.Key.Text is null:
                return $"'{operation.Name}' needs a key";
            case "get" or "exists" or "strlen" or "del" or "getdel":
                return null;
            case "cas":
                return CompareAndSet.WhyRefused(operation);
            case "set" or "setnx" or "setxx" or "getset" or "append":
                return operation.Value.Text is null ? $"'{operation.Name}' needs a value" : null;
            case "incr" or "incrby" or "decr" or "decrby":
                return !operation.Value.IsNull && !operation.Value.TryGetInt64(out _) ? $"{operation.Value} is not a number that can be added"
                    : completed && !operation.Result.IsNull && !operation.Result.TryGetInt64(out _) ? $"the result {operation.Result} is not a number"
                    : null;
            default:
                return $"'{operation.Name}' is not known to the key-value models; they know {Known}, and mget and mset for the whole store";
        }
    }

    internal static bool LeavesState(HistoryOperation operation)
    {
        bool completed = operation.Outcome == OperationOutcome.Completed;
        return operation.Name switch
        {
            "get" or "exists" or "strlen" => true,
            "cas" => CompareAndSet.DidNothing(operation),
            "setnx" or "setxx" => completed && operation.Result.AsTruth() != true,
            "del" => completed && operation.Result == "0",
            _ => false,
        };
    }

    /// <summary>Executes an operation on the value of its key.</summary>
    internal static ModelStep<HistoryValue> Execute(HistoryValue state, HistoryOperation operation)
    {
        bool completed = operation.Outcome == OperationOutcome.Completed;
        switch (operation.Name)
        {
            case "get":
                return ModelStep<HistoryValue>.If(operation.MayHaveAnswered(state), state);
            case "exists":
                return ModelStep<HistoryValue>.If(!completed || operation.Result.AsTruth() == !state.IsNull, state);
            case "strlen":
                return ModelStep<HistoryValue>.If(operation.MayHaveAnswered(LengthOf(state)), state);
            case "set":
                return ModelStep<HistoryValue>.To(operation.Value);
            case "setnx" or "setxx":
                bool writes = state.IsNull == (operation.Name == "setnx");
                return ModelStep<HistoryValue>.If(!completed || (operation.Result.AsTruth() == true) == writes, writes ? operation.Value : state);
            case "cas":
                return CompareAndSet.Step(state, operation);
            case "getset":
                return ModelStep<HistoryValue>.If(operation.MayHaveAnswered(state), operation.Value);
            case "getdel":
                return ModelStep<HistoryValue>.If(operation.MayHaveAnswered(state), HistoryValue.Null);
            case "del":
                return ModelStep<HistoryValue>.If(!completed || operation.Result.IsNull || operation.Result.AsTruth() == !state.IsNull, HistoryValue.Null);
            case "append":
                HistoryValue longer = state.Text + operation.Value.Text;
                return ModelStep<HistoryValue>.If(operation.Result.IsNull || operation.MayHaveAnswered(LengthOf(longer)), longer);
            default:
                return Increment(state, operation, completed);
        }
    }

    private static ModelStep<HistoryValue> Increment(HistoryValue state, HistoryOperation operation, bool completed)
    {
        long number = 0;
        long delta = Delta(operation);
        long sum = 0;
        bool refused = !state.IsNull && !state.TryGetInt64(out number);
        if (!refused)
        {
            sum = unchecked(number + delta);
            refused = ((number ^ sum) & (delta ^ sum)) < 0;
        }

        if (refused)
        {
            // The store would have refused it; of an operation without an answer that is a possible end.
            return ModelStep<HistoryValue>.If(!completed, state);
        }

        HistoryValue next = sum;
        return ModelStep<HistoryValue>.If(operation.Result.IsNull || operation.MayHaveAnswered(next), next);
    }

    private static long Delta(HistoryOperation operation)
    {
        long by = operation.Value.TryGetInt64(out long value) ? value : 1;
        return operation.Name is "decr" or "decrby" ? unchecked(-by) : by;
    }

    private static HistoryValue LengthOf(HistoryValue value) => value.Text is { } text ? Encoding.UTF8.GetByteCount(text) : 0;
}
