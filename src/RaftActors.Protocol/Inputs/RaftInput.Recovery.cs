using System.Collections.Immutable;

namespace RaftActors.Protocol;

// Forced recovery (braft: reset_peers; DCF: dcf_set_work_mode).
public abstract partial record RaftInput
{
    /// <summary>
    /// The majority is gone for good: go on with what this member has. Answered by <see cref="Effect.RecoveryDone"/> when it is on disk, or <see cref="Effect.RecoveryRefused"/>. Writes that were
    /// acknowledged and are not in this member's log are lost.
    /// </summary>
    /// <param name="Ticket">The shell's own number for this request.</param>
    /// <param name="Survivors">Everybody who shall go on, this member among them; all of the present membership.</param>
    /// <param name="Reports">How far the other survivors are, as far as they could be asked.</param>
    /// <param name="AcceptShorterLog">True to go on although a survivor has more; what only that one has is lost.</param>
    public sealed record ForceRecovery(long Ticket, ImmutableArray<NodeId> Survivors, ImmutableArray<SurvivorReport> Reports, bool AcceptShorterLog = false) : RaftInput;
}
