using System.Buffers.Binary;
using Akka.Actor;
using Akka.Dispatch.SysMsg;
using Akka.Remote.Serialization;
using Akka.Serialization;

namespace Akka.Remote.Transport;

/// <summary>
/// Turns messages into frames of one connection. Not thread-safe: it belongs to whoever writes the connection. A frame
/// that cannot be sent (too large, not serializable) leaves no trace in the buffer or in the slots.
/// </summary>
internal sealed class MessageEncoder
{
    private readonly Akka.Serialization.Serialization _serialization;
    private readonly int _maxFrame;
    private readonly OutboundSlots<IActorRef> _recipients = new();
    private readonly OutboundSlots<IActorRef> _senders = new();
    private readonly OutboundSlots<SelectionPathElement[]> _elements = new();
    private readonly ManifestSlots _manifests = new();

    // The slots that the frame in the making defines; given back when the frame is not sent.
    private int _newRecipient, _newSender, _newElements, _newManifest;

    public MessageEncoder(ExtendedActorSystem system, int maxFrame)
    {
        _serialization = system.Serialization;
        _maxFrame = maxFrame;
    }

    /// <summary>Size of the frame that the last call made, or tried to make.</summary>
    public int LastFrameSize { get; private set; }

    /// <summary>Appends the frame; false when it is larger than a frame may be. System messages have a sequence number, all others none.</summary>
    public bool TryEncode(SendBuffer output, object message, IActorRef? sender, RemoteActorRef recipient, long systemSequence = 0)
    {
        _newRecipient = _newSender = _newElements = _newManifest = -1;
        var start = output.Length;
        try
        {
            if (message is ActorSelectionMessage selection && CanEncode(selection.Elements))
            {
                output.BeginFrame(FrameType.Selection);
                Recipient(output, recipient);
                Sender(output, sender);
                Elements(output, selection);
                Payload(output, selection.Message);
            }
            else
            {
                output.BeginFrame(systemSequence > 0 ? FrameType.System : FrameType.Message);
                if (systemSequence > 0)
                    output.Int64(systemSequence);
                Recipient(output, recipient);
                Sender(output, sender);
                Payload(output, message);
            }
        }
        catch
        {
            Undo(output, start);
            throw;
        }

        LastFrameSize = output.Length - start - Wire.LengthSize;
        if (LastFrameSize > _maxFrame)
        {
            Undo(output, start);
            return false;
        }

        output.EndFrame(start);
        return true;
    }

    private void Undo(SendBuffer output, int start)
    {
        output.Truncate(start);
        if (_newRecipient >= 0)
            _recipients[_newRecipient] = null;
        if (_newSender >= 0)
            _senders[_newSender] = null;
        if (_newElements >= 0)
            _elements[_newElements] = null;
        if (_newManifest >= 0)
            _manifests[_newManifest] = null;
    }

    private void Recipient(SendBuffer output, RemoteActorRef recipient)
    {
        var slot = OutboundSlots<IActorRef>.SlotOf(recipient);
        if (_recipients.Holds(slot, recipient))
        {
            output.UInt16((ushort)slot);
        }
        else if (recipient.IsTemporary)
        {
            // The reply address of an ask is used once; it would only push others out.
            output.UInt16(Wire.Inline);
            output.String(recipient.Path.ToSerializationFormat());
        }
        else
        {
            _newRecipient = slot;
            _recipients[slot] = recipient;
            output.UInt16((ushort)(slot | Wire.DefineSlot));
            output.String(recipient.Path.ToSerializationFormat());
        }
    }

    private void Sender(SendBuffer output, IActorRef? sender)
    {
        if (sender == null || sender is Nobody)
        {
            output.UInt16(Wire.None);
            return;
        }

        var slot = OutboundSlots<IActorRef>.SlotOf(sender);
        if (_senders.Holds(slot, sender))
        {
            output.UInt16((ushort)slot);
        }
        else if (sender is ActorRefWithCell || sender is RemoteActorRef { IsTemporary: false })
        {
            _newSender = slot;
            _senders[slot] = sender;
            output.UInt16((ushort)(slot | Wire.DefineSlot));
            output.String(Akka.Serialization.Serialization.SerializedActorPath(sender));
        }
        else
        {
            output.UInt16(Wire.Inline);
            output.String(Akka.Serialization.Serialization.SerializedActorPath(sender));
        }
    }

    private static bool CanEncode(SelectionPathElement[] elements)
    {
        if (elements.Length > 255)
            return false;
        foreach (var element in elements)
        {
            if (element is not (SelectChildName or SelectChildPattern or SelectParent or SelectChildRecursive))
                return false;
        }

        return true;
    }

    private void Elements(SendBuffer output, ActorSelectionMessage selection)
    {
        output.Byte(selection.WildCardFanOut ? (byte)1 : (byte)0);
        var elements = selection.Elements;
        var slot = OutboundSlots<SelectionPathElement[]>.SlotOf(elements);
        if (_elements.Holds(slot, elements))
        {
            output.UInt16((ushort)slot);
            return;
        }

        _newElements = slot;
        _elements[slot] = elements;
        output.UInt16((ushort)(slot | Wire.DefineSlot));
        output.Byte((byte)elements.Length);
        foreach (var element in elements)
        {
            switch (element)
            {
                case SelectChildName name:
                    output.Byte(1);
                    output.String(name.Name);
                    break;
                case SelectChildPattern pattern:
                    output.Byte(2);
                    output.String(pattern.PatternStr);
                    break;
                case SelectParent:
                    output.Byte(3);
                    break;
                default:
                    output.Byte(4);
                    break;
            }
        }
    }

    private void Payload(SendBuffer output, object message)
    {
        var serializer = _serialization.FindSerializerFor(message);
        output.Int32(serializer.Identifier);
        Manifest(output, Akka.Serialization.Serialization.ManifestFor(serializer, message));
        if (serializer is PrimitiveSerializers)
        {
            // Straight into the send buffer; the same bytes that the serializer would answer.
            switch (message)
            {
                case string text:
                    output.Text(text);
                    return;
                case int number:
                    BinaryPrimitives.WriteInt32LittleEndian(output.Reserve(4), number);
                    return;
                case long number:
                    BinaryPrimitives.WriteInt64LittleEndian(output.Reserve(8), number);
                    return;
            }
        }

        output.Bytes(serializer.ToBinary(message));
    }

    private void Manifest(SendBuffer output, string? manifest)
    {
        if (string.IsNullOrEmpty(manifest))
        {
            output.UInt16(Wire.None);
            return;
        }

        var slot = ManifestSlots.SlotOf(manifest);
        if (_manifests.Holds(slot, manifest))
        {
            output.UInt16((ushort)slot);
            return;
        }

        _newManifest = slot;
        _manifests[slot] = manifest;
        output.UInt16((ushort)(slot | Wire.DefineSlot));
        output.String(manifest);
    }
}
