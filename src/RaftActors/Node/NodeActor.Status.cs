using System.Collections.Immutable;
using Akka.Actor;

namespace RaftActors.Runtime;

// What the node tells about itself.
internal sealed partial class NodeActor
{
    private readonly TimerLag _timerLag = new();

    private void Take(PendingStatus request)
    {
        request.SoFar = new StreamStatus
        {
            Stream = _link.Id,
            Name = _link.Definition.Name,
            Node = Me,
            Role = _core.Role,
            Term = _core.Term,
            VotedFor = _core.VotedFor,
            Leader = _core.Leader,
            CommitIndex = _core.CommitIndex,
            CommitTerm = _core.TermAt(_core.CommitIndex) ?? Term.Zero,
            Generation = _core.Generation,
            AppliedIndex = _applied,
            LastEntry = _core.LastEntry,
            DurableIndex = _core.DurableIndex,
            SnapshotIndex = SnapshotIndex,
            Membership = _core.Membership,
            Incarnation = _core.Incarnation,
            IsLeaderLeaseValid = _core.IsLeaderLeaseValid,
            IsReadOnly = _link.IsReadOnly,
            HasLostJournal = _core.HasLostJournal,
            Peers = PeerStates(),
            Health = _stateMachineFailure is not null ? StreamHealth.Failed : _core.Leader.IsNone ? StreamHealth.NoLeader : StreamHealth.Healthy,
            FailureReason = _stateMachineFailure,
            IsReady = _stateMachineFailure is null && !_stopping && (_core.Role == Role.Leader ? _core.IsReady : !_core.Leader.IsNone),
            LastPeerActivity = _link.LastPeerActivity,
            TimerLag = _timerLag.Worst(Now),
            Queues = new QueueSizes
            {
                OpenRequests = _link.OpenRequests,
                WaitingForLeader = _parked.Count,
                Forwarded = _forwarded.Count,
                Waiters = _waiting.Sum(w => w.Waiters.Length),
                ApplyQueue = _core.CommitIndex - _applied,
                JournalWrites = _writes.Count,
                JournalBytes = _writeBytes,
                Reads = _readBuffer.Count + _readsToRetry.Count + _reads.Values.Sum(r => r.Reads.Length),
            },
        };
        if (_fsmEnded)
        {
            request.TimeOut();
        }
        else
        {
            _fsm.Tell(new CompleteStatus(request));
        }
    }

    private void Take(PendingEntryRead request)
    {
        if (request.Index > _core.CommitIndex)
        {
            request.Answer(new CommittedEntryNotYet(_core.CommitIndex));
            return;
        }

        if (request.Index <= _core.LogBase.Index)
        {
            request.Answer(new CommittedEntryUnavailable($"entry {request.Index} is compacted: the log begins behind {_core.LogBase.Index}"));
        }
        else if (_core.BatchAt(request.Index) is { } batch)
        {
            Answer(request, batch);
        }
        else
        {
            ReadFromJournal(request);
        }
    }

    private ImmutableArray<StreamPeerStatus> PeerStates() =>
        [.. _core.Peers.Select(peer => new StreamPeerStatus(peer.Id, peer.Match, peer.Next, peer.State.ToString(), !_unreachable.Contains(peer.Id)))];
}
