using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Event;
using Akka.Remote.Transport;
using TimeoutException = System.TimeoutException;

namespace Akka.Remote;

/// <summary>
/// The transport of one actor system: its listener, its associations, and the clock that they share. Frames go from
/// the socket's read loop straight into the mailboxes of local actors.
/// </summary>
internal sealed class Remoting : RemoteTransport, IConnectionHandler
{
    /// <summary>An address without traffic, connection or memory worth keeping is forgotten after this long.</summary>
    public const long RetireAfterMilliseconds = 10 * 60 * 1000;

    private const int TickMilliseconds = 100;
    private const int MaxPendingHandshakes = 512;

    private readonly ConcurrentDictionary<Address, Association> _associations = new();
    private readonly RemoteSettings _settings;
    private readonly HashSet<Address> _addresses = new();
    private readonly ConcurrentDictionary<Type, int> _largestFrames = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly int _uid;
    private readonly int? _logFrameSizeExceeding;
    private readonly LogLevel _lifecycleLogLevel;
    private Address _defaultAddress = null!;
    private Socket? _listener;
    private TlsSettings? _tls;
    private Timer? _clock;
    private Task? _shutdown;
    private readonly LinkedList<Socket> _pendingHandshakes = new();
    private long _dropped;
    private long _warnedSince = -10_000;
    private int _warned;

    public Remoting(ExtendedActorSystem system, RemoteActorRefProvider provider)
        : base(system, provider)
    {
        Log = Logging.GetLogger(system, "remoting");
        _settings = provider.RemoteSettings;
        UseUntrustedMode = _settings.UntrustedMode;
        logRemoteLifeCycleEvents = !string.Equals(_settings.RemoteLifecycleEventsLogLevel, "off", StringComparison.OrdinalIgnoreCase);
        _lifecycleLogLevel = logRemoteLifeCycleEvents && !string.Equals(_settings.RemoteLifecycleEventsLogLevel, "on", StringComparison.OrdinalIgnoreCase)
            ? Logging.LogLevelFor(_settings.RemoteLifecycleEventsLogLevel)
            : LogLevel.DebugLevel;
        _logFrameSizeExceeding = _settings.LogFrameSizeExceeding;
        GateMilliseconds = (long)_settings.RetryGateClosedFor.TotalMilliseconds;
        HeartbeatInterval = Math.Max(1, (long)_settings.TransportHeartbeatInterval.TotalMilliseconds);
        QuarantineMilliseconds = (long)(_settings.QuarantineDuration ?? TimeSpan.FromDays(5)).TotalMilliseconds;
        InitialDeliveryMilliseconds = (long)_settings.InitialSysMsgDeliveryTimeout.TotalMilliseconds;
        SilenceMilliseconds = (long)_settings.QuarantineSilentSystemTimeout.TotalMilliseconds;
        Tcp = new TcpSettings(_settings.TcpConfig, _settings);
        _uid = AddressUidExtension.Uid(system);
    }

    public override ISet<Address> Addresses => _addresses;

    public override Address DefaultAddress => _defaultAddress;

    public TcpSettings Tcp { get; }
    public bool UntrustedMode => UseUntrustedMode;
    public bool IsShuttingDown => _shutdown != null;
    public bool UsePassiveConnections => _settings.UsePassiveConnections;
    public bool LogSend => _settings.LogSend && Log.IsDebugEnabled;
    public bool LogReceive => _settings.LogReceive && Log.IsDebugEnabled;
    public int SystemMessageBufferSize => _settings.SysMsgBufferSize;
    public int BacklogWarning => _settings.LogBufferSizeExceeding;
    public long GateMilliseconds { get; }
    public long HeartbeatInterval { get; }
    public long QuarantineMilliseconds { get; }
    public long InitialDeliveryMilliseconds { get; }
    public long SilenceMilliseconds { get; }

    // ---- start and stop -----------------------------------------------------------------------------------------

