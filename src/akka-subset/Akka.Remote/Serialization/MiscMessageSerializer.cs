using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Serialization;
using Akka.Util;

namespace Akka.Remote.Serialization;

/// <summary>The small messages of actors in general: identify, stop, kill, status, references, heartbeats of death watch.</summary>
public sealed class MiscMessageSerializer : SerializerWithStringManifest
{
    private const string IdentifyManifest = "ID";
    private const string ActorIdentityManifest = "AID";
    private const string ActorRefManifest = "AR";
    private const string PoisonPillManifest = "PP";
    private const string KillManifest = "K";
    private const string StatusSuccessManifest = "SS";
    private const string StatusFailureManifest = "SF";
    private const string HeartbeatManifest = "RWHB";
    private const string HeartbeatRspManifest = "RWHR";

    public MiscMessageSerializer(ExtendedActorSystem system)
        : base(system)
    {
    }

    public override string Manifest(object obj) => obj switch
    {
        Identify => IdentifyManifest,
        ActorIdentity => ActorIdentityManifest,
        IActorRef => ActorRefManifest,
        PoisonPill => PoisonPillManifest,
        Kill => KillManifest,
        Status.Success => StatusSuccessManifest,
        Status.Failure => StatusFailureManifest,
        RemoteWatcher.Heartbeat => HeartbeatManifest,
        RemoteWatcher.HeartbeatRsp => HeartbeatRspManifest,
        _ => throw Unknown(obj),
    };

    public override byte[] ToBinary(object obj) => obj switch
    {
        Identify identify => new PayloadWriter().Object(system, identify.MessageId).ToArray(),
        ActorIdentity identity => new PayloadWriter().Object(system, identity.MessageId).Ref(identity.Subject).ToArray(),
        IActorRef actor => new PayloadWriter().Ref(actor).ToArray(),
        PoisonPill or Kill or RemoteWatcher.Heartbeat => [],
        Status.Success success => new PayloadWriter().Object(system, success.Status).ToArray(),
        Status.Failure failure => WriteFailure(failure),
        RemoteWatcher.HeartbeatRsp response => new PayloadWriter().Int32(response.AddressUid).ToArray(),
        _ => throw Unknown(obj),
    };

    public override object FromBinary(byte[] bytes, string manifest)
    {
        var reader = new PayloadReader(bytes);
        switch (manifest)
        {
            case IdentifyManifest:
                return new Identify(reader.Object(system));
            case ActorIdentityManifest:
                var messageId = reader.Object(system);
                var subject = reader.Ref(system);
                return new ActorIdentity(messageId, subject is Nobody ? null : subject);
            case ActorRefManifest:
                return reader.Ref(system);
            case PoisonPillManifest:
                return PoisonPill.Instance;
            case KillManifest:
                return Kill.Instance;
            case StatusSuccessManifest:
                return new Status.Success(reader.Object(system));
            case StatusFailureManifest:
                var cause = ReadException(ref reader);
                return new Status.Failure(cause, reader.Object(system));
            case HeartbeatManifest:
                return RemoteWatcher.Heartbeat.Instance;
            case HeartbeatRspManifest:
                return new RemoteWatcher.HeartbeatRsp(reader.Int32());
            default:
                throw new SerializationException("Serializer [" + GetType() + "] knows no manifest [" + manifest + "].");
        }
    }

    private byte[] WriteFailure(Status.Failure failure)
    {
        var cause = failure.Cause;
        while (cause is AggregateException { InnerExceptions.Count: 1 })
            cause = cause.InnerException;
        return new PayloadWriter()
            .String(cause?.GetType().TypeQualifiedName())
            .String(cause?.Message)
            .Object(system, failure.State)
            .ToArray();
    }

    /// <summary>The same type again when it is an exception that can be made from a text, else a general one.</summary>
    private static Exception ReadException(ref PayloadReader reader)
    {
        var typeName = reader.String();
        var message = reader.String();
        if (typeName.Length == 0)
            return new RemoteTransportException(message);
        try
        {
            if (Type.GetType(typeName) is { IsAbstract: false } type && typeof(Exception).IsAssignableFrom(type) &&
                type.GetConstructor([typeof(string)]) is { } make)
                return (Exception)make.Invoke([message]);
        }
        catch (Exception)
        {
            // A name from the network need not name anything here.
        }

        return new RemoteTransportException(typeName + ": " + message);
    }

    private ArgumentException Unknown(object obj) =>
        new("Serializer [" + GetType() + "] does not write objects of type [" + obj?.GetType() + "].");
}
