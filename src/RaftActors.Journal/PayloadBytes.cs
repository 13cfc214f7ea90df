using System.Reflection;
using Akka.Actor;
using Akka.Serialization;

namespace RaftActors.Journal;

/// <summary>
/// The bytes of events. A serializer that has a public method <c>ReadOnlyMemory&lt;byte&gt; ToMemory(object)</c> need not make an array of its own for each: what is written to a file may be a part of something larger.
/// By name, so that a serializer of any assembly can have one without knowing this journal. Belongs to one actor.
/// </summary>
internal sealed class PayloadBytes(ExtendedActorSystem system)
{
    private readonly Dictionary<Serializer, Func<object, ReadOnlyMemory<byte>>> _ways = new(ReferenceEqualityComparer.Instance);

    public ReadOnlyMemory<byte> Of(Serializer serializer, object payload)
    {
        if (!_ways.TryGetValue(serializer, out Func<object, ReadOnlyMemory<byte>>? way))
        {
            MethodInfo? method = serializer.GetType().GetMethod("ToMemory", BindingFlags.Public | BindingFlags.Instance, [typeof(object)]);
            way = method is { IsGenericMethod: false } && method.ReturnType == typeof(ReadOnlyMemory<byte>)
                ? method.CreateDelegate<Func<object, ReadOnlyMemory<byte>>>(serializer)
                : o => serializer.ToBinary(o);
            _ways.Add(serializer, way);
        }

        return Akka.Serialization.Serialization.WithTransport(system, (Way: way, Payload: payload), static s => s.Way(s.Payload));
    }
}
