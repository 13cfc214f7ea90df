using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Serialization;

namespace Akka.Remote.Serialization;

/// <summary>Messages to a selection: the way to walk, and the message inside with its own serializer.</summary>
public class MessageContainerSerializer : Serializer
{
    public MessageContainerSerializer(ExtendedActorSystem system)
        : base(system)
    {
    }

    public override bool IncludeManifest => false;

    public override byte[] ToBinary(object obj)
    {
        if (obj is not ActorSelectionMessage selection)
            throw new ArgumentException("Serializer [" + GetType() + "] does not write objects of type [" + obj?.GetType() + "].");
        var writer = new PayloadWriter();
        writer.Byte(selection.WildCardFanOut ? (byte)1 : (byte)0).Int32(selection.Elements.Length);
        foreach (var element in selection.Elements)
        {
            switch (element)
            {
                case SelectChildName name:
                    writer.Byte(1).String(name.Name);
                    break;
                case SelectChildPattern pattern:
                    writer.Byte(2).String(pattern.PatternStr);
                    break;
                case SelectParent:
                    writer.Byte(3);
                    break;
                default:
                    writer.Byte(4);
                    break;
            }
        }

        return writer.Object(system, selection.Message).ToArray();
    }

    public override object FromBinary(byte[] bytes, Type type)
    {
        var reader = new PayloadReader(bytes);
        var fanOut = reader.Byte() != 0;
        var count = reader.Int32();
        if (count < 0 || count > bytes.Length)
            throw new SerializationException("A selection of " + count + " elements does not fit into " + bytes.Length + " bytes.");
        var elements = new SelectionPathElement[count];
        for (var i = 0; i < count; i++)
        {
            elements[i] = reader.Byte() switch
            {
                1 => new SelectChildName(reader.String()),
                2 => new SelectChildPattern(reader.String()),
                3 => SelectParent.Instance,
                4 => SelectChildRecursive.Instance,
                var other => throw new SerializationException("Selection elements of kind " + other + " are not known."),
            };
        }

        return new ActorSelectionMessage(reader.Object(system), elements, fanOut);
    }
}
