using System.Globalization;
using Akka.Actor;
using RaftActors.Remoting;

namespace RaftActors.TestKit.Local;

/// <summary>Named as <c>raft-actors.remoting.transport</c>: frames go through the cluster's network.</summary>
internal sealed class LocalTransport : IPeerTransport
{
    private readonly MemberRun _run;

    public LocalTransport(ExtendedActorSystem system) => _run = MemberRun.Of(system.Settings.Config);

    public int MaxFrameBytes => 64 * 1024 * 1024;

    public static string AddressOf(NodeId member) => string.Create(CultureInfo.InvariantCulture, $"member-{member.Value}:{10000 + member.Value}");

    public string? AddressOf(IActorRef sender) => ReturnPathActor.PeerOf(sender) is { } peer ? AddressOf(peer) : null;

    public void Start(IActorRef receiver) => _run.Receiver = receiver;

    public string? WhyNot(string address) => null;

    public IPeerConnection Connect(string address)
    {
        int colon = address.LastIndexOf(':');
        uint peer = uint.Parse(address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture) - 10000;
        return new Connection(_run, new NodeId(peer));
    }

    private sealed class Connection(MemberRun run, NodeId peer) : IPeerConnection
    {
        public void Send(PeerFrame frame) => run.Cluster.Network.Send(run, peer, frame);

        public bool IsPeer(IActorRef sender) => sender.Path.Name == ReturnPathActor.NameOf(peer);

        public void Subscribe(IActorRef subscriber)
        {
            // Nothing to say: a local network loses frames without telling anybody.
        }

        public void Unsubscribe(IActorRef subscriber)
        {
        }

        public PeerConnectionChange Interpret(object message) => PeerConnectionChange.None;
    }
}

/// <summary>Stands for a peer as the sender of its frames: what is answered to it goes back through the network.</summary>
internal sealed class ReturnPathActor : UntypedActor
{
    private readonly MemberRun _run;
    private const string Prefix = "from-";

    private readonly NodeId _peer;

    public ReturnPathActor(MemberRun run, NodeId peer)
    {
        _run = run;
        _peer = peer;
    }

    public static string NameOf(NodeId peer) => $"{Prefix}{peer}";

    public static NodeId? PeerOf(IActorRef actor) =>
        actor.Path.Name.StartsWith(Prefix, StringComparison.Ordinal) && uint.TryParse(actor.Path.Name.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out uint id)
            ? new NodeId(id)
            : null;

    protected override void OnReceive(object message)
    {
        if (message is PeerFrame frame)
        {
            _run.Cluster.Network.Send(_run, _peer, frame);
        }
    }
}
