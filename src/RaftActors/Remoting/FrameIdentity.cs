namespace RaftActors.Remoting;

/// <summary>Who exactly speaks in a peer frame: ids say which member, this says which life of it.</summary>
/// <param name="Incarnation">Drawn anew whenever the member begins with an empty journal (<see cref="RaftOptions.Incarnation"/>); 0: unknown.</param>
/// <param name="Generation">Which history of the stream the member belongs to; the first one when there was no forced recovery.</param>
public readonly record struct FrameIdentity(ulong Incarnation, Generation Generation)
{
    /// <summary>Nothing is known: the frame does not carry an identity.</summary>
    public bool IsUnknown => Incarnation == 0 && Generation == Generation.First;
}