    public override void Start()
    {
        Log.Info("Starting remoting");
        if (Tcp.EnableSsl)
            _tls = TlsSettings.Create(Tcp.Config, System, Log);

        _listener = Bind();
        var port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        _defaultAddress = new Address(Protocol, System.Name, HostInAddress(Tcp.PublicHostname), Tcp.PublicPort > 0 ? Tcp.PublicPort : port);
        _addresses.Add(_defaultAddress);
        _ = AcceptLoopAsync(_listener);
        _clock = new Timer(static self => ((Remoting)self!).Tick(), this, TickMilliseconds, TickMilliseconds);
        Log.Info("Remoting started; listening on addresses : [{0}]", _defaultAddress);
        Publish(new RemotingListenEvent([_defaultAddress]));
    }

    public const string Protocol = "akka.tcp";

    private static string HostInAddress(string host) =>
        host.Contains(':') && host[0] != '[' ? "[" + host + "]" : host;

    private Socket Bind()
    {
        Socket? socket = null;
        try
        {
            var ip = Tcp.ResolveAsync(Tcp.Hostname, CancellationToken.None).WaitAsync(_settings.StartupTimeout).GetAwaiter().GetResult()[0];
            socket = new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            // The runtime already allows rebinding a port whose old connections linger, and nothing more than that:
            // two systems on one port must never look like a start that worked.
            if (ip.Equals(IPAddress.IPv6Any))
                socket.DualMode = true;
            socket.Bind(new IPEndPoint(ip, Tcp.Port));
            socket.Listen(Tcp.Backlog);
            return socket;
        }
        catch (Exception e) when (e is SocketException or TimeoutException)
        {
            socket?.Dispose();
            var message = "Remoting cannot listen on [" + Tcp.Hostname + ":" + Tcp.Port + "]: " + e.Message;
            Log.Error(e, "Failed to bind to [{0}:{1}].", Tcp.Hostname, Tcp.Port);
            var failure = new RemoteTransportException(message, e);
            Publish(new RemotingErrorEvent(failure));
            throw failure;
        }
    }

    public override Task Shutdown()
    {
        lock (_associations)
            return _shutdown ??= ShutdownAsync();
    }

    private async Task ShutdownAsync()
    {
        // Out of the caller's lock, and of its thread.
        await Task.Yield();
        _listener?.Dispose();
        var leaving = _associations.Values.ToArray();
        try
        {
            await Task.WhenAll(leaving.Select(a => a.LeaveAsync())).WaitAsync(_settings.FlushWait).ConfigureAwait(false);
            // What has been written counts as delivered once the peer, told of our leave, has closed its side.
            var patience = Environment.TickCount64 + Math.Min(500, (long)_settings.FlushWait.TotalMilliseconds);
            while (leaving.Any(a => a.HasConnections) && Environment.TickCount64 < patience)
                await Task.Delay(5).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            Log.Warning("Shutdown finished, but flushing might not have been successful and some messages might have been dropped. " +
                        "Increase akka.remote.flush-wait-on-shutdown to a larger value to avoid this.");
        }

        _stopping.Cancel();
        if (_clock != null)
            await _clock.DisposeAsync().ConfigureAwait(false);
        foreach (var association in _associations.Values)
            association.CloseAll();
        var dropped = Interlocked.Read(ref _dropped);
        if (dropped > 0)
            Log.Warning("{0} inbound messages or connections were dropped in the life of this transport.", dropped);
        Log.Info("Remoting shut down.");
        Publish(new RemotingShutdownEvent());
    }

    private void Tick()
    {
        var now = Environment.TickCount64;
        foreach (var (address, association) in _associations)
        {
            if (!association.Tick(now))
                _associations.TryRemove(address, out _);
        }
    }

    // ---- sending ------------------------------------------------------------------------------------------------

    public override void Send(object message, IActorRef sender, RemoteActorRef recipient)
    {
        var association = recipient.Association ??= AssociationWith(recipient.Path.Address);
        association.Send(message, sender, recipient);
    }

    public Association AssociationWith(Address address) =>
        _associations.TryGetValue(address, out var known) ? known : _associations.GetOrAdd(address, a => new Association(this, a));

