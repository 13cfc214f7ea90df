using System.Collections.Immutable;
using RaftActors.Configuration;
using RaftActors.Protocol;

namespace RaftActors.Dcf;

// An application that keeps what it has applied itself.
public sealed partial class Dcf
{
    private ImmutableDictionary<StreamId, LogIndex> _applied = ImmutableDictionary<StreamId, LogIndex>.Empty;

    /// <summary>
    /// Says before the start how far the application has applied a stream (DCF: <c>dcf_set_applied_index</c>): the callbacks begin behind that entry. The start refuses an index from which the log cannot go on: when it
    /// lies in front of the snapshot that stands for the beginning of the log, entries would be missing; when it lies behind the end of the log, entries to come would be taken for applied. A state machine
    /// of one's own (<see cref="DcfOptions.StateMachine"/>) is not concerned: it goes on from its snapshot. Not together with <c>apply-before-own-disk</c>: after a crash the application could have applied more than
    /// the log holds.
    /// </summary>
    /// <param name="stream">The stream.</param>
    /// <param name="index">The last entry that the application has applied, from a callback of this node.</param>
    /// <exception cref="InvalidOperationException">The node is started already: entries would be lost or repeated.</exception>
    public void SetAppliedIndex(StreamId stream, LogIndex index)
    {
        if (_state != (int)State.New)
        {
            throw new InvalidOperationException("The applied index is set before the start: afterwards, entries would be lost or repeated. A node that runs reports by itself what it has applied.");
        }

        _applied = _applied.SetItem(stream, index);
    }

    /// <exception cref="DcfConfigurationException">What the application has applied may be ahead of its log, and the log is what it goes on from.</exception>
    private void RefuseToBeAhead(StreamSettings settings)
    {
        if (settings.ApplyBeforeOwnDisk && !_applied.IsEmpty)
        {
            throw new DcfConfigurationException(
                "The application says what it has applied, and raft-actors.stream-defaults.apply-before-own-disk is on: after a crash the log may end in front of what was applied, and the node could not start. "
                + "Switch it off, or keep the application's state in a state machine with snapshots (DcfOptions.StateMachine).");
        }
    }

    /// <exception cref="DcfConfigurationException">The callbacks could not go on from there.</exception>
    private async Task CheckAppliedAsync(RaftStream stream, DcfStreamObserver observer, CancellationToken cancellationToken)
    {
        if (!_applied.TryGetValue(stream.Id, out LogIndex applied))
        {
            return;
        }

        StreamStatus status = await stream.GetStatusAsync(cancellationToken).ConfigureAwait(false);
        if (applied > status.LastEntry.Index)
        {
            throw new DcfConfigurationException(
                $"The applied index of stream {stream.Id} is set to {applied}, but the log of this node ends at {status.LastEntry.Index}: what comes next would be taken for applied. "
                + "A node without its log is removed and added again; a stream that shall begin behind a state is prepared with RaftBootstrap (raftactors bootstrap).");
        }

        if (applied < status.SnapshotIndex)
        {
            throw new DcfConfigurationException(
                $"The applied index of stream {stream.Id} is set to {applied}, but this node begins with a snapshot that stands for the entries up to {status.SnapshotIndex}: those behind {applied} would be missing. "
                + "Keep the application's state in a state machine with snapshots (DcfOptions.StateMachine), or take snapshots only of what the application has applied.");
        }

        observer.Begin();
    }
}
