namespace RaftActors.Runtime;

// What operators may change while the node runs.
internal sealed partial class NodeActor
{
    private void Take(PendingTuning request)
    {
        Step(new RaftInput.Tune(_link.Tuning));
        LogLines.Tuned(_log, _link.Id, Me, _link.Tuning);
        request.Done();
    }

    private void Take(PendingTruncation request)
    {
        LogIndex highest = _core.MayForgetUpTo.Next;
        if (_newSnapshotNeeded)
        {
            request.Answer(new LogNotTruncated("the newest snapshot cannot be used; a new one is taken first", _core.LogBase.Index.Next));
            return;
        }

        if (request.FirstKept > highest)
        {
            string covered = _core.Snapshot is { } snapshot ? $"the newest snapshot covers the log up to {snapshot.Last.Index}, and {_core.AppliedIndex} is applied" : "there is no snapshot";
            request.Answer(new LogNotTruncated($"{covered}: entries up to {request.FirstKept.Previous} would be lost. Take a snapshot first (RaftStream.TakeSnapshotAsync)", highest));
            return;
        }

        Step(new RaftInput.TruncateLog(request.FirstKept));
        request.Answer(new LogTruncated(_core.LogBase.Index.Next));
    }
}
