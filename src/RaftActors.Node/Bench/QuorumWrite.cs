namespace RaftActors.Node.Bench;

/// <summary>What a <see cref="QuorumProbe"/> replicates in one round.</summary>
/// <param name="Entries">How many entries of 128 bytes it stands for.</param>
/// <param name="WireBytes">What goes to each follower: entries, batch and frame.</param>
/// <param name="DiskBytes">What each of the three writes, in whole blocks.</param>
internal sealed record QuorumWrite(int Entries, int WireBytes, int DiskBytes)
{
    /// <summary>What a follower answers.</summary>
    public const int AnswerBytes = 64;

    /// <summary>What one client makes.</summary>
    public static QuorumWrite Single { get; } = new(1, 256, 4096);

    /// <summary>What 64 clients make at best: all of them in one batch.</summary>
    public static QuorumWrite Batch { get; } = new(64, 11 * 1024, 12 * 1024);
}
