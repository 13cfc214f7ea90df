using System.Collections.Concurrent;
using Akka.Actor;
using RaftActors.Remoting;

namespace RaftActors.Tests.Support;

/// <summary>Peers of one process talk by handing frames over, through a network that tests can cut.</summary>
public sealed class InMemoryTransport : IPeerTransport
{
    private readonly InMemoryNetwork _network;
    private readonly string _address;
    private IActorRef _receiver = ActorRefs.Nobody;

    public InMemoryTransport(ExtendedActorSystem system)
    {
        _network = InMemoryNetwork.Named(system.Settings.Config.GetString("tests.network"));
        _address = system.Settings.Config.GetString("tests.address");
    }

    public int MaxFrameBytes => 64_000;

    public void Start(IActorRef receiver)
    {
        _receiver = receiver;
        _network.Nodes[_address] = receiver;
    }

    public string? WhyNot(string address) => null;

    public IPeerConnection Connect(string address) => new Connection(this, address);

    private sealed class Connection(InMemoryTransport transport, string to) : IPeerConnection
    {
        public void Send(PeerFrame frame)
        {
            if (transport._network.Nodes.TryGetValue(to, out IActorRef? receiver) && transport._network.Lets(transport._address, to, frame))
            {
                // A copy, as a wire would make: nobody may rely on sharing.
                receiver.Tell(new PeerFrame(frame.Bytes.ToArray()), transport._receiver);
            }
        }

        public bool IsPeer(IActorRef sender) => transport._network.Nodes.TryGetValue(to, out IActorRef? peer) && peer.Equals(sender);

        public void Subscribe(IActorRef subscriber)
        {
        }

        public void Unsubscribe(IActorRef subscriber)
        {
        }

        public PeerConnectionChange Interpret(object message) => PeerConnectionChange.None;
    }
}

/// <summary>The wires of one test.</summary>
public sealed class InMemoryNetwork
{
    private static readonly ConcurrentDictionary<string, InMemoryNetwork> All = new(StringComparer.Ordinal);
    private volatile Func<string, string, PeerFrame, bool> _lets = (_, _, _) => true;

    public ConcurrentDictionary<string, IActorRef> Nodes { get; } = new(StringComparer.Ordinal);

    public static InMemoryNetwork Named(string name) => All.GetOrAdd(name, _ => new InMemoryNetwork());

    public bool Lets(string from, string to, PeerFrame frame) => _lets(from, to, frame);

    /// <summary>Only frames that the filter lets through arrive.</summary>
    public void Filter(Func<string, string, PeerFrame, bool> lets) => _lets = lets;

    public void Isolate(string address) => Filter((from, to, _) => from != address && to != address);

    public void Heal() => Filter((_, _, _) => true);
}
