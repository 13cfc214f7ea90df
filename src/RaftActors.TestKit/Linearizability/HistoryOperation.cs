using System.Text;

namespace RaftActors.TestKit.Linearizability;

/// <summary>One operation of one client: what was asked, when, and what came of it.</summary>
public sealed record HistoryOperation
{
    /// <summary>Who asked. One client may have several operations under way at a time.</summary>
    public required string Client { get; init; }

    /// <summary>What was asked: <c>get</c>, <c>set</c>, ... The models say which names they know; upper case becomes lower case.</summary>
    public required string Name
    {
        get;
        init => field = (value ?? throw new ArgumentNullException(nameof(value))).ToLowerInvariant();
    }

    /// <summary>What it was about; a list for operations on several keys, nothing when there is only one object.</summary>
    public HistoryValue Key { get; init; }

    /// <summary>The argument: what to write, what to add.</summary>
    public HistoryValue Value { get; init; }

    /// <summary>What a compare-and-set compares with.</summary>
    public HistoryValue Expected { get; init; }

    /// <summary>When the client asked, in nanoseconds of a monotonic clock: before the request left.</summary>
    public required long CallNs { get; init; }

    /// <summary>When the client knew the outcome, on the same clock: after the answer had come. Null when it never came.</summary>
    public long? ReturnNs { get; init; }

    /// <summary>What the client knows.</summary>
    public required OperationOutcome Outcome { get; init; }

    /// <summary>The answer, for a completed operation. What nothing means, the model says; usually "no such key", or "not recorded" for a write.</summary>
    public HistoryValue Result { get; init; }

    /// <summary>For people: the text of an error, the node that was asked. Without meaning for the checker.</summary>
    public string? Note { get; init; }

    /// <summary>
    /// For models: true when the operation may have had this answer, which is any answer as long as none is known.
    /// </summary>
    /// <param name="answer">What the model would have answered.</param>
    public bool MayHaveAnswered(HistoryValue answer) => Outcome != OperationOutcome.Completed || Result == answer;

    /// <summary>What was asked and answered in one line, such as <c>cas x 4 → 5 = 1</c>.</summary>
    public string Describe()
    {
        StringBuilder text = new(Name);
        if (!Key.IsNull)
        {
            text.Append(' ').Append(Key);
        }

        if (!Expected.IsNull || Name == "cas")
        {
            text.Append(' ').Append(Expected).Append(" →");
        }

        if (!Value.IsNull)
        {
            text.Append(' ').Append(Value);
        }

        return text.Append(Outcome switch
        {
            OperationOutcome.Completed => $" = {Result}",
            OperationOutcome.Failed => " failed",
            _ => " = ?",
        }).ToString();
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Client}: {Describe()} [{CallNs} .. {ReturnNs?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "∞"}]";

    /// <summary>Null, or what contradicts itself in this operation.</summary>
    internal string? Contradiction() =>
        CallNs < 0 ? "call_ns is negative"
        : ReturnNs < CallNs ? $"return_ns {ReturnNs} lies before call_ns {CallNs}"
        : Outcome == OperationOutcome.Completed && ReturnNs is null ? "a completed operation needs return_ns"
        : Name.Length == 0 ? "op is empty"
        : null;
}
