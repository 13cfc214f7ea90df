namespace RaftActors.Node;

/// <summary>The database of a journal or snapshot store cannot be used.</summary>
internal sealed class DatabaseUnusableException(string message, Exception? inner = null) : RaftActorsException(message, inner);
