using KvServer.Resp;
using KvServer.State;

namespace KvServer.Server;

/// <summary>The answer to a write: comes with the batch that carries the write.</summary>
internal sealed class WriteReply(int bytes) : Reply
{
    private static readonly TaskCompletionSource Done = new();

    private TaskCompletionSource? _waiter;
    private WriteOutcomeKind _outcome;
    private long _index;
    private ReadOnlyMemory<byte> _result;
    private string _reason = "";

    /// <summary>Bytes that the write holds in queues until it is answered.</summary>
    public int Bytes => bytes;

    /// <summary>What came of it; valid when ready.</summary>
    public WriteOutcomeKind Outcome => _outcome;

    /// <summary>Where it stands in the log; valid when committed.</summary>
    public long Index => _index;

    public override bool IsReadyFor(RespConnection connection) => ReferenceEquals(Volatile.Read(ref _waiter), Done);

    public void Complete(WriteOutcomeKind outcome, long index, ReadOnlyMemory<byte> result, string reason)
    {
        (_outcome, _index, _result, _reason) = (outcome, index, result, reason);
        Interlocked.Exchange(ref _waiter, Done)?.TrySetResult();
    }

    public override Task WaitAsync(RespConnection connection, CancellationToken cancellation) => CompletionAsync().WaitAsync(cancellation);

    /// <summary>Completes with the outcome. One caller at the most.</summary>
    public Task CompletionAsync()
    {
        TaskCompletionSource mine = new(TaskCreationOptions.RunContinuationsAsynchronously);
        return Interlocked.CompareExchange(ref _waiter, mine, null) is null ? mine.Task : Task.CompletedTask;
    }

    public override void Write(RespConnection connection, RespOutput output)
    {
        connection.WriteAnswered(bytes, _outcome == WriteOutcomeKind.Committed ? _index : 0);
        switch (_outcome)
        {
            case WriteOutcomeKind.Committed:
                WriteResult(output);
                break;
            case WriteOutcomeKind.NoLeader:
                output.Error($"NOLEADER not executed: {_reason}");
                break;
            case WriteOutcomeKind.Overloaded:
                output.Error($"OVERLOADED not executed: {_reason}");
                break;
            case WriteOutcomeKind.TooLarge:
                output.Error($"TOOLARGE not executed: {_reason}");
                break;
            case WriteOutcomeKind.Stopping:
                output.Error($"STOPPING not executed: {_reason}");
                break;
            case WriteOutcomeKind.Refused:
                output.Error($"REFUSED not executed: {_reason}");
                break;
            case WriteOutcomeKind.NoSession:
                output.Error($"NOSESSION not executed now: {_reason}");
                break;
            case WriteOutcomeKind.Forgotten:
                output.Error($"FORGOTTEN executed: {_reason}");
                break;
            default:
                output.Error($"UNKNOWN outcome unknown: {_reason}");
                break;
        }
    }

    private void WriteResult(RespOutput output)
    {
        KvReader reader = new(_result.Span);
        if (!reader.TryResult(out KvResultKind kind, out long integer, out ReadOnlySpan<byte> bytes))
        {
            output.Error("UNKNOWN the write is committed, and its result is not readable");
            return;
        }

        switch (kind)
        {
            case KvResultKind.Ok:
                output.Ok();
                break;
            case KvResultKind.Nil:
                output.Nil();
                break;
            case KvResultKind.Integer:
                output.Integer(integer);
                break;
            case KvResultKind.Bulk:
                output.Bulk(bytes);
                break;
            default:
                output.Error(bytes);
                break;
        }
    }
}
