namespace RaftActors.Runtime;

/// <summary>Asks for a snapshot now.</summary>
internal sealed class PendingSnapshot : PendingRequest<SnapshotAnswer>
{
    public override void Abandon(string reason, RefusalCode code) => Answer(new SnapshotFailed(reason));

    public override void TimeOut() => Answer(new SnapshotFailed("no answer in time"));
}
