using Xunit;

namespace RaftActors.Protocol.Tests.Sessions;

/// <summary>The table against a plain second implementation, over random histories; and that nothing but the entries decides what is in it.</summary>
public sealed class SessionTableProperties
{
    private const int Histories = 300;
    private const int Steps = 250;

    private static ulong FirstSeed => Environment.GetEnvironmentVariable("RAFT_SEED") is { Length: > 0 } seed ? ulong.Parse(seed, System.Globalization.CultureInfo.InvariantCulture) : 1;

    [Fact]
    public void It_decides_like_a_plain_one() => ForEverySeed((random, history) =>
    {
        SessionTable table = new();
        PlainSessions plain = new();
        for (int i = 0; i < history.Count; i++)
        {
            if (history[i].Control is { } control)
            {
                Assert.Equal(plain.Control(i + 1, control), table.Control(new LogIndex(i + 1), control).Decision);
            }
            else
            {
                SessionVerdict verdict = Begin(table, history, i);
                (SessionDecision decision, long first) = plain.Command(i + 1, history[i].Session, history[i].Serial);
                Assert.Equal(decision, verdict.Decision);
                Assert.Equal(first, verdict.Result?.Id.Index.Value ?? 0);
                Complete(table, history, verdict);
                Assert.True(verdict.Decision != SessionDecision.Duplicate || verdict.Result!.IsForgotten || verdict.Result.Result.Span.SequenceEqual(history[(int)first - 1].Result));
            }

            Assert.Equal(plain.Open.Order(), Enumerable.Range(1, history.Count).Select(id => (ulong)id).Where(table.IsOpen));
        }
    });

    [Fact] // Members hand entries to the state machine in groups of different sizes, and begin from snapshots at different places.
    public void The_same_entries_make_the_same_table_however_they_are_grouped_and_restored() => ForEverySeed((random, history) =>
    {
        byte[] oneByOne = Run(history, static () => 1, static () => false);
        Assert.Equal(oneByOne, Run(history, () => 1 + random.Next(40), () => random.Next(4) == 0));
        Assert.Equal(oneByOne, Run(history, () => history.Count, static () => false));
    });

    [Fact]
    public void No_serial_is_applied_twice_and_bounds_hold() => ForEverySeed((random, history) =>
    {
        SessionTable table = new();
        HashSet<(ulong, ulong)> applied = [];
        for (int i = 0; i < history.Count; i++)
        {
            if (history[i].Control is { } control)
            {
                table.Control(new LogIndex(i + 1), control);
            }
            else
            {
                SessionVerdict verdict = Begin(table, history, i);
                Assert.True(verdict.Decision != SessionDecision.Apply || applied.Add((history[i].Session, history[i].Serial)), $"entry {i + 1} was applied before");
                Complete(table, history, verdict);
            }

            Assert.True(table.Count <= 5 && table.RememberedResults <= table.Count * 6L && table.RememberedBytes <= table.Count * 12L);
        }
    });

    private static byte[] Run(List<Entry> history, Func<int> size, Func<bool> restore)
    {
        SessionTable table = new();
        for (int from = 0; from < history.Count;)
        {
            int to = Math.Min(history.Count, from + size());
            List<SessionVerdict> begun = [];
            for (int i = from; i < to; i++)
            {
                begun.Add(history[i].Control is { } control ? table.Control(new LogIndex(i + 1), control) : Begin(table, history, i));
            }

            foreach (SessionVerdict verdict in begun)
            {
                Complete(table, history, verdict);
            }

            if (restore())
            {
                Assert.True(SessionTable.TryDecode(table.Encode(), out SessionTable? copy, out string? error), error);
                table = copy;
            }

            from = to;
        }

        return table.Encode();
    }

    private static SessionVerdict Begin(SessionTable table, List<Entry> history, int at) =>
        table.Begin(new EntryId(new Term(1), new LogIndex(at + 1)), history[at].Session, history[at].Serial);

    private static void Complete(SessionTable table, List<Entry> history, SessionVerdict verdict)
    {
        if (verdict.Decision == SessionDecision.Apply)
        {
            table.Complete(verdict.Result!, history[(int)verdict.Result!.Id.Index.Value - 1].Result);
        }
    }

    private static void ForEverySeed(Action<Random, List<Entry>> check)
    {
        for (ulong seed = FirstSeed; seed < FirstSeed + Histories; seed++)
        {
            Random random = new((int)seed);
            List<Entry> history = History(random);
            try
            {
                check(random, history);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"RAFT_SEED={seed}: {e.Message}", e);
            }
        }
    }

    private static List<Entry> History(Random random)
    {
        List<Entry> history = [];
        List<ulong> opened = [];
        long time = 0;
        for (int i = 1; i <= Steps; i++)
        {
            ulong session = opened.Count == 0 || random.Next(30) == 0 ? 77 : opened[Math.Max(0, opened.Count - 1 - random.Next(6))];
            time += random.Next(20) == 0 ? 900 : random.Next(60);
            TimeSpan told = TimeSpan.FromMilliseconds(Math.Max(0, time - (random.Next(10) == 0 ? 500 : 0)));
            switch (random.Next(24))
            {
                case 0 or 1:
                    opened.Add((ulong)i);
                    history.Add(new Entry(SessionControl.Open(new SessionLimits(TimeSpan.FromMilliseconds(500 + random.Next(3000)), 1 + random.Next(5), 1 + random.Next(6), random.Next(13)), told)));
                    break;
                case 2:
                    history.Add(new Entry(SessionControl.Clock(told)));
                    break;
                case 3:
                    history.Add(new Entry(SessionControl.KeepAlive(session, told)));
                    break;
                case 4 when random.Next(4) == 0:
                    history.Add(new Entry(SessionControl.Close(session, told)));
                    break;
                default:
                    history.Add(new Entry(null, session, (ulong)(random.Next(14) + (i / 25)), new byte[random.Next(9)].Select((_, at) => (byte)(i + at)).ToArray()));
                    break;
            }
        }

        return history;
    }

    private sealed record Entry(SessionControl? Control, ulong Session = 0, ulong Serial = 0, byte[]? Data = null)
    {
        public byte[] Result => Data ?? [];
    }
}
