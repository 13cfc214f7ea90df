namespace RaftActors.TestKit.Linearizability;

/// <summary>What a model says about an operation in a state.</summary>
/// <typeparam name="TState">The model's state.</typeparam>
public readonly struct ModelStep<TState>
{
    private ModelStep(bool legal, TState next)
    {
        IsLegal = legal;
        Next = next;
    }

    /// <summary>False when the operation cannot have had its result in that state.</summary>
    public bool IsLegal { get; }

    /// <summary>The state afterwards; has no meaning when not legal.</summary>
    public TState Next { get; }

    /// <summary>The operation is possible and leads to a state.</summary>
    /// <param name="next">The state afterwards.</param>
    public static ModelStep<TState> To(TState next) => new(true, next);

    /// <summary>The operation cannot have had its result.</summary>
    public static ModelStep<TState> Illegal => default;

    /// <summary><see cref="To"/> when a condition holds, otherwise <see cref="Illegal"/>.</summary>
    /// <param name="condition">The condition.</param>
    /// <param name="next">The state afterwards.</param>
    public static ModelStep<TState> If(bool condition, TState next) => condition ? To(next) : Illegal;
}
