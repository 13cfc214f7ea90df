using Akka.Actor;

namespace RaftActors.Remoting;

/// <summary>
/// How the members of streams talk. Named by <c>raft-actors.remoting.transport</c>; made once per actor system, with a constructor that takes
/// an <see cref="ExtendedActorSystem"/>. A transport may lose, repeat and reorder frames; it must not change them and need not report anything.
/// </summary>
public interface IPeerTransport
{
    /// <summary>The largest frame that fits into one message of the transport.</summary>
    int MaxFrameBytes { get; }

    /// <summary>Called once, before any connection: frames that arrive go to this actor as <see cref="PeerFrame"/>.</summary>
    /// <param name="receiver">The supervisor, <c>/user/raft</c>. The sender of a frame should be the actor that takes an answer.</param>
    void Start(IActorRef receiver);

    /// <summary>Why members at these addresses cannot be reached by this transport at all; null when they can.</summary>
    /// <param name="address">A member's address, as configured.</param>
    string? WhyNot(string address);

    /// <summary>Opens the way to one peer. Does not block and does not fail when the peer is down.</summary>
    /// <param name="address">The peer's address, as configured.</param>
    IPeerConnection Connect(string address);

    /// <summary>
    /// Where the sender of a frame can be reached, in a form that <see cref="Connect"/> takes: how a member that knows nobody yet answers the leader that adds it.
    /// </summary>
    /// <param name="sender">Who sent a frame.</param>
    /// <returns>The address; null when it cannot be told.</returns>
    string? AddressOf(IActorRef sender) => sender.Path.Address.HasGlobalScope ? sender.Path.Address.ToString() : null;
}

/// <summary>The way to one peer. Used by one actor.</summary>
public interface IPeerConnection
{
    /// <summary>Sends a frame, or loses it.</summary>
    /// <param name="frame">The frame.</param>
    void Send(PeerFrame frame);

    /// <summary>
    /// Whether a frame that names this peer as its source can have come from it. Node and stream ids are small numbers that other clusters use
    /// too: what merely carries the same ones, from somewhere else, must not be taken for a member's word.
    /// </summary>
    /// <param name="sender">The sender of the frame.</param>
    bool IsPeer(IActorRef sender);

    /// <summary>Lets an actor hear of the connection's ups and downs, as messages that <see cref="Interpret"/> understands.</summary>
    /// <param name="subscriber">The actor.</param>
    void Subscribe(IActorRef subscriber);

    /// <summary>No more messages to that actor.</summary>
    /// <param name="subscriber">The actor.</param>
    void Unsubscribe(IActorRef subscriber);

    /// <summary>What a message that came through <see cref="Subscribe"/> means for this peer.</summary>
    /// <param name="message">The message.</param>
    PeerConnectionChange Interpret(object message);
}

/// <summary>What happened to the way to a peer.</summary>
public enum PeerConnectionChange
{
    /// <summary>Nothing that concerns this peer.</summary>
    None = 0,

    /// <summary>It is open.</summary>
    Open = 1,

    /// <summary>It broke: what was on its way is lost.</summary>
    Lost = 2,
}
