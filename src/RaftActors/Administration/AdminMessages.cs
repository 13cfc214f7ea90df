namespace RaftActors.Administration;

/// <summary>A request of an operator to <c>/user/raft</c> of a node, over Akka.Remote.</summary>
/// <param name="Verb">What is wanted: <see cref="Status"/>, or one of <see cref="AdminCommands"/> with its words.</param>
internal sealed record AdminRequest(string Verb)
{
    /// <summary>Asks for one status line per stream.</summary>
    public const string Status = "status";
}

/// <summary>The answer to an <see cref="AdminRequest"/>.</summary>
/// <param name="Accepted">False when the request is not known, or not allowed.</param>
/// <param name="Lines">JSON objects, or the reason for a refusal.</param>
internal sealed record AdminReply(bool Accepted, IReadOnlyList<string> Lines);
