namespace RaftActors.Remoting;

/// <summary>A proposal that a member sends on to its leader.</summary>
/// <param name="Token">The sender's own number for it, never used twice.</param>
/// <param name="Key">See <see cref="ProposeOptions.Key"/>.</param>
/// <param name="ExpectedTerm">See <see cref="ProposeOptions.ExpectedTerm"/>.</param>
/// <param name="Remaining">How long its client still waits.</param>
/// <param name="Data">The bytes.</param>
internal readonly record struct ForwardedProposal(ulong Token, ulong Key, Term ExpectedTerm, TimeSpan Remaining, ReadOnlyMemory<byte> Data)
{
    /// <summary>Bytes in a frame besides the data.</summary>
    public const int Overhead = 8 + 8 + 8 + 4 + 4;

    /// <summary>The same for those that have to do with a session.</summary>
    public const int SessionOverhead = Overhead + 4 + 8 + 8;

    /// <summary>What kind of entry it becomes.</summary>
    public EntryKind Kind { get; init; }

    /// <summary>See <see cref="ProposeOptions.Session"/>.</summary>
    public SessionSerial Session { get; init; }

    /// <summary>Members of versions without sessions do not know such proposals, so they travel in frames of a type of their own.</summary>
    public bool ConcernsSession => Kind != EntryKind.Normal || Session.Session != 0;

    /// <summary>Bytes in a frame, data included.</summary>
    public int Size => (ConcernsSession ? SessionOverhead : Overhead) + Data.Length;
}
