namespace RaftActors.Node;

/// <summary>A configuration file cannot be read, or is not HOCON.</summary>
internal sealed class ConfigFileException(string message, Exception? inner = null) : RaftActorsException(message, inner);
