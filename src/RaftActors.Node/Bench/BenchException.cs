namespace RaftActors.Node.Bench;

/// <summary>A benchmark cannot go on.</summary>
internal sealed class BenchException(string message, Exception? inner = null) : RaftActorsException(message, inner);
