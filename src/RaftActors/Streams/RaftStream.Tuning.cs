using RaftActors.Runtime;

namespace RaftActors;

// What may be changed while the stream runs.
public sealed partial class RaftStream
{
    /// <summary>What <see cref="TuneAsync"/> has changed so far; what is null there is as the settings say.</summary>
    public RaftTuning Tuning => _link.Tuning;

    /// <summary>
    /// Changes settings of this member while it runs; when the task has completed, they are in force. They belong to this member, so tell every member. They are not written down: they survive changes of role and
    /// restarts of the node's actor, and end when the stream stops here.
    /// </summary>
    /// <param name="tuning">What to change.</param>
    /// <param name="cancellationToken">Stops waiting; the change is made all the same.</param>
    /// <exception cref="ArgumentException">A value is impossible; nothing is changed.</exception>
    public Task TuneAsync(RaftTuning tuning, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tuning);
        tuning.ApplyTo(_link.Settings.ToOptions(NodeId, _link.Definition.InitialMembership, seed: 0));

        // As with the read-only mode: the switch comes first, and the request shows when the node has seen it.
        _link.Tune(tuning);
        PendingTuning request = new();
        _link.Hand(request);
        return request.Task.WaitAsync(cancellationToken);
    }

    /// <summary>
    /// Lets the log of this member forget entries now, without the reserve that <c>snapshot-reserved-entries</c> keeps (DCF: <c>dcf_truncate</c>). Only what this member's newest snapshot covers and its state
    /// machine has applied; otherwise nothing happens, and the answer says how far it could go. Peers that need what is gone get a snapshot.
    /// </summary>
    /// <param name="firstKept">The first entry to keep. Of a batch that holds it, older entries may stay too.</param>
    /// <param name="cancellationToken">Stops waiting for the answer.</param>
    public Task<TruncateAnswer> TruncateLogAsync(LogIndex firstKept, CancellationToken cancellationToken = default)
    {
        PendingTruncation request = new(firstKept) { Deadline = _clock.Now + _link.Settings.ClientTimeout };
        _link.Submit(request);
        return request.Task.WaitAsync(cancellationToken);
    }
}
