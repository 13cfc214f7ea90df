using RaftActors.TestKit.Linearizability;

namespace RaftActors.TestKit.Tests.Linearizability.Support;

/// <summary>
/// The definition itself, without any cleverness: every choice of the unknown operations, every permutation that respects real time. For a handful
/// of operations.
/// </summary>
internal static class BruteForce
{
    public static bool IsLinearizable<TState>(ISequentialModel<TState> model, IEnumerable<HistoryOperation> operations)
    {
        HistoryOperation[] certain = [.. operations.Where(o => o.Outcome == OperationOutcome.Completed)];
        HistoryOperation[] unknown = [.. operations.Where(o => o.Outcome == OperationOutcome.Unknown)];
        for (int choice = 0; choice < 1 << unknown.Length; choice++)
        {
            List<HistoryOperation> chosen = [.. certain, .. unknown.Where((_, i) => (choice & (1 << i)) != 0)];
            if (Permute(model, model.InitialState, chosen))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>True when an order respects real time and the model, and holds everything that was completed.</summary>
    public static bool Explains<TState>(ISequentialModel<TState> model, IReadOnlyList<HistoryOperation> order, IEnumerable<HistoryOperation> operations)
    {
        TState state = model.InitialState;
        for (int i = 0; i < order.Count; i++)
        {
            for (int j = i + 1; j < order.Count; j++)
            {
                if (Precedes(order[j], order[i]))
                {
                    return false;
                }
            }

            ModelStep<TState> step = model.Step(state, order[i]);
            if (!step.IsLegal)
            {
                return false;
            }

            state = step.Next;
        }

        return operations.Where(o => o.Outcome == OperationOutcome.Completed).All(o => order.Count(p => ReferenceEquals(p, o)) == 1);
    }

    private static bool Permute<TState>(ISequentialModel<TState> model, TState state, List<HistoryOperation> left)
    {
        if (left.Count == 0)
        {
            return true;
        }

        for (int i = 0; i < left.Count; i++)
        {
            HistoryOperation first = left[i];
            if (left.Any(o => Precedes(o, first)))
            {
                continue;
            }

            ModelStep<TState> step = model.Step(state, first);
            if (step.IsLegal)
            {
                left.RemoveAt(i);
                bool found = Permute(model, step.Next, left);
                left.Insert(i, first);
                if (found)
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static bool Precedes(HistoryOperation one, HistoryOperation other) =>
        one.Outcome == OperationOutcome.Completed && one.ReturnNs < other.CallNs;
}
