using System.Collections.Immutable;
using Akka.Actor;
using RaftActors.Runtime;

namespace RaftActors;

// Messages of the application from member to member, beside the log (DCF: dcf_send_msg, dcf_broadcast_msg).
public sealed partial class RaftStream
{
    /// <summary>
    /// Sends bytes to another member of the stream, beside the log: not replicated, not ordered with entries, at most once. There they come to
    /// <see cref="IStreamObserver.OnMessage"/> and, as <see cref="StreamMessageReceived"/>, to whoever has subscribed to the actor system's event stream. Messages from one member to another keep
    /// their order unless one is larger than the transport's frames.
    /// </summary>
    /// <param name="to">The member.</param>
    /// <param name="data">The bytes, at most <c>max-user-message-size</c>; copied before this method returns.</param>
    public MessageResult SendMessage(NodeId to, ReadOnlyMemory<byte> data)
    {
        if (_link.Channels is not { } channels)
        {
            return MessageResult.NotRunning;
        }

        if (data.Length > _link.Settings.MaxUserMessageSize)
        {
            return MessageResult.TooLarge;
        }

        return channels.TryGetValue(to, out IActorRef? channel) ? Send(to, channel, data.ToArray()) : MessageResult.UnknownMember;
    }

    /// <summary>Sends the same bytes to every other member that this one knows.</summary>
    /// <param name="data">The bytes, at most <c>max-user-message-size</c>; copied before this method returns.</param>
    /// <returns>What became of each; empty when the stream does not run here, or has no other members.</returns>
    public ImmutableSortedDictionary<NodeId, MessageResult> BroadcastMessage(ReadOnlyMemory<byte> data)
    {
        if (_link.Channels is not { } channels)
        {
            return ImmutableSortedDictionary<NodeId, MessageResult>.Empty;
        }

        bool tooLarge = data.Length > _link.Settings.MaxUserMessageSize;
        byte[] copy = tooLarge ? [] : data.ToArray();
        return channels.ToImmutableSortedDictionary(c => c.Key, c => tooLarge ? MessageResult.TooLarge : Send(c.Key, c.Value, copy));
    }

    private MessageResult Send(NodeId to, IActorRef channel, byte[] data)
    {
        ByteBudget room = _link.Peer(to).Outgoing;
        if (!room.TryReserve(data.Length))
        {
            return MessageResult.QueueFull;
        }

        channel.Tell(new SendUserMessage(data, room), ActorRefs.NoSender);
        return MessageResult.Queued;
    }
}
