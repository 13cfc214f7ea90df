namespace RaftActors.Node;

/// <summary>The files of the write-ahead log cannot be used.</summary>
internal sealed class WalFilesException(string message, Exception? inner = null) : RaftActorsException(message, inner);
