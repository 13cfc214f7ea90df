using KvServer.Commands;
using KvServer.Resp;
using KvServer.State;

namespace KvServer.Server;

/// <summary>
/// The answer to a read. It is executed when its turn has come: the connection's earlier writes are answered and applied here, and
/// the barrier that was asked for when the read arrived has been passed.
/// </summary>
internal sealed class ReadReply(ReadService reads, CommandKind kind, byte[][] arguments, ReadLevel level) : Reply
{
    private int _generation = reads.Database.Generation;
    private Task<ReadOutcome> _barrier = reads.EnterAsync(level);
    private string? _failure;

    public override bool IsReadyFor(RespConnection connection) =>
        _barrier.IsCompletedSuccessfully && _barrier.Result.Succeeded
        && reads.Database.AppliedIndex >= connection.LastWriteIndex
        && (level == ReadLevel.Stale || !reads.HasOverdue());

    public override async Task WaitAsync(RespConnection connection, CancellationToken cancellation)
    {
        if (IsReadyFor(connection))
        {
            return;
        }

        ReadOutcome outcome = await _barrier.WaitAsync(cancellation).ConfigureAwait(false);
        while (outcome.Succeeded && reads.Database.Generation != _generation)
        {
            // The state was built anew in the meantime; what the barrier proved was about the old one.
            _generation = reads.Database.Generation;
            _barrier = reads.EnterAsync(level);
            outcome = await _barrier.WaitAsync(cancellation).ConfigureAwait(false);
        }

        if (!outcome.Succeeded)
        {
            _failure = outcome.Reason;
            return;
        }

        await reads.Database.WaitAppliedAsync(connection.LastWriteIndex, cancellation).ConfigureAwait(false);
        if (level != ReadLevel.Stale && reads.HasOverdue())
        {
            _failure = await reads.ExpireAsync(cancellation).ConfigureAwait(false);
        }
    }

    public override void Write(RespConnection connection, RespOutput output)
    {
        connection.ReadAnswered();
        if (_failure is null && !reads.TryExecute(_generation, kind, arguments, output))
        {
            _failure = "the state is being rebuilt";
        }

        if (_failure is not null)
        {
            output.Error($"NOLEADER not read: {_failure}");
        }
    }
}
