using Akka.Event;

namespace Akka.Remote.Transport;

/// <summary>How connections come and go, and what the peer's incarnation has acknowledged.</summary>
internal sealed partial class Association
{
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
