using Akka.Actor;

namespace RaftActors;

/// <summary>
/// Makes <see cref="RaftStreams"/> for an actor system, also from HOCON: <c>akka.extensions = ["RaftActors.RaftStreamsExtension, RaftActors"]</c>. Then the streams
/// of <c>raft-actors.streams</c> are started.
/// </summary>
public sealed class RaftStreamsExtension : ExtensionIdProvider<RaftStreams>
{
    /// <inheritdoc/>
    public override RaftStreams CreateExtension(ExtendedActorSystem system) => new(system);
}
