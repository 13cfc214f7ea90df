using Akka.Actor;

namespace RaftActors.Runtime;

// Reads: those that wait together share one confirmation by the quorum. A read changes nothing, so it is tried again until its time is up.
internal sealed partial class NodeActor
{
    private readonly List<PendingRead> _readBuffer = [];
    private readonly List<PendingRead> _readsToRetry = [];
    private readonly Dictionary<long, (PendingRead[] Reads, TimeSpan Asked)> _reads = [];

    private void Take(PendingRead read)
    {
        if (_stateMachineFailure is { } failure)
        {
            read.Abandon(failure, RefusalCode.StateMachineFailed);
        }
        else if (read.Consistency == ReadConsistency.Stale)
        {
            RunInState(LogIndex.Zero, [read]);
        }
        else if (read.Consistency == ReadConsistency.Lease && _core.Role == Role.Leader && _link.Settings.LeaseReads)
        {
            // Answered in this step while the lease holds; otherwise it waits for the round that the others wait for.
            long ticket = ++_ticket;
            _reads.Add(ticket, ([read], Now));
            Step(new RaftInput.ReadIndex(ticket) { Lease = true });
        }
        else
        {
            _readBuffer.Add(read);
            QueueFlush();
        }
    }

    private void FlushReads()
    {
        if (_readBuffer.Count == 0)
        {
            return;
        }

        PendingRead[] reads = [.. _readBuffer.Where(r => !r.IsAnswered)];
        _readBuffer.Clear();
        if (reads.Length > 0)
        {
            long ticket = ++_ticket;
            _reads.Add(ticket, (reads, Now));
            Step(new RaftInput.ReadIndex(ticket));
        }
    }

    private void OnReadReady(Effect.ReadReady ready)
    {
        if (_reads.Remove(ready.Ticket, out (PendingRead[] Reads, TimeSpan Asked) waiting))
        {
            foreach (PendingRead read in waiting.Reads)
            {
                read.Relax();
            }

            RunInState(ready.Index, waiting.Reads);
        }
    }

    private void OnReadRefused(Effect.ReadRefused refused)
    {
        if (!_reads.Remove(refused.Ticket, out (PendingRead[] Reads, TimeSpan Asked) waiting))
        {
            return;
        }

        foreach (PendingRead read in waiting.Reads)
        {
            read.LastLeader = refused.Leader;
            read.LastReason = refused.Reason;
            Retry(read, waiting.Asked);
        }
    }

    private void RetryReads(TimeSpan now)
    {
        // A question to the leader, or its answer, may have been lost.
        foreach ((long ticket, (PendingRead[] reads, TimeSpan asked)) in _reads)
        {
            if (now - asked > _link.Settings.ElectionTimeoutMax)
            {
                _reads.Remove(ticket);
                foreach (PendingRead read in reads)
                {
                    Retry(read, asked);
                }
            }
        }

        _readBuffer.AddRange(_readsToRetry);
        _readsToRetry.Clear();
    }
}
