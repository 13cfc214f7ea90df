using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>What kind of thing happened.</summary>
public enum TraceKind
{
    /// <summary>Something worth a line that is none of the others.</summary>
    Note,

    /// <summary>A core was given an input.</summary>
    Input,

    /// <summary>A core returned an effect.</summary>
    Effect,

    /// <summary>A message left.</summary>
    Sent,

    /// <summary>A message arrived: the input of the receiving core.</summary>
    Delivered,

    /// <summary>A message did not arrive.</summary>
    Lost,

    /// <summary>A member crashed.</summary>
    Crashed,

    /// <summary>A member started.</summary>
    Started,

    /// <summary>Something was done to the cluster.</summary>
    Fault,

    /// <summary>A client submitted something or got its answer.</summary>
    Client,

    /// <summary>An invariant was found broken.</summary>
    Violation,
}

/// <summary>One thing that happened in a run.</summary>
/// <param name="Number">Its place in the trace, from 0.</param>
/// <param name="At">When, in virtual time.</param>
/// <param name="Kind">What kind of thing.</param>
/// <param name="Member">Where; none for what concerns the whole cluster.</param>
/// <param name="Peer">The other end of a message.</param>
/// <param name="What">The message, input, effect or words.</param>
/// <param name="Cause">The number of the event that sent what arrived here; -1 for none.</param>
public readonly record struct TraceEvent(int Number, TimeSpan At, TraceKind Kind, NodeId Member, NodeId Peer, object What, int Cause)
{
    /// <inheritdoc/>
    public override string ToString() => $"{At.TotalMilliseconds,9:F2} {TraceText.Line(this)}";
}
