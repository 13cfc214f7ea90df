using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Dispatch.SysMsg;
using Akka.Serialization;

namespace Akka.Remote.Serialization;

/// <summary>What cells tell each other over the network: death watch, and stop, suspend and resume.</summary>
public sealed class SystemMessageSerializer : Serializer
{
    public SystemMessageSerializer(ExtendedActorSystem system)
        : base(system)
    {
    }

    public override bool IncludeManifest => false;

    public override byte[] ToBinary(object obj) => obj switch
    {
        Watch watch => new PayloadWriter().Byte(1).Ref(watch.Watchee).Ref(watch.Watcher).ToArray(),
        Unwatch unwatch => new PayloadWriter().Byte(2).Ref(unwatch.Watchee).Ref(unwatch.Watcher).ToArray(),
        DeathWatchNotification gone => new PayloadWriter().Byte(3).Ref(gone.Actor)
            .Byte(gone.ExistenceConfirmed ? (byte)1 : (byte)0).Byte(gone.AddressTerminated ? (byte)1 : (byte)0).ToArray(),
        Terminate => [4],
        Suspend => [5],
        Resume resume => new PayloadWriter().Byte(6).String(resume.CausedByFailure?.Message).ToArray(),
        Recreate recreate => new PayloadWriter().Byte(7).String(recreate.Cause?.Message).ToArray(),
        NoMessage => [8],
        _ => throw new ArgumentException("System messages of type [" + obj?.GetType() + "] do not travel to other systems."),
    };

    public override object FromBinary(byte[] bytes, Type type)
    {
        var reader = new PayloadReader(bytes);
        switch (reader.Byte())
        {
            case 1:
                return new Watch(reader.Ref(system), reader.Ref(system));
            case 2:
                return new Unwatch(reader.Ref(system), reader.Ref(system));
            case 3:
                return new DeathWatchNotification(reader.Ref(system), reader.Byte() != 0, reader.Byte() != 0);
            case 4:
                return new Terminate();
            case 5:
                return new Suspend();
            case 6:
                return new Resume(Failure(reader.String()));
            case 7:
                return new Recreate(Failure(reader.String()));
            case 8:
                return new NoMessage();
            default:
                throw new SerializationException("System messages of kind " + bytes[0] + " are not known.");
        }
    }

    private static Exception? Failure(string message) => message.Length == 0 ? null : new RemoteTransportException(message);
}
