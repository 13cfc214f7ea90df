using Akka.Actor;

namespace RaftActors.Runtime;

// Entries that are no longer in memory: read back from the journal for slow peers, for the state machine, and for who asks for one of them.
internal sealed partial class NodeActor
{
    /// <summary>So many reads in a row for the state machine may fail; then a new start has to find out what is wrong with the journal.</summary>
    private const int MaxFailedReads = 5;

    private const int MaxOpenEntryReads = 64;

    private readonly Dictionary<long, PendingEntryRead> _entryReads = [];
    private readonly Dictionary<long, PendingPause> _pauses = [];
    private RecoveredJournal _recovered;
    private long _entryReadTicket;
    private long _mismatches;
    private int _failedReads;

    private RecoveredJournal NothingRecovered() => new(_link.Settings.InMemoryTailBytes, _link.Settings.InMemoryTailEntries);

    private void Read(Effect.ReadEntries read) => _journal.Tell(new ReadJournal(read.Ticket, read.For, read.First, read.Last, read.MaxBytes));

    /// <summary>Reads of clients have tickets below 0; the core's are above.</summary>
    private void ReadFromJournal(PendingEntryRead request)
    {
        if (_entryReads.Count >= MaxOpenEntryReads)
        {
            request.Overload($"{MaxOpenEntryReads} entries are being read from the journal already");
            return;
        }

        long ticket = --_entryReadTicket;
        _entryReads.Add(ticket, request);
        _journal.Tell(new ReadJournal(ticket, NodeId.None, request.Index, request.Index, 1));
    }

    private void OnJournalRead(JournalRead read)
    {
        if (read.Ticket < 0)
        {
            if (_entryReads.Remove(read.Ticket, out PendingEntryRead? request))
            {
                Answer(request, read.Batches[0]);
            }

            return;
        }

        Step(new RaftInput.EntriesRead(read.Ticket, read.Batches));
        if (_core.FailedEntryReads == _mismatches)
        {
            _failedReads = 0;
        }
        else
        {
            _mismatches = _core.FailedEntryReads;
            CountFailure($"the journal holds other entries than were written ({read.Batches[0]})", null);
        }
    }

    private void OnJournalReadFailed(JournalReadFailed failed)
    {
        LogLines.EntriesNotRead(_log, failed.Cause, _link.Id, Me, failed.First, failed.For, failed.Reason);
        if (failed.Ticket < 0)
        {
            if (_entryReads.Remove(failed.Ticket, out PendingEntryRead? request))
            {
                request.Answer(new CommittedEntryUnavailable(failed.Reason));
            }

            return;
        }

        Step(new RaftInput.EntriesUnreadable(failed.Ticket));
        _mismatches = _core.FailedEntryReads;
        if (failed.For.IsNone)
        {
            CountFailure(failed.Reason, failed.Cause);
        }
    }

    private void CountFailure(string reason, Exception? cause)
    {
        if (++_failedReads >= MaxFailedReads)
        {
            Fail($"entries for the state machine could not be read back: {reason}", cause);
        }
    }

    private void Take(PendingPause request)
    {
        long ticket = ++_ticket;
        _pauses.Add(ticket, request);
        Step(new RaftInput.PauseReplication(ticket, request.Peer, request.Duration));
    }

    private void OnPauseAnswered(Effect.PauseAnswered answered)
    {
        if (!_pauses.Remove(answered.Ticket, out PendingPause? request))
        {
            return;
        }

        if (answered.Outcome is PauseOutcome.Paused or PauseOutcome.Resumed)
        {
            LogLines.ReplicationPaused(_log, _link.Id, Me, request.Peer, request.Duration);
            request.Answer(new ReplicationPaused(request.Peer, request.Duration));
            return;
        }

        string reason = answered.Outcome switch
        {
            PauseOutcome.NotLeader => "this member does not lead",
            PauseOutcome.UnknownPeer => $"member {request.Peer} is not a peer of the leader",
            _ => $"the pause must be from 0 to {_link.Settings.MaxReplicationPause} (max-replication-pause)",
        };
        request.Answer(new ReplicationNotPaused(answered.Outcome, reason, _core.Leader, AddressOf(_core.Leader)));
    }

    private static void Answer(PendingEntryRead request, EntryBatch batch)
    {
        LogEntry entry = batch[request.Index];
        request.Answer(new CommittedEntryFound(request.Index, entry.Id.Term, entry.Kind, entry.Key, entry.Data));
    }
}
