namespace RaftActors.TestKit.Linearizability;

/// <summary>Why a history is not linearizable.</summary>
public sealed record Counterexample
{
    internal Counterexample()
    {
    }

    /// <summary>The name of the model.</summary>
    public required string Model { get; init; }

    /// <summary>The part of the state that it is about: the key, empty for the whole.</summary>
    public required string Partition { get; init; }

    /// <summary>
    /// The shortest beginning of the part's history that is impossible, in the order of calls. What had not returned by its end has an unknown outcome in it.
    /// </summary>
    public required IReadOnlyList<HistoryOperation> Operations { get; init; }

    /// <summary>The operation that cannot be placed: until it returned, all results could be explained.</summary>
    public required HistoryOperation Culprit { get; init; }

    /// <summary>
    /// The longest linearizable prefix: an order of everything that had returned before the culprit did. Unknown operations are in it when their effect has been seen.
    /// </summary>
    public required IReadOnlyList<PlacedOperation> Prefix { get; init; }

    /// <summary>True when the others have seen the culprit's effect and only its result does not fit; it is part of <see cref="Prefix"/> then, with an unknown outcome.</summary>
    public required bool CulpritEffectIsNeeded { get; init; }

    /// <summary>
    /// The operations whose results contradict each other, whatever all others were answered; the culprit is one of them. Forgetting the answer of any of them
    /// would make the history possible, when <see cref="IsMinimal"/>.
    /// </summary>
    public required IReadOnlyList<HistoryOperation> Conflict { get; init; }

    /// <summary>False when the time for making it smaller was not enough.</summary>
    public required bool IsMinimal { get; init; }

    /// <summary>A report for a terminal.</summary>
    public string ToText() => CounterexampleText.Write(this);

    /// <summary>A page with a timeline, complete in itself.</summary>
    public string ToHtml() => CounterexampleHtml.WritePage(this);

    /// <summary>The timeline alone, as an SVG document.</summary>
    public string ToSvg() => CounterexampleHtml.WriteSvg(this);

    /// <inheritdoc/>
    public override string ToString() => ToText();
}

/// <summary>An operation and the state after it.</summary>
/// <param name="Operation">The operation.</param>
/// <param name="State">The state, for people.</param>
public sealed record PlacedOperation(HistoryOperation Operation, string State);
