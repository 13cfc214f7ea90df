using System.Collections.Concurrent;
using System.Diagnostics;
using Akka.Actor;
using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Remote.Transport;

/// <summary>
/// Everything this system knows about one remote address: what waits to be sent there, over which connections, to which
/// incarnation. Senders only enqueue; one runner at a time takes from the queue and does what the state asks for:
/// write (active), keep (connecting), turn into dead letters (gated). State changes happen under the lock and wake the runner.
/// </summary>
internal sealed partial class Association : IThreadPoolWorkItem
{
    private const int Idle = 0;
    private const int Connecting = 1;
    private const int Active = 2;
    private const int Gated = 3;
    private const int Retired = 4;

    // A batch ends here even when more waits, so that the peer gets to work while the next one is encoded.
    private const int FlushBytes = 64 * 1024;
    private const int MinFlushBytes = 16 * 1024;

    // 20 us: a thread that sends messages in a row is never that slow.
    private static readonly long PauseTicks = Stopwatch.Frequency / 50_000;

    /// <summary>Messages kept while a first connection is being made; beyond it they are dead letters.</summary>
    private const int ConnectingQueueLimit = 1_000_000;

    private readonly record struct Outbound(object Message, IActorRef? Sender, RemoteActorRef? Recipient);

    private sealed record LeaveRequest(GoodbyeReason Reason, TaskCompletionSource Done);

    private readonly Remoting _remoting;
    private readonly ConcurrentQueue<Outbound> _queue = new();
    private readonly object _lock = new();
    private readonly Dictionary<int, long> _quarantined = new();
    private readonly SystemOutbox _outbox = new();
    private TcpConnection[] _connections = [];
    private TcpConnection? _writer;
    private volatile int _state;
    private int _scheduled;
    private long _written;
    private long _gateUntil;
    private int? _uid;
    private volatile bool _tick;
    private volatile bool _ackDue;
    private volatile bool _acked;
    private volatile bool _clearOutbox;
    private long _receivedSequence;
    private long _acknowledgedSequence;
    private long _lastContact = Environment.TickCount64;
    private string? _lastFailure;
    private long _lastFailureLogged;
    private bool _told;

    // Touched by the runner only.
    private TcpConnection? _current;
    private int? _outboxUid;
    private long _overflowWarnedAt = -10_000;
    private int _batches;
    private LeaveRequest? _leaving;

    public Association(Remoting remoting, Address remote)
    {
        _remoting = remoting;
        RemoteAddress = remote;
    }

    public Address RemoteAddress { get; }

    public int? PeerUid
    {
        get
        {
            lock (_lock)
                return _uid;
        }
    }

    public void Send(object message, IActorRef? sender, RemoteActorRef recipient)
    {
        if (_state == Connecting && message is not ISystemMessage && _queue.Count >= ConnectingQueueLimit)
        {
            _remoting.DeadLetter(message, sender, recipient);
            return;
        }

        _queue.Enqueue(new Outbound(message, sender, recipient));
        Schedule();
    }

    // ---- the runner -------------------------------------------------------------------------------------------

