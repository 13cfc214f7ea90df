using Akka.Actor;
using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Remote.Transport;

/// <summary>
/// Reads the message frames of one connection and hands the messages straight to the mailboxes of local actors.
/// A frame that breaks the protocol ends the connection (<see cref="WireException"/>); a message that cannot be
/// understood or must not be delivered is counted, logged and dropped, and changes nothing.
/// </summary>
internal sealed class MessageDecoder
{
    private readonly Remoting _remoting;
    private readonly RemoteActorRefProvider _provider;
    private readonly ExtendedActorSystem _system;
    private readonly TcpConnection _connection;
    private readonly ResolvedRecipient?[] _recipients = new ResolvedRecipient?[Wire.SlotCount];
    private readonly IActorRef?[] _senders = new IActorRef?[Wire.SlotCount];
    private readonly SelectionPathElement[]?[] _elements = new SelectionPathElement[]?[Wire.SlotCount];
    private readonly string?[] _manifests = new string?[Wire.SlotCount];

    public MessageDecoder(Remoting remoting, TcpConnection connection)
    {
        _remoting = remoting;
        _provider = remoting.Provider;
        _system = remoting.System;
        _connection = connection;
    }

    public long Delivered { get; private set; }

    public long Dropped { get; private set; }

    public void Message(ReadOnlySpan<byte> body)
    {
        var reader = new FrameReader(body);
        var recipient = Recipient(ref reader);
        var sender = Sender(ref reader);
        if (!TryPayload(ref reader, out var message))
            return;
        Deliver(recipient, sender, message, null, false);
    }

    public void Selection(ReadOnlySpan<byte> body)
    {
        var reader = new FrameReader(body);
        var recipient = Recipient(ref reader);
        var sender = Sender(ref reader);
        var fanOut = reader.Byte() != 0;
        var elements = Elements(ref reader);
        if (!TryPayload(ref reader, out var message))
            return;
        Deliver(recipient, sender, message, elements, fanOut);
    }

    /// <summary>The frame's slots are read even when the message is a repetition: later frames refer to them.</summary>
    public void System(ReadOnlySpan<byte> body, Func<long, bool> isNext)
    {
        var reader = new FrameReader(body);
        var sequence = reader.Int64();
        var recipient = Recipient(ref reader);
        Sender(ref reader);
        var understood = TryPayload(ref reader, out var message);
        if (!isNext(sequence) || !understood)
            return;
        if (message is not ISystemMessage systemMessage)
        {
            Drop("a message of type [" + message.GetType() + "] in the place of a system message");
            return;
        }

        if (_remoting.UntrustedMode && systemMessage is IPossiblyHarmful)
        {
            Drop("a possibly harmful system message of type [" + message.GetType() + "], as untrusted-mode is on");
            return;
        }

        if (systemMessage is NoMessage)
            return;
        Delivered++;
        Resolve(recipient).SendSystemMessage(systemMessage);
    }

    private void Deliver(ResolvedRecipient recipient, IActorRef? sender, object message, SelectionPathElement[]? elements, bool fanOut)
    {
        var target = Resolve(recipient);
        if (_remoting.LogReceive)
            _remoting.Log.Debug("received message [{0}] to [{1}] from [{2}]", message, recipient.Path, sender);

        if (elements == null && message is ActorSelectionMessage contained)
        {
            elements = contained.Elements;
            fanOut = contained.WildCardFanOut;
            message = contained.Message;
        }

        if (_remoting.UntrustedMode)
        {
            if (message is IPossiblyHarmful)
            {
                Drop("a possibly harmful message of type [" + message.GetType() + "], as untrusted-mode is on");
                return;
            }

            if (elements != null && !(ReferenceEquals(target, _provider.RootGuardian) && _remoting.IsTrustedSelection(elements)))
            {
                Drop("a selection that is not in trusted-selection-paths, as untrusted-mode is on");
                return;
            }
        }

        Delivered++;
        if (elements != null)
            _provider.DeliverSelection(target, sender, new ActorSelectionMessage(message, elements, fanOut));
        else
            target.Tell(message, sender);
    }

