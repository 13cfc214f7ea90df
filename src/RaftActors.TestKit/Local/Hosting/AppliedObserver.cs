namespace RaftActors.TestKit.Local;

/// <summary>Sees every entry that a member applies, so that the cluster can compare members while it runs.</summary>
internal sealed class AppliedObserver(MemberRun run) : IStreamObserver
{
    public void OnLeaderWriteCompleted(CommittedEntry entry) => run.Cluster.OnApplied(run, entry);

    public void OnFollowerCommitted(CommittedEntry entry) => run.Cluster.OnApplied(run, entry);
}
