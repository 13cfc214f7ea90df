using System.Diagnostics.CodeAnalysis;

namespace RaftActors.TestKit.Linearizability;

/// <summary>
/// What an object does when operations come one after the other. Stateless and thread-safe; <typeparamref name="TState"/> is
/// immutable and compares by value.
/// </summary>
/// <typeparam name="TState">All that later results depend on.</typeparam>
/// <remarks>
/// Only <see cref="Name"/>, <see cref="InitialState"/> and <see cref="Step"/> are needed. The others make the check faster: they say of
/// an operation what holds in every state.
/// </remarks>
public interface ISequentialModel<TState>
{
    /// <summary>For messages: <c>register</c>, <c>counter</c>, ...</summary>
    string Name { get; }

    /// <summary>The state before the first operation.</summary>
    TState InitialState { get; }

    /// <summary>
    /// Executes an operation. For a completed one says whether the result fits; for one with an unknown outcome
    /// (<see cref="HistoryOperation.MayHaveAnswered"/>) any result does, and the step is what it does if it takes effect.
    /// </summary>
    /// <param name="state">The state before.</param>
    /// <param name="operation">The operation; <see cref="WhyRefused"/> had nothing against it.</param>
    ModelStep<TState> Step(TState state, HistoryOperation operation);

    /// <summary>Null when the model knows the operation; otherwise the reason why it does not.</summary>
    /// <param name="operation">The operation.</param>
    string? WhyRefused(HistoryOperation operation) => null;

    /// <summary>
    /// The part of the state that the operation is about, when <typeparamref name="TState"/> is the state of one such part and parts
    /// do not depend on each other: linearizability is local, each part is checked on its own. Null when the operation concerns the
    /// whole; then the whole history is checked in one piece.
    /// </summary>
    /// <param name="operation">The operation.</param>
    string? PartitionOf(HistoryOperation operation) => null;

    /// <summary>True when the operation, with its result, leaves every state as it is in which it is legal.</summary>
    /// <param name="operation">The operation.</param>
    bool IsReadOnly(HistoryOperation operation) => false;

    /// <summary>The only state in which the operation is legal.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="state">That state.</param>
    /// <returns>False when there may be several.</returns>
    bool TryGetRequiredState(HistoryOperation operation, [MaybeNullWhen(false)] out TState state)
    {
        state = default;
        return false;
    }

    /// <summary>The only state that the operation can lead to, apart from leaving the state as it is.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="state">That state.</param>
    /// <returns>False when it depends on the state before.</returns>
    bool TryGetProducedState(HistoryOperation operation, [MaybeNullWhen(false)] out TState state)
    {
        state = default;
        return false;
    }

    /// <summary>A state for people.</summary>
    /// <param name="state">The state.</param>
    string Describe(TState state) => state?.ToString() ?? "nil";
}
