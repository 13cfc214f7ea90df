using Akka.Actor;
using Akka.Event;

namespace Akka.Remote;

/// <summary>What the provider asks of a transport.</summary>
public abstract class RemoteTransport
{
    protected RemoteTransport(ExtendedActorSystem system, RemoteActorRefProvider provider)
    {
        System = system;
        Provider = provider;
    }

    public ExtendedActorSystem System { get; }

    public RemoteActorRefProvider Provider { get; }

    public abstract ISet<Address> Addresses { get; }

    public abstract Address DefaultAddress { get; }

    public bool logRemoteLifeCycleEvents { get; set; }

    public ILoggingAdapter Log { get; set; }

    protected bool UseUntrustedMode { get; set; }

    public abstract void Start();

    public abstract Task Shutdown();

    public abstract void Send(object message, IActorRef sender, RemoteActorRef recipient);

    public abstract Task<bool> ManagementCommand(object cmd);

    public abstract Task<bool> ManagementCommand(object cmd, CancellationToken cancellationToken);

    public abstract Address LocalAddressForRemote(Address remote);

    public abstract void Quarantine(Address address, int? uid);
}
