namespace RaftActors.Runtime;

// A state machine that says which entries it has not applied.
internal sealed partial class FsmCallerActor
{
    /// <summary>What stands before the cut is applied like everything else; the rest is committed and will be applied by nobody here.</summary>
    private void RollBack(ApplyRun run, CommittedEntries entries, SessionPass? pass)
    {
        LogIndex cut = entries.RolledBackFrom!.Value;
        if (cut > run.From)
        {
            ApplyRun kept = run with { To = cut.Previous };
            (int users, _, _) = Count(kept);
            Applied(kept, EntriesOf(kept, users, pass), pass);
        }

        _rolledBackTo = cut.Previous;
        string reason = $"the state machine rolled back the entries from {cut} on";
        run.Abandon($"{reason}: {entries.RollbackError!.Message}", _rolledBackTo);
        Fail(reason, entries.RollbackError);
    }
}