    public override Address LocalAddressForRemote(Address remote)
    {
        if (remote.Protocol == Protocol)
            return _defaultAddress;
        throw new RemoteTransportException("No transport is loaded for protocol [" + remote.Protocol + "]; available is [" + Protocol + "].", null);
    }

    public override Task<bool> ManagementCommand(object cmd) => Task.FromResult(false);

    public override Task<bool> ManagementCommand(object cmd, CancellationToken cancellationToken) => Task.FromResult(false);

    public override void Quarantine(Address address, int? uid) => AssociationWith(address).Quarantine(uid);

    public void DeadLetter(object message, IActorRef? sender, RemoteActorRef recipient)
    {
        if (message is Akka.Dispatch.SysMsg.ISystemMessage)
        {
            Log.Debug("A system message [{0}] for [{1}] is given up.", message, recipient.Path);
            return;
        }

        System.DeadLetters.Tell(new DeadLetter(message, sender ?? System.DeadLetters, recipient), sender);
    }

    /// <summary>Opens, secures and introduces a connection. What it answers has agreed on both addresses.</summary>
    public async Task<TcpConnection> DialAsync(Address remote)
    {
        if (remote.Protocol != Protocol || remote.Host == null || remote.Port is not > 0)
            throw new InvalidAssociationException("[" + remote + "] is no address that this transport can reach; it speaks [" + Protocol + "].");

        var socket = await ConnectAsync(remote).ConfigureAwait(false);
        TcpConnection? connection = null;
        try
        {
            connection = new TcpConnection(socket, inbound: false, Tcp.MaxFrameSize) { PeerAddress = remote };
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
            limit.CancelAfter(Tcp.HandshakeTimeout);
            if (_tls != null)
                await connection.AuthenticateAsClientAsync(_tls, remote.Host.Trim('[', ']'), limit.Token).ConfigureAwait(false);
            Handshake.WriteHello(connection.Output, _uid, _defaultAddress, remote);
            await connection.FlushAsync(limit.Token).ConfigureAwait(false);
            var reply = Handshake.ReadReply(await connection.ReadHandshakeAsync(limit.Token).ConfigureAwait(false));
            if (reply.Code == HelloCode.Quarantined)
                throw new PeerQuarantinedUsException("The remote system has quarantined this one; only a restart of this system lifts that.");
            if (reply.Code != HelloCode.Accepted)
                throw new InvalidAssociationException("The remote system refused the association: " + reply.Text);
            connection.PeerUid = reply.Uid;
            Equip(connection);
            return connection;
        }
        catch (OperationCanceledException e)
        {
            connection?.Close();
            throw new InvalidAssociationException("No handshake within " + Tcp.HandshakeTimeout.TotalMilliseconds + " ms.", e);
        }
        catch
        {
            connection?.Close();
            socket.Dispose();
            throw;
        }
    }

    private async Task<Socket> ConnectAsync(Address remote)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        limit.CancelAfter(Tcp.ConnectTimeout);
        Exception? last = null;
        try
        {
            foreach (var ip in await Tcp.ResolveAsync(remote.Host!, limit.Token).ConfigureAwait(false))
            {
                var socket = new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                try
                {
                    Tcp.Configure(socket);
                    var endpoint = new IPEndPoint(ip, remote.Port!.Value);
                    var connected = _tls == null ? SocketReader.ConnectAsync(socket, endpoint, limit.Token) : null;
                    await (connected ?? socket.ConnectAsync(endpoint, limit.Token).AsTask()).ConfigureAwait(false);
                    return socket;
                }
                catch (Exception e)
                {
                    socket.Dispose();
                    last = e;
                    if (e is OperationCanceledException)
                        break;
                }
            }
        }
        catch (Exception e)
        {
            last = e;
        }

