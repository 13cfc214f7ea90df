using Akka.Actor;
using KvServer.Server;
using RaftActors;
using RaftActors.Protocol;

namespace KvServer.Hosting;

/// <summary>The stream, as the server sees it. Attached once the stream has started.</summary>
internal sealed partial class StreamLog : IReplicatedLog
{
    private RaftStream? _stream;
    private RaftAdmin? _admin;
    private string? _system;

    private RaftStream Stream => _stream ?? throw new InvalidOperationException("The stream is not started yet.");

    /// <param name="stream">The stream.</param>
    /// <param name="system">Its actor system, from which the leader is asked for what only it can do.</param>
    public void Attach(RaftStream stream, ActorSystem system) => (_admin, _system, _stream) = (new RaftAdmin(system), system.Name, stream);

    public async Task<WriteOutcome> ProposeAsync(ReadOnlyMemory<byte> entry, CancellationToken cancellation)
    {
        return Conclude(await Stream.ProposeAsync(entry, options: null, cancellation).ConfigureAwait(false));
    }

    public async Task<WriteOutcome> ProposeOnceAsync(ReadOnlyMemory<byte> entry, ulong session, ulong serial, CancellationToken cancellation)
    {
        ProposeOptions options = new() { Session = new SessionSerial(session, serial) };
        return Conclude(await Stream.ProposeAsync(entry, options, cancellation).ConfigureAwait(false));
    }

    public async Task<WriteOutcome> SessionAsync(ulong session, bool close, TimeSpan? timeout, CancellationToken cancellation)
    {
        SessionRequest request = session == 0 ? new OpenSession(timeout) : close ? new CloseSession(session) : new KeepSessionAlive(session);
        return Conclude(await Stream.RequestAsync(request, cancellation).ConfigureAwait(false));
    }

    private static WriteOutcome Conclude(ProposalAnswer answer)
    {
        return answer switch
        {
            ProposalCommitted committed => WriteOutcome.Committed(committed.Index.Value, committed.Result),
            NotLeader other => WriteOutcome.Not(WriteOutcomeKind.NoLeader, other.Leader.IsNone ? "no leader is known" : $"node {other.Leader} leads and did not take it"),
            Overloaded overloaded => WriteOutcome.Not(WriteOutcomeKind.Overloaded, overloaded.Reason),
            ProposalRefused { Code: RefusalCode.EntryTooLarge } refused => WriteOutcome.Not(WriteOutcomeKind.TooLarge, refused.Reason),
            ProposalRefused { Code: RefusalCode.Stopping } refused => WriteOutcome.Not(WriteOutcomeKind.Stopping, refused.Reason),
            ProposalRefused { Code: RefusalCode.SessionExpired or RefusalCode.SessionSerialTooOld } refused => WriteOutcome.Not(WriteOutcomeKind.NoSession, refused.Reason),
            ProposalRefused { Code: RefusalCode.SessionResultForgotten } refused => WriteOutcome.Not(WriteOutcomeKind.Forgotten, refused.Reason),
            ProposalRefused refused => WriteOutcome.Not(WriteOutcomeKind.Refused, refused.Reason),
            CommittedNotApplied committed => WriteOutcome.Not(WriteOutcomeKind.Unknown, $"committed at {committed.Index}, but not applied here: {committed.Reason}"),
            OutcomeUnknown unknown => WriteOutcome.Not(WriteOutcomeKind.Unknown, unknown.Reason),
            _ => WriteOutcome.Not(WriteOutcomeKind.Unknown, $"unexpected answer {answer.GetType().Name}"),
        };
    }

    public async Task<ReadOutcome> ReadBarrierAsync(ReadLevel level, CancellationToken cancellation)
    {
        ReadConsistency consistency = level switch
        {
            ReadLevel.Stale => ReadConsistency.Stale,
            ReadLevel.Lease => ReadConsistency.Lease,
            _ => ReadConsistency.Linearizable,
        };
        return await Stream.ReadBarrierAsync(consistency, cancellation).ConfigureAwait(false) is ReadFailed failed
            ? new ReadOutcome(false, failed.CanRetry, failed.Reason)
            : new ReadOutcome(true, false, "");
    }

    public async Task<string> GetStatusAsync(CancellationToken cancellation) =>
        StreamStatusJson.Write(await Stream.GetStatusAsync(cancellation).ConfigureAwait(false));

    public async Task<(long Index, string? Reason)> TakeSnapshotAsync(CancellationToken cancellation) =>
        await Stream.TakeSnapshotAsync(cancellation).ConfigureAwait(false) switch
        {
            SnapshotCompleted completed => (completed.Index.Value, null),
            SnapshotFailed failed => (0, failed.Reason),
            _ => (0, "unexpected answer"),
        };

    public async Task<(int Id, string Address)> GetLeaderAsync(CancellationToken cancellation)
    {
        StreamStatus status = await Stream.GetStatusAsync(cancellation).ConfigureAwait(false);
        Member? leader = status.Membership.Members.FirstOrDefault(m => m.Id == status.Leader);
        return ((int)status.Leader.Value, leader?.Address ?? "");
    }
}
