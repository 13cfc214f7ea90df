using Akka.Actor;
using Akka.Configuration;
using Akka.Remote;
using RaftActors.Configuration;

namespace RaftActors.Remoting;

/// <summary>Peers talk over Akka.Remote, to the one well-known path <c>/user/raft</c> of each node, whatever the stream.</summary>
public sealed class AkkaRemoteTransport : IPeerTransport
{
    // Akka.Remote wraps a message into an envelope with the paths of sender and recipient, serializer id and manifest.
    private const int EnvelopeBytes = 2048;

    private const string FrameSizeKey = "akka.remote.dot-netty.tcp.maximum-frame-size";

    private readonly ExtendedActorSystem _system;
    private IActorRef _receiver = ActorRefs.Nobody;

    /// <summary>Made by the extension.</summary>
    /// <param name="system">The actor system.</param>
    public AkkaRemoteTransport(ExtendedActorSystem system)
    {
        _system = system;
        Config config = system.Settings.Config;
        long frame = config.HasPath(FrameSizeKey) ? config.GetByteSize(FrameSizeKey, null) ?? 128_000 : 128_000;
        if (frame < EnvelopeBytes * 2)
        {
            throw new RaftConfigurationException(FrameSizeKey, config.GetString(FrameSizeKey), $"must be at least {EnvelopeBytes * 2} bytes for frames between members");
        }

        MaxFrameBytes = (int)Math.Min(frame - EnvelopeBytes, int.MaxValue);
    }

    /// <inheritdoc/>
    public int MaxFrameBytes { get; }

    /// <inheritdoc/>
    public void Start(IActorRef receiver) => _receiver = receiver;

    /// <inheritdoc/>
    public string? WhyNot(string address) =>
        _system.Provider is not IRemoteActorRefProvider
            ? "members on other nodes need akka.actor.provider = remote"
            : PeerAddress.IsValid(address) ? null : $"'{address}' is neither host:port nor akka.tcp://system@host:port";

    /// <inheritdoc/>
    public IPeerConnection Connect(string address)
    {
        Address peer = PeerAddress.Resolve(address, _system.Provider.DefaultAddress);

        // A reference without the incarnation of the actor behind it: it goes on working when the peer comes back as a new process.
        IActorRef supervisor = _system.Provider.ResolveActorRef(new RootActorPath(peer) / "user" / "raft");
        return new Connection(_system, peer, supervisor, _receiver);
    }

    private sealed class Connection(ExtendedActorSystem system, Address address, IActorRef peer, IActorRef receiver) : IPeerConnection
    {
        public void Send(PeerFrame frame) => peer.Tell(frame, receiver);

        public bool IsPeer(IActorRef sender) => sender.Path.Address == address;

        public void Subscribe(IActorRef subscriber) => RemotingEvents.Subscribe(system, subscriber);

        public void Unsubscribe(IActorRef subscriber) => RemotingEvents.Unsubscribe(system, subscriber);

        public PeerConnectionChange Interpret(object message) => RemotingEvents.Interpret(message, address);
    }
}
