using Akka.Actor;

namespace Akka.Remote;

/// <summary>A provider that can also reach actors of other systems.</summary>
public interface IRemoteActorRefProvider : IActorRefProvider
{
    IInternalActorRef RemoteDaemon { get; }

    IActorRef RemoteWatcher { get; }

    RemoteTransport Transport { get; }

    RemoteSettings RemoteSettings { get; }

    IInternalActorRef ResolveActorRefWithLocalAddress(string path, Address localAddress);

    IActorRef InternalResolveActorRef(string path);

    Deploy LookUpRemotes(IEnumerable<string> p);

    bool HasAddress(Address address);

    void UseActorOnNode(RemoteActorRef actor, Props props, Deploy deploy, IInternalActorRef supervisor);

    void Quarantine(Address address, int? uid);
}
