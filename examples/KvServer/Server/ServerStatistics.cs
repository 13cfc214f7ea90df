namespace KvServer.Server;

/// <summary>What INFO shows. Counters of the process's life.</summary>
internal sealed class ServerStatistics
{
    private long _connectionsReceived;
    private long _connections;
    private long _commands;
    private long _writesCommitted;
    private long _writesRefused;
    private long _writesUnknown;
    private long _protocolErrors;
    private long _rejectedConnections;
    private long _proposals;
    private long _readBarriers;

    public long ConnectionsReceived => Volatile.Read(ref _connectionsReceived);

    public long Connections => Volatile.Read(ref _connections);

    public long Commands => Volatile.Read(ref _commands);

    public long WritesCommitted => Volatile.Read(ref _writesCommitted);

    public long WritesRefused => Volatile.Read(ref _writesRefused);

    public long WritesUnknown => Volatile.Read(ref _writesUnknown);

    public long ProtocolErrors => Volatile.Read(ref _protocolErrors);

    public long RejectedConnections => Volatile.Read(ref _rejectedConnections);

    public long Proposals => Volatile.Read(ref _proposals);

    public long ReadBarriers => Volatile.Read(ref _readBarriers);

    public void ConnectionOpened()
    {
        Interlocked.Increment(ref _connectionsReceived);
        Interlocked.Increment(ref _connections);
    }

    public void ConnectionClosed() => Interlocked.Decrement(ref _connections);

    public void ConnectionRejected() => Interlocked.Increment(ref _rejectedConnections);

    public void Command() => Interlocked.Increment(ref _commands);

    public void Proposal() => Interlocked.Increment(ref _proposals);

    public void ReadBarrier() => Interlocked.Increment(ref _readBarriers);

    public void ProtocolError() => Interlocked.Increment(ref _protocolErrors);

    public void Writes(WriteOutcomeKind outcome, int count)
    {
        switch (outcome)
        {
            case WriteOutcomeKind.Committed or WriteOutcomeKind.Forgotten:
                Interlocked.Add(ref _writesCommitted, count);
                break;
            case WriteOutcomeKind.Unknown:
                Interlocked.Add(ref _writesUnknown, count);
                break;
            default:
                Interlocked.Add(ref _writesRefused, count);
                break;
        }
    }
}
