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
}