    private ResolvedRecipient Recipient(ref FrameReader reader)
    {
        var code = reader.UInt16();
        if (code == Wire.Inline)
            return NewRecipient(reader.String());
        if ((code & Wire.DefineSlot) == 0)
            return Known(_recipients, code);
        return _recipients[Slot(code)] = NewRecipient(reader.String());
    }

    private ResolvedRecipient NewRecipient(string path) =>
        ActorPath.TryParse(path, out var parsed)
            ? new ResolvedRecipient(path, parsed, _provider.ResolveInbound(parsed))
            : throw new WireException("A frame names a recipient [" + path + "] that is no actor path.");

    /// <summary>An actor that has ended may have a successor under the same name.</summary>
    private IInternalActorRef Resolve(ResolvedRecipient recipient)
    {
        if (recipient.Target.IsTerminated)
            recipient.Target = _provider.ResolveInbound(recipient.Parsed!);
        return recipient.Target;
    }

    private IActorRef? Sender(ref FrameReader reader)
    {
        var code = reader.UInt16();
        if (code == Wire.None)
            return null;
        if (code == Wire.Inline)
            return _provider.ResolveActorRefWithLocalAddress(reader.String(), _remoting.DefaultAddress);
        if ((code & Wire.DefineSlot) == 0)
            return Known(_senders, code);
        return _senders[Slot(code)] = _provider.ResolveActorRefWithLocalAddress(reader.String(), _remoting.DefaultAddress);
    }

    private SelectionPathElement[] Elements(ref FrameReader reader)
    {
        var code = reader.UInt16();
        if ((code & Wire.DefineSlot) == 0)
            return Known(_elements, code);
        var slot = Slot(code);
        var elements = new SelectionPathElement[reader.Byte()];
        for (var i = 0; i < elements.Length; i++)
        {
            elements[i] = reader.Byte() switch
            {
                1 => new SelectChildName(reader.String()),
                2 => new SelectChildPattern(reader.String()),
                3 => SelectParent.Instance,
                4 => SelectChildRecursive.Instance,
                var other => throw new WireException("A frame holds a selection element of kind " + other + "; allowed are 1 to 4."),
            };
        }

        return _elements[slot] = elements;
    }

    private bool TryPayload(ref FrameReader reader, out object message)
    {
        var serializerId = reader.Int32();
        var manifest = Manifest(ref reader);
        try
        {
            // Not zeroed first: for large messages that is a pass over memory of its own.
            var bytes = GC.AllocateUninitializedArray<byte>(reader.Rest.Length);
            reader.Rest.CopyTo(bytes);
            message = _system.Serialization.Deserialize(bytes, serializerId, manifest);
            return true;
        }
        catch (Exception e)
        {
            message = null!;
            Drop("a message that serializer " + serializerId + " with manifest [" + manifest + "] cannot read (" + reader.Rest.Length + " bytes)", e);
            return false;
        }
    }

    private string Manifest(ref FrameReader reader)
    {
        var code = reader.UInt16();
        if (code == Wire.None)
            return "";
        if (code == Wire.Inline)
            return reader.String();
        if ((code & Wire.DefineSlot) == 0)
            return Known(_manifests, code);
        return _manifests[Slot(code)] = reader.String();
    }

    private static int Slot(int code)
    {
        var slot = code & ~Wire.DefineSlot;
        return slot < Wire.SlotCount ? slot : throw new WireException("A frame defines slot " + slot + "; there are " + Wire.SlotCount + ".");
    }

    private static T Known<T>(T?[] slots, int slot) where T : class =>
        slot < slots.Length && slots[slot] is { } known
            ? known
            : throw new WireException("A frame refers to slot " + slot + ", which was never defined.");

    private void Drop(string what, Exception? cause = null)
    {
        Dropped++;
        _remoting.CountDropped();
        // A peer that only sends nonsense must not be able to fill the log as well.
        if (Dropped > 10 && Dropped % 1000 != 0)
            return;
        _remoting.Log.Error(cause, "Dropping {0} from [{1}]; {2} dropped on this connection so far.", what, _connection.PeerAddress, Dropped);
    }
}
