namespace RaftActors.Protocol;

/// <summary>The Castagnoli checksum of frames, batches and journal records; the processor's own instruction where it has one.</summary>
public static class Crc32C
{
    /// <summary>The checksum of <paramref name="data"/>, continuing from <paramref name="seed"/>.</summary>
    /// <param name="data">The bytes to sum.</param>
    /// <param name="seed">0 for the first run; the result of the previous run to continue it.</param>
    public static uint Compute(ReadOnlySpan<byte> data, uint seed = 0) => Castagnoli.Finish(Castagnoli.Append(~seed, data));
}
