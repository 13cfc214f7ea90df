namespace RaftActors.Node;

/// <summary>The SQLite file of a journal cannot be used.</summary>
internal sealed class SqliteJournalException(string message, Exception? inner = null) : RaftActorsException(message, inner);
