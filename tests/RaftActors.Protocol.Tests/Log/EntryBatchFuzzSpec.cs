using RaftActors.Protocol.Tests.Simulation;
using RaftActors.TestKit.Simulation;
using Xunit;
using Xunit.Abstractions;

namespace RaftActors.Protocol.Tests.Log;

/// <summary>Whatever bytes arrive: decoding never throws, and never believes what was not written.</summary>
public sealed class EntryBatchFuzzSpec(ITestOutputHelper output)
{
    [Fact]
    public void Damaged_bytes_are_refused_and_never_throw()
    {
        ulong seed = TestSeed.GivenOrFresh();
        output.WriteLine($"seed {seed}");
        SimulationRandom random = new(seed);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] original = RandomBatch(random).Encoded.ToArray();
            byte[] damaged = Damage(random, original);
            bool accepted = EntryBatch.TryDecode(damaged, out EntryBatch? batch, out string? error);
            Assert.Equal(accepted, batch is not null);
            Assert.Equal(accepted, error is null);
            Assert.True(!accepted || damaged.AsSpan().SequenceEqual(original), $"seed {seed}: damaged bytes were accepted: {Convert.ToHexString(damaged)}");
        }
    }

    [Fact]
    public void Bytes_with_a_right_checksum_are_refused_or_make_sense()
    {
        ulong seed = TestSeed.GivenOrFresh();
        output.WriteLine($"seed {seed}");
        SimulationRandom random = new(seed);
        int accepted = 0;
        for (int i = 0; i < 20_000; i++)
        {
            byte[] forged = Damage(random, RandomBatch(random).Encoded.ToArray());
            if (forged.Length >= EntryBatch.HeaderSize)
            {
                EntryBatchSpec.FixChecksum(forged);
            }

            if (!EntryBatch.TryDecode(forged, out EntryBatch? batch, out _))
            {
                continue;
            }

            accepted++;
            int seen = 0;
            foreach (LogEntry entry in batch)
            {
                Assert.True(Enum.IsDefined(entry.Kind) && entry.Id.Term == batch.Term && entry.Id.Index == batch.FirstIndex + seen, $"seed {seed}");
                seen++;
            }

            Assert.Equal(batch.Count, seen);
            Assert.True(batch.Term > Term.Zero && batch.FirstIndex > LogIndex.Zero && batch.LastIndex >= batch.FirstIndex, $"seed {seed}");
            Assert.True(EntryBatch.TryDecode(batch.From(batch.LastIndex).Encoded, out _, out _), $"seed {seed}");
        }

        output.WriteLine($"{accepted} accepted");
    }

    private static EntryBatch RandomBatch(SimulationRandom random)
    {
        ProposedEntry[] entries = new ProposedEntry[random.Between(1, 6)];
        for (int i = 0; i < entries.Length; i++)
        {
            byte[] data = new byte[random.Below(20)];
            for (int at = 0; at < data.Length; at++)
            {
                data[at] = (byte)random.Next();
            }

            ulong session = (ulong)random.Below(3);
            entries[i] = new ProposedEntry((EntryKind)random.Below(6), data, (ulong)random.Below(3), session, session == 0 ? 0 : random.Next());
        }

        return EntryBatch.Create(new Term(random.Between(1, 9)), new LogIndex(random.Between(1, 99)), entries);
    }

    private static byte[] Damage(SimulationRandom random, byte[] bytes)
    {
        byte[] damaged = [.. bytes];
        int edits = random.Between(1, 4);
        for (int i = 0; i < edits && damaged.Length > 0; i++)
        {
            int at = random.Below(damaged.Length);
            switch (random.Below(6))
            {
                case 0:
                    damaged[at] ^= (byte)(1 << random.Below(8));
                    break;
                case 1:
                    damaged[at] = (byte)random.Next();
                    break;
                case 2:
                    damaged[random.Below(Math.Min(damaged.Length, 40))] = random.Pick<byte>([0, 1, 0x7F, 0x80, 0xFF]);
                    break;
                case 3:
                    damaged = damaged[..at];
                    break;
                case 4:
                    damaged = [.. damaged, (byte)random.Next()];
                    break;
                default:
                    damaged = [.. damaged[..at], .. damaged[(at + 1)..]];
                    break;
            }
        }

        return damaged;
    }
}
