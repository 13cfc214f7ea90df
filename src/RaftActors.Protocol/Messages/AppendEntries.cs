namespace RaftActors.Protocol;

/// <summary>
/// Replicates entries, carries the commit index and, without batches, is the leader's heartbeat (Raft paper section 5.3).
/// </summary>
/// <param name="Term">The leader's term.</param>
/// <param name="Token">Counts the leader's messages of this term, from 1; what goes to several peers has the number that it has for the first. The reply repeats it: replies to tokens sent after a
/// read arrived prove that the leader still led then (read index, thesis section 6.4).</param>
/// <param name="Previous">The entry before the first batch.</param>
/// <param name="Commit">The leader's commit index.</param>
/// <param name="Batches">Consecutive batches behind <paramref name="Previous"/>; empty in a heartbeat or a probe.</param>
public sealed record AppendEntries(
    Term Term,
    ulong Token,
    EntryId Previous,
    LogIndex Commit,
    IReadOnlyList<EntryBatch> Batches) : PeerMessage(Term), IMayLeaveAtOnce
{
    /// <summary>The index of the last entry that it carries; that of <see cref="Previous"/> when it carries none.</summary>
    public LogIndex LastIndex => Batches.Count == 0 ? Previous.Index : Batches[^1].LastIndex;

    /// <inheritdoc/>
    public override string ToString() =>
        $"AppendEntries {{ Term = {Term}, Token = {Token}, Previous = {Previous}, Commit = {Commit}, Batches = {string.Join(' ', Batches)} }}";
}
