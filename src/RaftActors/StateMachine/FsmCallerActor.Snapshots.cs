using Akka.Actor;
using RaftActors.Snapshots;

namespace RaftActors.Runtime;

// Snapshots: captured in turn with what is applied, written beside it.
internal sealed partial class FsmCallerActor
{
    private readonly CancellationTokenSource _ending = new();

    private void Capture(CaptureSnapshot capture)
    {
        if (_failure is not null || _machine is null)
        {
            Context.Parent.Tell(new SnapshotNotTaken("the state machine has failed", _failure, Never: true));
            return;
        }

        try
        {
            if (!_machine.SupportsSnapshots)
            {
                Context.Parent.Tell(new SnapshotNotTaken("the state machine does not support snapshots", null, Never: true));
                return;
            }

            SnapshotWriteStream content = capture.Open(_applied);
            SnapshotContent.WritePrefix(content, _sessions);
            Task written = _machine.SaveSnapshotAsync(content, _ending.Token);
            Context.Parent.Tell(new SnapshotCaptured(_applied, content, written));
        }
        catch (Exception e)
        {
            // Saving changes nothing, so the state machine is as good as before.
            Context.Parent.Tell(new SnapshotNotTaken($"the state machine could not save its state: {e.Message}", e, Never: false));
        }
    }

    /// <summary>Nothing else is taken from the mailbox before this has ended. It goes on in the actor after each wait.</summary>
    private async Task RestoreAsync(RestoreSnapshot restore)
    {
        if (_failure is not null || _machine is null)
        {
            return;
        }

        try
        {
            SnapshotReadStream source = new(restore.Storage, await restore.Storage.LoadHeaderAsync(restore.Index).ConfigureAwait(true));
            SessionTable sessions = await SnapshotContent.ReadPrefixAsync(source).ConfigureAwait(true);
            await _machine.LoadSnapshotAsync(source, _ending.Token).ConfigureAwait(true);
            RestoreSessions(sessions);
        }
        catch (Exception e)
        {
            Fail($"loading the snapshot of index {restore.Index} failed", e);
            return;
        }

        _applied = restore.Index;
        Context.Parent.Tell(new StateRestored(restore.Index));
        RunHeld();
    }
}
