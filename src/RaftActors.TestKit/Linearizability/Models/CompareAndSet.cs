namespace RaftActors.TestKit.Linearizability;

/// <summary>The compare-and-set that registers and keys have in common.</summary>
internal static class CompareAndSet
{
    public static ModelStep<HistoryValue> Step(HistoryValue state, HistoryOperation operation)
    {
        bool equal = state == operation.Expected;
        if (operation.Outcome != OperationOutcome.Completed)
        {
            return ModelStep<HistoryValue>.To(equal ? operation.Value : state);
        }

        return operation.Result.AsTruth() switch
        {
            true => ModelStep<HistoryValue>.If(equal, operation.Value),
            false => ModelStep<HistoryValue>.If(!equal, state),
            null => ModelStep<HistoryValue>.If(!equal && state.IsNull, state),
        };
    }

    public static string? WhyRefused(HistoryOperation operation) =>
        operation.Outcome == OperationOutcome.Completed && !operation.Result.IsNull && operation.Result.AsTruth() is null
            ? $"the result of a cas is 1, 0 or nothing, not {operation.Result}"
            : null;

    /// <summary>True when the answer says that nothing was written.</summary>
    public static bool DidNothing(HistoryOperation operation) =>
        operation.Outcome == OperationOutcome.Completed && operation.Result.AsTruth() != true;
}
