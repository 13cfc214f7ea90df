using System.Collections.Concurrent;

namespace RaftActors.TestKit.Linearizability;

/// <summary>
/// Says whether a history is linearizable (Herlihy and Wing, 1990): whether each operation can have taken effect at one moment between
/// its call and its return so that all results are explained. An operation with an unknown outcome may have taken effect at any
/// time after its call, or never; a failed one must not have had any effect.
/// </summary>
/// <remarks>Thread-safe. The check keeps the calling thread and several others busy until it ends.</remarks>
public static class LinearizabilityChecker
{
    /// <summary>Checks a history.</summary>
    /// <typeparam name="TState">The model's state.</typeparam>
    /// <param name="history">What clients did.</param>
    /// <param name="model">What the object does when operations come one after the other.</param>
    /// <param name="options">Bounds; null for the usual ones.</param>
    /// <param name="cancellationToken">Ends the check.</param>
    /// <exception cref="HistoryException">The model does not know an operation.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static LinearizabilityResult Check<TState>(
        History history,
        ISequentialModel<TState> model,
        LinearizabilityOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(history);
        ArgumentNullException.ThrowIfNull(model);
        options ??= new LinearizabilityOptions();
        SearchBudget budget = new(TimeProvider.System, options.TimeLimit, options.MaxConfigurations, cancellationToken);
        List<(string Name, HistoryOperation[] Operations)> partitions = Partition(history, model);
        ConcurrentDictionary<string, (SearchVerdict Verdict, long BlockedAt, SearchBound Bound, HistoryOperation[] Order)> answers = new(StringComparer.Ordinal);

        // The largest first, so that none of them is left over for one thread in the end.
        Parallel.ForEach(
            Partitioner.Create(partitions.OrderByDescending(p => p.Operations.Length), EnumerablePartitionerOptions.NoBuffering),
            new ParallelOptions { MaxDegreeOfParallelism = options.MaxParallelism, CancellationToken = cancellationToken },
            partition =>
            {
                PartitionSearch<TState> search = new(model, partition.Operations, budget);
                SearchVerdict verdict = search.Run();
                HistoryOperation[] order = verdict == SearchVerdict.Found ? [.. search.Order.Select(i => partition.Operations[i])] : [];
                answers[partition.Name] = (verdict, search.BlockedAt, search.Bound, order);
            });

        // The one that went wrong first is the likeliest to show the cause.
        var failed = partitions.Where(p => answers[p.Name].Verdict == SearchVerdict.Impossible).OrderBy(p => answers[p.Name].BlockedAt).ToList();
        var open = partitions.Where(p => answers[p.Name].Verdict == SearchVerdict.OutOfBudget).ToList();
        Counterexample? counterexample = null;
        if (failed.Count > 0)
        {
            SearchBudget minimizing = new(TimeProvider.System, options.MinimizationTime, options.MaxConfigurations, cancellationToken);
            counterexample = new CounterexampleSearch<TState>(model, failed[0].Name, failed[0].Operations, answers[failed[0].Name].BlockedAt, minimizing).Run();
        }

        TimeSpan elapsed = options.TimeLimit - budget.Left;
        int unknown = history.Operations.Count(o => o.Outcome == OperationOutcome.Unknown);
        return counterexample is not null
            ? new NotLinearizable(counterexample, [.. failed.Select(p => p.Name)])
            {
                Model = model.Name,
                Operations = history.Operations.Count,
                UnknownOperations = unknown,
                Partitions = partitions.Count,
                Configurations = budget.Configurations,
                Elapsed = elapsed,
            }
            : open.Count > 0
            ? new Undecided(answers[open[0].Name].Bound, [.. open.Select(p => p.Name)])
            {
                Model = model.Name,
                Operations = history.Operations.Count,
                UnknownOperations = unknown,
                Partitions = partitions.Count,
                Configurations = budget.Configurations,
                Elapsed = elapsed,
            }
            : new Linearizable([.. partitions.Select(p => new PartitionOrder(p.Name, answers[p.Name].Order))])
            {
                Model = model.Name,
                Operations = history.Operations.Count,
                UnknownOperations = unknown,
                Partitions = partitions.Count,
                Configurations = budget.Configurations,
                Elapsed = elapsed,
            };
    }

    private static List<(string Name, HistoryOperation[] Operations)> Partition<TState>(History history, ISequentialModel<TState> model)
    {
        Dictionary<string, List<HistoryOperation>> partitions = new(StringComparer.Ordinal);
        bool whole = false;
        for (int i = 0; i < history.Operations.Count; i++)
        {
            HistoryOperation operation = history.Operations[i];
            if (model.WhyRefused(operation) is { } reason)
            {
                throw new HistoryException($"Operation '{operation}': {reason}.");
            }

            // A failed operation had no effect. If it had one after all, the others cannot be explained without it.
            if (operation.Outcome == OperationOutcome.Failed)
            {
                continue;
            }

            string? name = model.PartitionOf(operation);
            whole |= name is null;
            if (!partitions.TryGetValue(name ?? "", out List<HistoryOperation>? members))
            {
                partitions.Add(name ?? "", members = []);
            }

            members.Add(operation);
        }

        return whole
            ? [("", history.Operations.Where(o => o.Outcome != OperationOutcome.Failed).ToArray())]
            : [.. partitions.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => (p.Key, p.Value.ToArray()))];
    }
}
