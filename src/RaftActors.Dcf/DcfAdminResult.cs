using RaftActors.Protocol;

namespace RaftActors.Dcf;

/// <summary>How an administrative call ended.</summary>
/// <param name="Success">True when it was done. False otherwise, also when the wait was over before the outcome was known.</param>
/// <param name="Leader">Who leads, as far as the answer says.</param>
/// <param name="Reason">In words, when it was not done.</param>
public sealed record DcfAdminResult(bool Success, NodeId Leader, string? Reason);
