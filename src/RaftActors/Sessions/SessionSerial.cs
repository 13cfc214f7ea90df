namespace RaftActors;

/// <summary>
/// Names one command of a client session. Whatever is proposed under the same name, however often and through whichever member, is applied once at the most. A client that writes both numbers down
/// before it proposes can go on after a restart of its own.
/// </summary>
/// <param name="Session">The session (<see cref="SessionGrant.SessionId"/>); 0 for none.</param>
/// <param name="Serial">The command's number, from 1, counted by the client. Never used for another command.</param>
public readonly record struct SessionSerial(ulong Session, ulong Serial)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Session}:{Serial}";
}