    private void Schedule()
    {
        if (Interlocked.Exchange(ref _scheduled, 1) != 0)
            return;

        // After a pause the sender's own thread writes: waking another would take longer than the write. What follows closely is left to
        // a thread of the pool, and goes out together.
        if (_state == Active && Stopwatch.GetTimestamp() - Volatile.Read(ref _written) > PauseTicks)
            Run();
        else
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);
    }

    void IThreadPoolWorkItem.Execute() => Run();

    // A turn that needs not wait, which is nearly every one, is an ordinary call.
    private void Run()
    {
        do
        {
            try
            {
                var turn = TurnAsync();
                if (!turn.IsCompletedSuccessfully)
                {
                    _ = GoOnAfterAsync(turn);
                    return;
                }
            }
            catch (Exception e)
            {
                ReportUnexpected(e);
            }
        }
        while (IsDueAgain());
    }

    private async Task GoOnAfterAsync(ValueTask turn)
    {
        try
        {
            await turn.ConfigureAwait(false);
        }
        catch (Exception e)
        {
            ReportUnexpected(e);
        }

        if (IsDueAgain())
            Run();
    }

    private void ReportUnexpected(Exception e) => _remoting.Log.Error(e, "Sending to [{0}] failed unexpectedly.", RemoteAddress);

    private bool IsDueAgain()
    {
        Volatile.Write(ref _scheduled, 0);
        Interlocked.MemoryBarrier();
        return HasWork() && Interlocked.Exchange(ref _scheduled, 1) == 0;
    }

    private ValueTask TurnAsync() =>
        _state == Active && !_tick && Volatile.Read(ref _writer) is { } writer ? WriteAsync(writer) : RareTurnAsync();

    private async ValueTask RareTurnAsync()
    {
        switch (_state)
        {
            case Active when Volatile.Read(ref _writer) is { } writer:
                await WriteAsync(writer).ConfigureAwait(false);
                break;
            case Gated:
                WhileGated();
                break;
            case Idle:
                WhileIdle();
                break;
            case Retired:
                Reroute();
                break;
        }

        if (_tick)
        {
            _tick = false;
            await HeartbeatAsync().ConfigureAwait(false);
        }
    }

    private bool HasWork() => _state switch
    {
        Active => !_queue.IsEmpty || _ackDue || _acked || _tick || !ReferenceEquals(_current, Volatile.Read(ref _writer)),
        Gated => !_queue.IsEmpty || _clearOutbox,
        Idle => !_queue.IsEmpty || _tick || _outbox.Count > 0,
        Retired => !_queue.IsEmpty,
        _ => false,
    };

    private void WhileIdle()
    {
        GiveUpOnSilence();
        ClearOutboxIfAsked();
        if (_queue.IsEmpty && _outbox.Count == 0)
            return;
        lock (_lock)
        {
            if (_state != Idle)
                return;
            _state = Connecting;
        }

        _ = ConnectAsync();
    }

    private void WhileGated()
    {
        ClearOutboxIfAsked();
        var expired = Environment.TickCount64 >= Volatile.Read(ref _gateUntil);
        if (expired)
        {
            lock (_lock)
            {
                if (_state == Gated)
                    _state = Idle;
            }

            return;
        }

        // Bounded, so that a fast sender cannot keep the gate from opening.
        for (var left = _queue.Count; left > 0 && _queue.TryDequeue(out var next); left--)
        {
            if (next.Message is LeaveRequest leave)
                leave.Done.TrySetResult();
            else if (next.Message is ISystemMessage message)
                AddSystemMessage(message, next.Sender, next.Recipient!);
            else
                _remoting.DeadLetter(next.Message, next.Sender, next.Recipient!);
        }
    }

    private void Reroute()
    {
        while (_queue.TryDequeue(out var next))
        {
            if (next.Message is LeaveRequest leave)
                leave.Done.TrySetResult();
            else
                _remoting.AssociationWith(RemoteAddress).Send(next.Message, next.Sender, next.Recipient!);
        }
    }

    // Takes one batch from the queue; what is left is the next turn's.
    private ValueTask WriteAsync(TcpConnection connection)
    {
        try
        {
            Prepare(connection);
            EncodeBatch(connection);
            var flush = connection.Output.Length > 0 ? connection.FlushAsync() : default;
            if (!flush.IsCompletedSuccessfully)
                return FinishAsync(connection, flush);
            Finish(connection);
        }
        catch (Exception e)
        {
            GiveUp(connection, e);
        }

        return default;
    }

    private async ValueTask FinishAsync(TcpConnection connection, ValueTask flush)
    {
        try
        {
            await flush.ConfigureAwait(false);
            Finish(connection);
        }
        catch (Exception e)
        {
            GiveUp(connection, e);
        }
    }

    private void Finish(TcpConnection connection)
    {
        Volatile.Write(ref _written, Stopwatch.GetTimestamp());
        CompleteLeave(connection);
    }

    private void GiveUp(TcpConnection connection, Exception cause)
    {
        CompleteLeave(connection);
        connection.Close(cause);
        OnConnectionLost(connection, cause);
    }

    /// <summary>Brings the system messages in line with the peer that is at the other end now.</summary>
    private void Prepare(TcpConnection connection)
    {
        ClearOutboxIfAsked();
        if (_outboxUid != connection.PeerUid)
        {
            foreach (var lost in _outbox.StartOver(keepUnsent: true))
                _remoting.DeadLetter(lost.Message, lost.Sender, lost.Recipient);
            _outboxUid = connection.PeerUid;
        }

        if (!ReferenceEquals(_current, connection))
        {
            _current = connection;
            _outbox.SendAgain();
        }

        connection.Encoder ??= new MessageEncoder(_remoting.System, _remoting.Tcp.MaxFrameSize);
    }

    private void EncodeBatch(TcpConnection connection)
    {
        using var scope = new Akka.Serialization.Serialization.TransportScope(_remoting.Provider.SerializationInformation);
        var output = connection.Output;
        if (_acked)
        {
            _acked = false;
            lock (_lock)
                _outbox.Acknowledge(_outboxUid == _uid ? _acknowledgedSequence : 0);
        }

        if (_outbox.HasUnsent)
            EncodeSystemMessages(connection);

        var settings = _remoting.Tcp;
        var count = 0;
        while (_queue.TryDequeue(out var next))
        {
            if (next.Message is ISystemMessage message)
            {
                AddSystemMessage(message, next.Sender, next.Recipient!);
                EncodeSystemMessages(connection);
            }
            else if (next.Message is LeaveRequest leave)
            {
                var start = output.BeginFrame(FrameType.Goodbye);
                output.Byte((byte)leave.Reason);
                output.EndFrame(start);
                _leaving = leave;
                break;
            }
            else
            {
                Encode(connection, next.Message, next.Sender, next.Recipient!, 0);
            }

            count++;
            if (!settings.Batching || output.Length >= FlushBytes || (count >= settings.MaxPendingWrites && output.Length >= MinFlushBytes))
                break;
        }

        if (_ackDue)
        {
            _ackDue = false;
            long received;
            lock (_lock)
                received = connection.PeerUid == _uid ? _receivedSequence : 0;
            if (received > 0)
            {
                var start = output.BeginFrame(FrameType.Ack);
                output.Int64(received);
                output.EndFrame(start);
            }
        }

        WarnOfBacklog();
    }

    private void CompleteLeave(TcpConnection connection)
    {
        if (_leaving is not { } leave)
            return;
        _leaving = null;
        connection.ShutdownSend();
        leave.Done.TrySetResult();
    }

    private void EncodeSystemMessages(TcpConnection connection)
    {
        foreach (var entry in _outbox.TakeUnsent())
        {
            // The peer counts: a number that cannot carry its message still has to arrive.
            if (!Encode(connection, entry.Message, entry.Sender, entry.Recipient, entry.Sequence))
                Encode(connection, new NoMessage(), entry.Sender, entry.Recipient, entry.Sequence);
        }
    }

    private bool Encode(TcpConnection connection, object message, IActorRef? sender, RemoteActorRef recipient, long sequence)
    {
        var encoder = connection.Encoder!;
        try
        {
            if (_remoting.LogSend)
                _remoting.Log.Debug("sending message [{0}] to [{1}] from [{2}]", message, recipient.Path, sender);
            if (encoder.TryEncode(connection.Output, message, sender, recipient, sequence))
            {
                _remoting.NoteFrameSize(message, encoder.LastFrameSize);
                return true;
            }

            var max = _remoting.Tcp.MaxFrameSize;
            var reason = new OversizedPayloadException(
                "A message to [" + recipient.Path + "] is too large to be sent: at most " + max + " bytes are allowed, and [" +
                message.GetType() + "] takes " + encoder.LastFrameSize + " bytes.");
            _remoting.Log.Error(reason, "Discarding an oversized message to [{0}]: maximum-frame-size is {1} bytes, the encoded [{2}] has {3} bytes.",
                recipient.Path, max, message.GetType(), encoder.LastFrameSize);
        }
        catch (Exception e)
        {
            _remoting.Log.Error(e, "Discarding a message of type [{0}] to [{1}]: it cannot be serialized.", message.GetType(), recipient.Path);
        }

        return false;
    }

    private void AddSystemMessage(ISystemMessage message, IActorRef? sender, RemoteActorRef recipient)
    {
        if (_outbox.Count < _remoting.SystemMessageBufferSize)
        {
            _outbox.Add(message, sender, recipient);
            return;
        }

        // Death watch can no longer be honest about this peer, so the peer has to count as dead.
        _remoting.Log.Error("More than {0} system messages for [{1}] are unacknowledged.", _remoting.SystemMessageBufferSize, RemoteAddress);
        ClearOutbox();
        if (PeerUid is { } uid)
            Quarantine(uid);
    }

    private void ClearOutboxIfAsked()
    {
        if (!_clearOutbox)
            return;
        _clearOutbox = false;
        ClearOutbox();
    }

    private void ClearOutbox()
    {
        foreach (var lost in _outbox.StartOver(keepUnsent: false))
            _remoting.DeadLetter(lost.Message, lost.Sender, lost.Recipient);
    }

    private async ValueTask HeartbeatAsync()
    {
        var now = Environment.TickCount64;
        foreach (var connection in Volatile.Read(ref _connections))
        {
            if (connection.IsClosed || now - connection.LastSent < _remoting.HeartbeatInterval)
                continue;
            try
            {
                connection.Output.EndFrame(connection.Output.BeginFrame(FrameType.Heartbeat));
                await connection.FlushAsync().ConfigureAwait(false);
            }
            catch (Exception e)
            {
                connection.Close(e);
                OnConnectionLost(connection, e);
            }
        }
    }

    private void WarnOfBacklog()
    {
        var limit = _remoting.BacklogWarning;
        if (limit <= 0 || (++_batches & 63) != 0)
            return;
        var now = Environment.TickCount64;
        if (now - _overflowWarnedAt < 5000)
            return;
        var waiting = _queue.Count;
        if (waiting <= limit)
            return;
        _overflowWarnedAt = now;
        _remoting.Log.Warning("{0} messages wait to be sent to [{1}]; the application tells faster than the connection carries.", waiting, RemoteAddress);
    }
}