        if (last is OperationCanceledException)
            throw new InvalidAssociationException("No connection within " + Tcp.ConnectTimeout.TotalMilliseconds + " ms.", last);
        throw new InvalidAssociationException(last!.Message, last);
    }

    // ---- receiving ----------------------------------------------------------------------------------------------

    private async Task AcceptLoopAsync(Socket listener)
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var socket = await listener.AcceptAsync(_stopping.Token).ConfigureAwait(false);
                _ = AcceptAsync(socket);
            }
            catch (Exception e) when (e is ObjectDisposedException or OperationCanceledException)
            {
                return;
            }
            catch (SocketException e)
            {
                if (_shutdown != null)
                    return;
                // Out of descriptors, or the connection was gone before it was accepted: neither ends the listener.
                Log.Warning("Accepting a connection failed: {0}", e.Message);
                await Task.Delay(100).ConfigureAwait(false);
            }
        }
    }

    private async Task AcceptAsync(Socket socket)
    {
        TcpConnection? connection = null;
        EndPoint? remote = null;
        var pending = new LinkedListNode<Socket>(socket);
        AddPending(pending);
        try
        {
            remote = socket.RemoteEndPoint;
            Tcp.Configure(socket);
            connection = new TcpConnection(socket, inbound: true, Tcp.MaxFrameSize);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
            limit.CancelAfter(Tcp.HandshakeTimeout);
            if (_tls != null)
                await connection.AuthenticateAsServerAsync(_tls, limit.Token).ConfigureAwait(false);
            var hello = Handshake.ReadHello(await connection.ReadHandshakeAsync(limit.Token).ConfigureAwait(false));
            var (code, text, association) = Judge(hello);
            Handshake.WriteReply(connection.Output, code, _uid, text);
            await connection.FlushAsync(limit.Token).ConfigureAwait(false);
            if (association == null)
            {
                WarnOfStranger("Refused an association with [" + hello.Origin + "] at [" + remote + "]: " + text);
                connection.ShutdownSend();
                connection.Close();
                return;
            }

            connection.PeerAddress = association.RemoteAddress;
            connection.PeerUid = hello.Uid;
            Equip(connection);
            if (association.Register(connection) is { } refusal)
            {
                WarnOfStranger("Refused an association with [" + hello.Origin + "] at [" + remote + "]: " + refusal);
                connection.Close();
                return;
            }

            connection.StartReading(this);
            Publish(new AssociatedEvent(_defaultAddress, association.RemoteAddress, inbound: true));
        }
        catch (Exception e)
        {
            if (connection != null)
                connection.Close();
            else
                socket.Dispose();
            if (_stopping.IsCancellationRequested)
                return;
            var reason = e is OperationCanceledException ? "none within " + Tcp.HandshakeTimeout.TotalMilliseconds + " ms" : e.Message;
            WarnOfStranger("Closing a connection from [" + remote + "] that did not complete the handshake: " + reason);
        }
        finally
        {
            lock (_pendingHandshakes)
            {
                if (pending.List != null)
                    _pendingHandshakes.Remove(pending);
            }
        }
    }

    // Strangers that say nothing must not use up the room of peers: with too many of them, the one that has been
    // silent for longest goes.
    private void AddPending(LinkedListNode<Socket> pending)
    {
        Socket? oldest = null;
        lock (_pendingHandshakes)
        {
            _pendingHandshakes.AddLast(pending);
            if (_pendingHandshakes.Count > MaxPendingHandshakes)
            {
                oldest = _pendingHandshakes.First!.Value;
                _pendingHandshakes.RemoveFirst();
            }
        }

        oldest?.Dispose();
    }

    private (HelloCode Code, string Text, Association? Association) Judge(Handshake.Hello hello)
    {
        if (hello.Version != Wire.Version)
            return (HelloCode.WrongVersion, "protocol version " + hello.Version + " is not spoken here (" + Wire.Version + ")", null);
        if (_shutdown != null)
            return (HelloCode.ShuttingDown, "the system is shutting down", null);
        if (!Address.TryParse(hello.Target, out Address target) || !_addresses.Contains(target))
            return (HelloCode.WrongTarget, "it asked for [" + hello.Target + "], and this is [" + _defaultAddress + "]", null);
        if (!Address.TryParse(hello.Origin, out Address origin) || origin.Protocol != Protocol || origin.Port is not > 0 || _addresses.Contains(origin))
            return (HelloCode.WrongTarget, "its own address [" + hello.Origin + "] is not usable", null);
        var association = AssociationWith(origin);
        return association.RefusalOf(hello.Uid) is { } refusal
            ? (HelloCode.Quarantined, refusal, null)
            : (HelloCode.Accepted, "", association);
    }

    private void Equip(TcpConnection connection)
    {
        connection.Decoder = new MessageDecoder(this, connection);
        var detector = FailureDetectorLoader.Load(
            _settings.TransportFailureDetectorClass, _settings.TransportFailureDetectorConfig, System);
        detector.HeartBeat();
        connection.FailureDetector = detector;
    }

    void IConnectionHandler.OnFrame(TcpConnection connection, FrameType type, ReadOnlySpan<byte> body)
    {
        switch (type)
        {
            case FrameType.Message:
                connection.Decoder!.Message(body);
                break;
            case FrameType.Selection:
                connection.Decoder!.Selection(body);
                break;
            case FrameType.System:
                var association = AssociationWith(connection.PeerAddress);
                connection.Decoder!.System(body, sequence => association.IsNextSystemMessage(connection, sequence));
                break;
            case FrameType.Ack:
                AssociationWith(connection.PeerAddress).OnAcknowledged(connection, new FrameReader(body).Int64());
                break;
            case FrameType.Heartbeat:
                break;
            case FrameType.Goodbye:
                AssociationWith(connection.PeerAddress).OnGoodbye(connection, (GoodbyeReason)new FrameReader(body).Byte());
                break;
            default:
                throw new WireException("A frame of type " + (byte)type + " is not known here.");
        }
    }

    void IConnectionHandler.OnClosed(TcpConnection connection, Exception? cause)
    {
        if (cause is WireException)
            Interlocked.Increment(ref _dropped);
        AssociationWith(connection.PeerAddress).OnConnectionLost(connection, cause);
    }

    // ---- small matters ------------------------------------------------------------------------------------------

    public bool IsTrustedSelection(SelectionPathElement[] elements)
    {
        if (_settings.TrustedSelectionPaths.Count == 0)
            return false;
        var path = "";
        foreach (var element in elements)
        {
            if (element is not SelectChildName name)
                return false;
            path += "/" + name.Name;
        }

        return _settings.TrustedSelectionPaths.Contains(path);
    }

    public void CountDropped() => Interlocked.Increment(ref _dropped);

    public void NoteFrameSize(object message, int size)
    {
        if (_logFrameSizeExceeding is not { } limit || size < limit)
            return;
        var type = message.GetType();
        if (_largestFrames.TryGetValue(type, out var largest) && size < largest * 1.1)
            return;
        _largestFrames[type] = size;
        Log.Info("Payload size for [{0}] is [{1}] bytes.", type, size);
    }

    public void Publish(RemotingLifecycleEvent lifecycleEvent)
    {
        System.EventStream.Publish(lifecycleEvent);
        if (!logRemoteLifeCycleEvents)
            return;
        var level = lifecycleEvent.LogLevel();
        if (level >= _lifecycleLogLevel && Log.IsEnabled(level) && lifecycleEvent is not (RemotingListenEvent or RemotingShutdownEvent or QuarantinedEvent or AssociationErrorEvent or RemotingErrorEvent))
            Log.Log(level, null, lifecycleEvent.ToString());
    }

    // One warning each, but strangers must not be able to fill the log: twenty in ten seconds, the rest for debugging.
    private void WarnOfStranger(string what)
    {
        Interlocked.Increment(ref _dropped);
        var now = Environment.TickCount64;
        if (now - Volatile.Read(ref _warnedSince) > 10_000)
        {
            Volatile.Write(ref _warnedSince, now);
            Volatile.Write(ref _warned, 0);
        }

        var level = Interlocked.Increment(ref _warned) <= 20 ? LogLevel.WarningLevel : LogLevel.DebugLevel;
        if (Log.IsEnabled(level))
            Log.Log(level, null, what);
    }
}
