namespace RaftActors;

/// <summary>
/// What a proposer may conclude, as a value: nothing is allocated for an entry that is committed and applied, which is what nearly all are. Anything else is in <see cref="Answer"/>, as
/// <see cref="RaftStream.ProposeValueAsync"/> answers it.
/// </summary>
public readonly record struct ProposalOutcome
{
    private readonly ProposalAnswer? _other;

    /// <summary>The outcome that an answer tells of.</summary>
    /// <param name="answer">Any answer.</param>
    public ProposalOutcome(ProposalAnswer answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        if (answer is ProposalCommitted committed)
        {
            (IsCommitted, Index, Term, Result) = (true, committed.Index, committed.Term, committed.Result);
        }
        else
        {
            _other = answer;
        }
    }

    internal ProposalOutcome(LogIndex index, Term term, ReadOnlyMemory<byte> result)
    {
        IsCommitted = true;
        Index = index;
        Term = term;
        Result = result;
    }

    /// <summary>The entry is committed and applied here; it will never be lost.</summary>
    public bool IsCommitted { get; }

    /// <summary>When <see cref="IsCommitted"/>: its place in the log.</summary>
    public LogIndex Index { get; }

    /// <summary>When <see cref="IsCommitted"/>: its term.</summary>
    public Term Term { get; }

    /// <summary>When <see cref="IsCommitted"/>: what the state machine replied; empty when it did not.</summary>
    public ReadOnlyMemory<byte> Result { get; }

    /// <summary>The same as an object. When <see cref="IsCommitted"/> it is made anew by each call, otherwise it is there already.</summary>
    /// <exception cref="InvalidOperationException">This is the default value, which is the outcome of nothing.</exception>
    public ProposalAnswer Answer => IsCommitted
        ? new ProposalCommitted(Index, Term, Result)
        : _other ?? throw new InvalidOperationException("The default value is the outcome of no proposal.");

    /// <inheritdoc/>
    public override string ToString() => IsCommitted || _other is not null ? Answer.ToString() : "no outcome";
}
