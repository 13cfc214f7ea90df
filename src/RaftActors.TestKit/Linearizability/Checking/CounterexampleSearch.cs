namespace RaftActors.TestKit.Linearizability;

/// <summary>
/// Makes an impossible history small: the shortest beginning of it that is impossible, and of that the fewest operations that contradict
/// each other.
/// </summary>
internal sealed class CounterexampleSearch<TState>
{
    // Enough to find a contradiction that there is; where more is needed, an operation is kept although it may not matter.
    private const long ConfigurationsPerTrial = 100_000;

    private readonly ISequentialModel<TState> _model;
    private readonly string _partition;
    private readonly HistoryOperation[] _operations;
    private readonly long _blockedAt;
    private readonly SearchBudget _budget;

    public CounterexampleSearch(ISequentialModel<TState> model, string partition, HistoryOperation[] operations, long blockedAt, SearchBudget budget)
    {
        _model = model;
        _partition = partition;
        _operations = operations;
        _blockedAt = blockedAt;
        _budget = budget;
    }

    public Counterexample Run()
    {
        // Several may have returned at the very same time. In whichever order they are taken, one of them is the last straw.
        HistoryOperation[] returned = [.. _operations.Where(o => o.Outcome == OperationOutcome.Completed).OrderBy(o => o.ReturnNs)];
        bool minimal = FindEnd(returned, out int end);
        HistoryOperation culprit = returned[end];
        HistoryOperation[] history = Until(returned, end);
        (HistoryOperation[] prefix, bool placed) = Prefix(history, culprit);
        HistoryOperation[] conflict = minimal ? Shrink(history, culprit, ref minimal) : [.. history.Where(o => o.Outcome == OperationOutcome.Completed)];
        List<PlacedOperation> steps = [];
        TState state = _model.InitialState;
        foreach (HistoryOperation operation in prefix)
        {
            state = _model.Step(state, operation).Next;
            steps.Add(new PlacedOperation(operation, _model.Describe(state)));
        }

        return new Counterexample
        {
            Model = _model.Name,
            Partition = _partition,
            Operations = history,
            Prefix = steps,
            Culprit = culprit,
            CulpritEffectIsNeeded = placed,
            Conflict = conflict,
            IsMinimal = minimal,
        };
    }

    /// <summary>What was known when an operation had returned: later calls have not happened, later returns are open.</summary>
    private HistoryOperation[] Until(HistoryOperation[] returned, int end)
    {
        HashSet<HistoryOperation> known = new(returned.Take(end + 1), ReferenceEqualityComparer.Instance);
        return
        [
            .. _operations.Where(o => o.CallNs <= returned[end].ReturnNs)
                .Select(o => o.Outcome != OperationOutcome.Completed || known.Contains(o) ? o : Forget(o)),
        ];
    }

    private static HistoryOperation Forget(HistoryOperation operation) =>
        operation with { Outcome = OperationOutcome.Unknown, ReturnNs = null, Result = default };

    private SearchVerdict Search(IReadOnlyList<HistoryOperation> operations, out PartitionSearch<TState> search, bool isTrial = false)
    {
        search = new PartitionSearch<TState>(_model, operations, isTrial ? _budget.Part(TimeSpan.FromSeconds(1), ConfigurationsPerTrial) : _budget);
        return search.Run();
    }

    /// <summary>
    /// The earliest return at which the history had become impossible: what is impossible stays so. The first in question is the likeliest,
    /// therefore in growing steps first.
    /// </summary>
    private bool FindEnd(HistoryOperation[] returned, out int end)
    {
        int low = Array.FindIndex(returned, o => o.ReturnNs >= _blockedAt); // All before it are possible.
        int high = returned.Length - 1; // Impossible.
        int step = 1;
        bool galloping = true;
        while (low < high)
        {
            int middle = galloping ? Math.Min(low + step - 1, high - 1) : low + ((high - low) / 2);
            switch (Search(Until(returned, middle), out _))
            {
                case SearchVerdict.Impossible:
                    high = middle;
                    galloping = false;
                    break;
                case SearchVerdict.Found:
                    low = middle + 1;
                    step *= 2;
                    break;
                default:
                    end = high;
                    return false;
            }
        }

        end = high;
        return true;
    }

    /// <summary>An order of everything but the culprit, or, when its effect has been seen, with the culprit but without its result.</summary>
    private (HistoryOperation[] Order, bool Placed) Prefix(HistoryOperation[] history, HistoryOperation culprit)
    {
        HistoryOperation[] without = [.. history.Where(o => !ReferenceEquals(o, culprit))];
        if (Search(without, out PartitionSearch<TState> search, isTrial: true) == SearchVerdict.Found)
        {
            return ([.. search.Order.Select(i => without[i])], false);
        }

        HistoryOperation[] relaxed = [.. history.Select(o => ReferenceEquals(o, culprit) ? Forget(o) : o)];
        return Search(relaxed, out search, isTrial: true) == SearchVerdict.Found
            ? ([.. search.Order.Select(i => relaxed[i])], true)
            : ([], false);
    }

    /// <summary>
    /// Forgets the results of as many operations as possible (an operation without a result may have taken effect or not, at any time after
    /// its call) while the rest stays impossible.
    /// </summary>
    private HistoryOperation[] Shrink(HistoryOperation[] history, HistoryOperation culprit, ref bool minimal)
    {
        List<int> kept =
        [
            .. Enumerable.Range(0, history.Length)
                .Where(i => history[i].Outcome == OperationOutcome.Completed && !ReferenceEquals(history[i], culprit))
                .OrderBy(i => history[i].ReturnNs),
        ];
        HistoryOperation[] all = [.. history.Select(o => o.Outcome == OperationOutcome.Completed && !ReferenceEquals(o, culprit) ? Forget(o) : o)];
        HistoryOperation[] current = history;

        // What contradicts each other is mostly close together: how far back must one remember?
        for (int last = 0; last < kept.Count; last = Math.Max(1, 4 * last))
        {
            HistoryOperation[] trial = [.. all];
            foreach (int i in kept.TakeLast(last))
            {
                trial[i] = history[i];
            }

            if (Search(trial, out _, isTrial: true) == SearchVerdict.Impossible)
            {
                current = trial;
                kept.RemoveRange(0, kept.Count - last);
                break;
            }
        }

        for (int chunk = Math.Max(1, kept.Count / 2); ; chunk = Math.Max(1, chunk / 2))
        {
            bool removed = false;
            bool decided = true;
            for (int begin = 0; begin < kept.Count;)
            {
                List<int> trial = kept.GetRange(begin, Math.Min(chunk, kept.Count - begin));
                HistoryOperation[] relaxed = [.. current];
                foreach (int i in trial)
                {
                    relaxed[i] = Forget(relaxed[i]);
                }

                SearchVerdict verdict = _budget.Left <= TimeSpan.Zero ? SearchVerdict.OutOfBudget : Search(relaxed, out _, isTrial: true);
                if (verdict == SearchVerdict.Impossible)
                {
                    current = relaxed;
                    kept.RemoveRange(begin, trial.Count);
                    removed = true;
                }
                else
                {
                    decided &= verdict == SearchVerdict.Found;
                    begin += trial.Count;
                }
            }

            if (_budget.Left <= TimeSpan.Zero || (chunk == 1 && !removed))
            {
                minimal = decided && chunk == 1;
                break;
            }
        }

        return [.. kept.Select(i => history[i]).Append(culprit).OrderBy(o => o.CallNs)];
    }
}
