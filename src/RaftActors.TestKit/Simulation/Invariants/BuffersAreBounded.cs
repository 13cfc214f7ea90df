using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>What a core keeps for others has the bounds that its options say.</summary>
/// <param name="largestBatch">More bytes than any batch of the clients takes.</param>
public sealed class BuffersAreBounded(int largestBatch = 1000) : IClusterInvariant
{
    /// <inheritdoc/>
    public void OnStepped(SimulatedMember member)
    {
        RaftCore core = member.Core!;
        RaftOptions options = core.Options;
        bool isBounded = core.PendingReads <= options.MaxPendingReads
            && core.UncommittedEntries <= options.MaxUncommittedEntries
            && core.UncommittedBytes <= options.MaxUncommittedBytes;
        if (!isBounded)
        {
            throw new InvariantBrokenException($"member {member.Id} keeps {core.PendingReads} reads and {core.UncommittedEntries} entries of {core.UncommittedBytes} bytes");
        }

        // Batches are not cut, so the last one may exceed what the state machine is given.
        bool isMemoryBounded = core.DurableBytesInMemory <= options.MaxLogBytesInMemory
            && core.DurableIndex - core.FirstInMemory < options.MaxLogEntriesInMemory
            && core.UnappliedEntries < options.MaxUnappliedEntries + largestBatch
            && core.UnappliedBytes < options.MaxUnappliedBytes + largestBatch
            && core.EntryReadsUnderWay <= options.MaxEntryReads + 1;
        if (!isMemoryBounded)
        {
            throw new InvariantBrokenException(
                $"member {member.Id} keeps {core.DurableBytesInMemory} bytes from {core.FirstInMemory} to {core.DurableIndex}, its state machine {core.UnappliedEntries} entries of {core.UnappliedBytes} bytes, and {core.EntryReadsUnderWay} reads are under way");
        }

        foreach (PeerStatus peer in core.Peers)
        {
            // The last message of a window may exceed it, see InFlightWindow.
            if (peer.InFlight > options.MaxInFlightAppends || peer.InFlightBytes >= options.MaxInFlightBytes + largestBatch || peer.Match >= peer.Next)
            {
                throw new InvariantBrokenException($"leader {member.Id} feeds its peer beyond the window: {peer}");
            }
        }
    }
}
