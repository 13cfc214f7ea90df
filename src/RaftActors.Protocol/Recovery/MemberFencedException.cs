namespace RaftActors.Protocol;

/// <summary>
/// A forced recovery has gone on without this member: its journal belongs to a history that is no longer the stream's. It never takes part again before its journal is wiped and it joins anew.
/// </summary>
public sealed class MemberFencedException : InvalidOperationException
{
    /// <summary>Makes an exception.</summary>
    /// <param name="generation">The generation that it is fenced from.</param>
    /// <param name="by">The member that said so.</param>
    public MemberFencedException(Generation generation, NodeId by)
        : base(Describe(generation, by))
    {
        Generation = generation;
    }

    /// <summary>The generation that the member is fenced from.</summary>
    public Generation Generation { get; }

    /// <summary>The failure in words, with what to do about it.</summary>
    internal static string Describe(Generation generation, NodeId by) =>
        $"this member is fenced: a forced recovery, generation {generation}, went on without it (member {by} says so). Wipe its journal and add it again as a new member";
}
