using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Remote.Transport;

/// <summary>
/// Everything this system knows about one remote address: what waits to be sent there, over which connections, to which
/// incarnation. Senders only enqueue; one runner at a time takes from the queue and does what the state asks for:
/// write (active), keep (connecting), turn into dead letters (gated). State changes happen under the lock and wake the runner.
/// </summary>
internal sealed class Association : IThreadPoolWorkItem
{
    private const int Idle = 0;
    private const int Connecting = 1;
    private const int Active = 2;
    private const int Gated = 3;
    private const int Retired = 4;

    // A batch ends here even when more waits, so that the peer gets to work while the next one is encoded.
    private const int FlushBytes = 64 * 1024;
    private const int MinFlushBytes = 16 * 1024;

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
        if (Interlocked.Exchange(ref _scheduled, 1) == 0)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);
    }

    void IThreadPoolWorkItem.Execute() => _ = RunAsync();

    private async Task RunAsync()
    {
        while (true)
        {
            try
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
            catch (Exception e)
            {
                _remoting.Log.Error(e, "Sending to [{0}] failed unexpectedly.", RemoteAddress);
            }

            Volatile.Write(ref _scheduled, 0);
            Interlocked.MemoryBarrier();
            if (!HasWork() || Interlocked.Exchange(ref _scheduled, 1) != 0)
                return;
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

    private async ValueTask WriteAsync(TcpConnection connection)
    {
        try
        {
            Prepare(connection);
            do
            {
                Akka.Serialization.Serialization.WithTransport(_remoting.System, (Self: this, Connection: connection), EncodeStep);
                if (connection.Output.Length > 0)
                    await connection.FlushAsync().ConfigureAwait(false);
                CompleteLeave(connection);
            }
            while (!_queue.IsEmpty && !_tick && _state == Active && ReferenceEquals(connection, Volatile.Read(ref _writer)));
        }
        catch (Exception e)
        {
            CompleteLeave(connection);
            connection.Close(e);
            OnConnectionLost(connection, e);
        }
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

    private static readonly Func<(Association Self, TcpConnection Connection), bool> EncodeStep = static state =>
    {
        state.Self.EncodeBatch(state.Connection);
        return true;
    };

    private void EncodeBatch(TcpConnection connection)
    {
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

    // ---- connections ------------------------------------------------------------------------------------------

    private async Task ConnectAsync()
    {
        TcpConnection? connection = null;
        try
        {
            connection = await _remoting.DialAsync(RemoteAddress).ConfigureAwait(false);
            if (Register(connection) is { } refusal)
            {
                connection.Close();
                Fail(new InvalidAssociationException(refusal));
                return;
            }

            connection.StartReading(_remoting);
            _remoting.Publish(new AssociatedEvent(_remoting.DefaultAddress, RemoteAddress, inbound: false));
        }
        catch (Exception e)
        {
            connection?.Close(e);
            Fail(e);
        }
    }

    /// <summary>Null, or why the peer at this address is not to be talked to.</summary>
    public string? RefusalOf(int uid)
    {
        lock (_lock)
            return _quarantined.ContainsKey(uid) ? "The incarnation " + uid + " of [" + RemoteAddress + "] is quarantined." : null;
    }

    /// <summary>
    /// A connection has passed its handshake. A uid that differs from the known one is a restarted peer: what belonged
    /// to its predecessor ends here and now. Answers null, or why the connection was refused.
    /// </summary>
    public string? Register(TcpConnection connection)
    {
        TcpConnection[] outdated = [];
        lock (_lock)
        {
            if (_state == Retired)
                return "The association was given up.";
            if (_quarantined.ContainsKey(connection.PeerUid))
                return "The incarnation " + connection.PeerUid + " of [" + RemoteAddress + "] is quarantined.";

            var now = Environment.TickCount64;
            if (_uid != connection.PeerUid)
            {
                outdated = _connections;
                _connections = [];
                _writer = null;
                _uid = connection.PeerUid;
                _receivedSequence = 0;
                _acknowledgedSequence = 0;
            }
            else if (_writer is { } writer && now - writer.LastReceived > 2 * _remoting.HeartbeatInterval + 1000)
            {
                // The same incarnation dials again and has not used the old connection for longer than its heartbeat
                // allows: for the peer that connection is gone, only the news has not come through.
                outdated = [writer];
                _connections = _connections.Where(c => !ReferenceEquals(c, writer)).ToArray();
                _writer = null;
            }

            _connections = [.. _connections, connection];
            if (_writer == null && (!connection.Inbound || _remoting.UsePassiveConnections))
            {
                Volatile.Write(ref _writer, connection);
                _state = Active;
            }
            else if (_state == Active && _writer == null)
            {
                _state = Idle;
            }

            _lastContact = now;
            _lastFailure = null;
            _told = false;
            _ackDue = true;
        }

        foreach (var old in outdated)
            old.Close();
        Schedule();
        return null;
    }

    public void OnConnectionLost(TcpConnection connection, Exception? cause)
    {
        var gated = false;
        lock (_lock)
        {
            if (!_connections.Contains(connection))
                return;
            _connections = _connections.Where(c => !ReferenceEquals(c, connection)).ToArray();
            if (ReferenceEquals(_writer, connection))
            {
                // The peer's own connection, if there is one, goes on carrying both directions.
                var other = _remoting.UsePassiveConnections ? _connections.LastOrDefault() : _connections.LastOrDefault(c => !c.Inbound);
                Volatile.Write(ref _writer, other);
                if (other == null)
                {
                    gated = true;
                    Gate();
                }
            }
        }

        Schedule();
        var wire = cause as WireException;
        if (wire != null)
            _remoting.Log.Warning("Closing the connection with [{0}] at [{1}]: {2}", RemoteAddress, connection.RemoteEndPoint, wire.Message);
        if (connection.Decoder is { Dropped: > 0 } decoder)
            _remoting.Log.Warning("The connection with [{0}] has ended: {1} messages delivered, {2} dropped.", RemoteAddress, decoder.Delivered, decoder.Dropped);
        if (connection.PeerSaidGoodbye == GoodbyeReason.Quarantined)
            TellThatWeAreQuarantined();
        if (gated && connection.PeerSaidGoodbye == null && wire == null && !_remoting.IsShuttingDown)
        {
            _remoting.Log.Warning("The connection with [{0}] was lost ({1}); the address is gated for {2} ms.",
                RemoteAddress, cause?.Message ?? "closed by the peer", _remoting.GateMilliseconds);
        }

        _remoting.Publish(new DisassociatedEvent(_remoting.DefaultAddress, RemoteAddress, connection.Inbound));
    }

    private void Fail(Exception cause)
    {
        bool first;
        lock (_lock)
        {
            if (_state == Connecting)
                Gate();
            // A peer that stays away is reported once and then once a minute, however short the gate is.
            var now = Environment.TickCount64;
            first = _lastFailure != cause.Message || now - _lastFailureLogged > 60_000;
            if (first)
            {
                _lastFailure = cause.Message;
                _lastFailureLogged = now;
            }
        }

        Schedule();
        if (cause is PeerQuarantinedUsException)
            TellThatWeAreQuarantined();
        var level = first ? LogLevel.WarningLevel : LogLevel.DebugLevel;
        if (_remoting.Log.IsEnabled(level))
            _remoting.Log.Log(level, null, "Association with remote system [{0}] has failed; the address is gated for {1} ms. Reason: {2}",
                RemoteAddress, _remoting.GateMilliseconds, cause.Message);
        _remoting.Publish(new AssociationErrorEvent(cause, _remoting.DefaultAddress, RemoteAddress, inbound: false, LogLevel.DebugLevel));
    }

    private void Gate()
    {
        _state = Gated;
        Volatile.Write(ref _gateUntil, Environment.TickCount64 + _remoting.GateMilliseconds);
    }

    private void TellThatWeAreQuarantined()
    {
        lock (_lock)
        {
            if (_told)
                return;
            _told = true;
        }

        _remoting.Publish(new ThisActorSystemQuarantinedEvent(_remoting.DefaultAddress, RemoteAddress));
    }

    // ---- system messages, quarantine, time ----------------------------------------------------------------------

    /// <summary>Whether the peer's system message is the next one; a repetition is only acknowledged again.</summary>
    public bool IsNextSystemMessage(TcpConnection connection, long sequence)
    {
        bool next;
        lock (_lock)
        {
            if (connection.PeerUid != _uid)
                return false;
            next = sequence == _receivedSequence + 1;
            if (next)
                _receivedSequence = sequence;
            else if (sequence > _receivedSequence + 1)
                throw new WireException("System message " + sequence + " came where " + (_receivedSequence + 1) + " was expected.");
            _ackDue = true;
        }

        Schedule();
        return next;
    }

    public void OnAcknowledged(TcpConnection connection, long sequence)
    {
        lock (_lock)
        {
            if (connection.PeerUid != _uid)
                return;
            _acknowledgedSequence = Math.Max(_acknowledgedSequence, sequence);
            _acked = true;
        }

        Schedule();
    }

    /// <summary>No more to do with this incarnation, ever. A new one at the same address is welcome.</summary>
    public void Quarantine(int? uid)
    {
        TcpConnection[] outdated = [];
        lock (_lock)
        {
            var isNew = uid is { } known && _quarantined.TryAdd(known, Environment.TickCount64);
            if (uid == null || (isNew && _uid == uid))
            {
                outdated = _connections;
                _connections = [];
                _writer = null;
                _clearOutbox = uid != null;
                Gate();
            }
        }

        // The runner may be in the middle of a write, so no word of farewell: the peer learns the reason when it dials.
        foreach (var old in outdated)
        {
            old.Close();
            _remoting.Publish(new DisassociatedEvent(_remoting.DefaultAddress, RemoteAddress, old.Inbound));
        }

        Schedule();
        if (uid is not { } quarantined)
        {
            _remoting.Log.Warning("[{0}] is to be quarantined, but its UID is not known; the address is gated for {1} ms instead.", RemoteAddress, _remoting.GateMilliseconds);
            return;
        }

        _remoting.Log.Warning("Association to [{0}] having UID [{1}] is irrecoverably failed. The UID is quarantined now; only a restart of that system lifts it.", RemoteAddress, quarantined);
        _remoting.Publish(new QuarantinedEvent(RemoteAddress, quarantined));
    }

    /// <summary>The peer leaves: nothing more will come from it, on whichever connection it said so.</summary>
    public void OnGoodbye(TcpConnection connection, GoodbyeReason reason)
    {
        foreach (var other in Volatile.Read(ref _connections))
        {
            if (other.PeerUid != connection.PeerUid)
                continue;
            other.PeerSaidGoodbye = reason;
            other.Close();
        }

        connection.Close();
    }

    /// <summary>Called on the transport's clock.</summary>
    public bool Tick(long now)
    {
        foreach (var connection in Volatile.Read(ref _connections))
        {
            if (connection.FailureDetector is { IsMonitoring: true, IsAvailable: false })
                connection.Close(new TimeoutException("Nothing was heard of the peer for " + (now - connection.LastReceived) + " ms."));
        }

        lock (_lock)
        {
            foreach (var uid in _quarantined.Where(q => now - q.Value > _remoting.QuarantineMilliseconds).Select(q => q.Key).ToArray())
                _quarantined.Remove(uid);
            if (_state == Active)
                _lastContact = now;
            if (_state is Idle or Gated && now - _lastContact > Remoting.RetireAfterMilliseconds && _queue.IsEmpty && _outbox.Count == 0 && _quarantined.Count == 0)
            {
                _state = Retired;
                return false;
            }
        }

        if (Volatile.Read(ref _connections).Length > 0)
            _tick = true;
        if (_tick || (_state == Gated && now >= Volatile.Read(ref _gateUntil)))
            Schedule();
        return true;
    }

    /// <summary>System messages are promised to arrive; a peer that takes none for this long counts as dead.</summary>
    private void GiveUpOnSilence()
    {
        if (_outbox.Count == 0)
            return;
        var now = Environment.TickCount64;
        int? uid;
        lock (_lock)
        {
            uid = _uid;
            var patience = uid == null ? _remoting.InitialDeliveryMilliseconds : _remoting.SilenceMilliseconds;
            if (now - Math.Max(_lastContact, _outbox.OldestAt) < patience)
                return;
            _clearOutbox = true;
        }

        if (uid != null)
            Quarantine(uid);
    }

    /// <summary>Writes what is queued, says goodbye, and completes; the peer then closes.</summary>
    public Task LeaveAsync()
    {
        if (_state is not (Active or Connecting))
            return Task.CompletedTask;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _queue.Enqueue(new Outbound(new LeaveRequest(GoodbyeReason.Shutdown, done), null, null));
        Schedule();
        return done.Task;
    }

    public bool HasConnections => Volatile.Read(ref _connections).Length > 0;

    public void CloseAll()
    {
        foreach (var connection in Volatile.Read(ref _connections))
            connection.Close();
    }
}
