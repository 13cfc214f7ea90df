namespace RaftActors.Runtime;

/// <summary>Marks messages that belong into the clients' lane although they are no requests, to come behind the requests already there.</summary>
internal interface IBehindClients;
