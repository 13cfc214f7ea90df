namespace RaftActors;

/// <summary>A member's storage could not be prepared (<see cref="RaftBootstrap"/>).</summary>
public sealed class BootstrapException : RaftActorsException
{
    internal BootstrapException(StreamId stream, NodeId node, string reason, Exception? innerException = null)
        : base($"The storage of node {node} in stream {stream} could not be prepared: {reason}", innerException)
    {
        Stream = stream;
        Node = node;
    }

    /// <summary>The stream.</summary>
    public StreamId Stream { get; }

    /// <summary>The member.</summary>
    public NodeId Node { get; }
}
