using System.Globalization;

namespace RaftActors.TestKit.Linearizability;

/// <summary>The answer of a check: <see cref="Linearizable"/>, <see cref="NotLinearizable"/> or <see cref="Undecided"/>.</summary>
public abstract record LinearizabilityResult
{
    private protected LinearizabilityResult()
    {
    }

    /// <summary>The name of the model.</summary>
    public required string Model { get; init; }

    /// <summary>How many operations the history has.</summary>
    public required int Operations { get; init; }

    /// <summary>How many of them have an unknown outcome.</summary>
    public required int UnknownOperations { get; init; }

    /// <summary>How many parts (keys) were checked on their own.</summary>
    public required int Partitions { get; init; }

    /// <summary>How many configurations were looked at.</summary>
    public required long Configurations { get; init; }

    /// <summary>How long it took.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>True for <see cref="Linearizable"/>.</summary>
    public bool IsLinearizable => this is Linearizable;

    /// <summary>For tests: returns when the history is linearizable.</summary>
    /// <param name="reportFile">Where a counterexample goes as an HTML page; null for nowhere.</param>
    /// <exception cref="LinearizabilityException">It is not, or the check did not come to an end; the message holds the report.</exception>
    public void EnsureLinearizable(string? reportFile = null)
    {
        if (this is Linearizable)
        {
            return;
        }

        string where = "";
        if (reportFile is not null && this is NotLinearizable bad)
        {
            File.WriteAllText(reportFile, bad.Counterexample.ToHtml());
            where = $"\nTimeline: {reportFile}";
        }

        throw new LinearizabilityException(this + where);
    }

    private protected string Summary() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Operations} operations ({UnknownOperations} unknown) on {Partitions} {(Partitions == 1 ? "part" : "parts")}, model {Model}, {Configurations} configurations, {Elapsed.TotalSeconds:0.00} s");
}

/// <summary>There is an order of the operations that explains every result.</summary>
/// <param name="Orders">Such an order for each part; operations without effect on it (failed, or unknown and not needed) are not in it.</param>
public sealed record Linearizable(IReadOnlyList<PartitionOrder> Orders) : LinearizabilityResult
{
    /// <inheritdoc/>
    public override string ToString() => $"Linearizable: {Summary()}.";
}

/// <summary>No order of the operations explains every result.</summary>
/// <param name="Counterexample">What contradicts itself first.</param>
/// <param name="FailedPartitions">Every part for which there is no order.</param>
public sealed record NotLinearizable(Counterexample Counterexample, IReadOnlyList<string> FailedPartitions) : LinearizabilityResult
{
    /// <inheritdoc/>
    public override string ToString() => $"NOT linearizable: {Summary()}. Impossible: {string.Join(", ", FailedPartitions.Select(p => new HistoryValue(p)))}.\n{Counterexample.ToText()}";
}

/// <summary>The check ended at a bound without an answer: the history may be linearizable or not.</summary>
/// <param name="Bound">Which bound.</param>
/// <param name="UndecidedPartitions">The parts that are open; all others are linearizable.</param>
public sealed record Undecided(SearchBound Bound, IReadOnlyList<string> UndecidedPartitions) : LinearizabilityResult
{
    /// <inheritdoc/>
    public override string ToString() =>
        $"UNDECIDED, the bound on {(Bound == SearchBound.Time ? "time" : "configurations")} was reached: {Summary()}. Open: {string.Join(", ", UndecidedPartitions.Select(p => new HistoryValue(p)))}.";
}

/// <summary>Which bound ended a check.</summary>
public enum SearchBound
{
    /// <summary><see cref="LinearizabilityOptions.TimeLimit"/>.</summary>
    Time,

    /// <summary><see cref="LinearizabilityOptions.MaxConfigurations"/>.</summary>
    Configurations,
}

/// <summary>An order that explains the results of one part.</summary>
/// <param name="Partition">The part: the key, or nothing for the whole.</param>
/// <param name="Operations">The operations, in that order.</param>
public sealed record PartitionOrder(string Partition, IReadOnlyList<HistoryOperation> Operations);

/// <summary>A history was expected to be linearizable and is not, or could not be checked to the end.</summary>
public sealed class LinearizabilityException : RaftActorsException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">The report.</param>
    public LinearizabilityException(string message)
        : base(message)
    {
    }
}
