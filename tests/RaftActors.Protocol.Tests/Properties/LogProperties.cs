using FsCheck;
using FsCheck.Fluent;
using RaftActors.Protocol.Tests.Simulation;
using RaftActors.TestKit.Simulation;
using Xunit;

namespace RaftActors.Protocol.Tests.Properties;

/// <summary>
/// The log by batches, the conflict search and the commit rule, against plain lists of terms. Cases are made from a seed,
/// which is printed when one fails; RAFT_SEED repeats it.
/// </summary>
public sealed class LogProperties
{
    private static readonly Config Thorough = Config.QuickThrowOnFailure.WithMaxTest(500);

    private static readonly Arbitrary<ulong> Seeds = Gen.Choose(0, int.MaxValue).Select(i => TestSeed.Given ?? (ulong)i).ToArbitrary();

    [Fact]
    public void A_log_of_batches_behaves_like_a_list_of_terms() => Check.One(Thorough, Prop.ForAll(Seeds, seed =>
    {
        SimulationRandom random = new(seed);
        RaftLog log = new();
        List<(long Term, long Mark)> plain = [];
        long mark = 0;
        long durable = 0;
        int durableEntries = 0;
        for (int step = 0; step < 30; step++)
        {
            if (random.Chance(0.3))
            {
                durable = random.Between((int)durable, (int)mark);
                log.ConfirmDurable(new JournalMark(durable));
            }
            else
            {
                int keep = random.Chance(0.7) ? plain.Count : random.Below(plain.Count + 1);
                plain.RemoveRange(keep, plain.Count - keep);
                long term = (keep == 0 ? 1 : plain[^1].Term) + random.Below(2);
                int count = random.Between(1, 4);
                mark++;
                log.Append(BatchOf(term, keep + 1, count), new JournalMark(mark));
                plain.AddRange(Enumerable.Repeat((term, mark), count));
                durableEntries = Math.Min(durableEntries, keep);
            }

            while (durableEntries < plain.Count && plain[durableEntries].Mark <= durable)
            {
                durableEntries++;
            }

            Same(plain.Count == 0 ? 0 : plain[^1].Term, log.Last.Term.Value, seed);
            Same(plain.Count, log.Last.Index.Value, seed);
            Same(durableEntries, log.DurableIndex.Value, seed);
        }

        for (int i = 0; i < plain.Count; i++)
        {
            LogIndex index = new(i + 1);
            long term = plain[i].Term;
            Same(term, log.TermAt(index).Value, seed);
            Same(plain[i].Mark, log.MarkOf(index).Value, seed);
            Same(plain.FindIndex(e => e.Term == term) + 1, log.FirstOfTermAt(index).Index.Value, seed);
            Same(plain.FindLastIndex(e => e.Term == term) + 1, log.LastOfTerm(new Term(term)).Value, seed);

            int maxBytes = random.Below(300);
            IReadOnlyList<EntryBatch> read = log.Read(index, maxBytes);
            Same(i + 1, read[0].FirstIndex.Value, seed);
            Assert.True(read.Count == 1 || read.Sum(b => b.Encoded.Length) <= maxBytes, $"seed {seed}");
            Assert.True(read.SelectMany(b => b).All(e => e.Id.Term.Value == plain[(int)e.Id.Index.Value - 1].Term), $"seed {seed}");
            LogIndex last = new(random.Between(i + 1, plain.Count));
            IReadOnlyList<EntryBatch> covering = log.Covering(index, last);
            Assert.True(covering[0].FirstIndex <= index && covering[0].LastIndex >= index && covering[^1].FirstIndex <= last && covering[^1].LastIndex >= last, $"seed {seed}");
        }

        Same(0, log.LastOfTerm(new Term(999)).Value, seed);
        return true;
    }));

    [Fact] // Raft paper section 5.3: the first entry that differs, entry by entry.
    public void The_first_difference_is_where_comparing_entry_by_entry_finds_it() => Check.One(Thorough, Prop.ForAll(Seeds, seed =>
    {
        SimulationRandom random = new(seed);
        List<long[]> logs = LogsOfOneHistory(random);
        long[] mine = random.Pick(logs);
        long[] theirs = random.Pick(logs);
        RaftLog log = LogOf(mine, random);
        RaftLog sender = LogOf(theirs, random);
        int common = CommonPrefix(mine, theirs);
        foreach (EntryBatch batch in sender.Last.Index == LogIndex.Zero ? [] : sender.Read(new LogIndex(1), long.MaxValue))
        {
            if (batch.FirstIndex.Value > common + 1)
            {
                break;
            }

            long expected = batch.FirstIndex.Value;
            while (expected <= batch.LastIndex.Value && expected <= mine.Length && mine[expected - 1] == batch.Term.Value)
            {
                expected++;
            }

            Same(expected, log.FirstDifference(batch).Value, seed);
        }

        return true;
    }));

    [Fact] // Raft paper section 5.3, end: the search ends, at a place where the logs meet, and visits each term at most once.
    public void The_conflict_search_finds_where_two_logs_meet() => Check.One(Thorough, Prop.ForAll(Seeds, seed =>
    {
        SimulationRandom random = new(seed);
        List<long[]> logs = LogsOfOneHistory(random);
        long[] leaderTerms = random.Pick(logs);
        long[] followerTerms = random.Pick(logs);
        RaftLog leader = LogOf(leaderTerms, random);
        RaftLog follower = LogOf(followerTerms, random);
        int common = CommonPrefix(leaderTerms, followerTerms);
        LogIndex commit = new(random.Below(common + 1));

        LogIndex next = new(random.Between((int)commit.Value + 1, leaderTerms.Length + 1));
        int refusals = 0;
        while (!follower.Matches(leader.IdAt(next.Previous)))
        {
            EntryId previous = leader.IdAt(next.Previous);
            AppendEntriesReply refusal = new(new Term(99), 1, false, follower.Last.Index, ConflictSearch.HintFor(follower, previous, commit));
            LogIndex before = next;
            next = ConflictSearch.NextAfter(leader, LogIndex.Zero, next, refusal);
            Assert.True(next < before, $"seed {seed}: the search stands still at {next}");
            refusals++;
        }

        Assert.True(next.Value <= common + 1, $"seed {seed}: {next} lies behind the common prefix of {common}");
        int terms = leaderTerms.Concat(followerTerms).Distinct().Count();
        Assert.True(refusals <= terms + 1, $"seed {seed}: {refusals} refusals for {terms} terms");
        return true;
    }));

    [Fact] // Raft paper, figure 2: "If there exists an N such that N > commitIndex, a majority of matchIndex[i] ≥ N, and log[N].term == currentTerm".
    public void The_commit_rule_finds_the_largest_n_of_figure_2() => Check.One(Thorough, Prop.ForAll(Seeds, seed =>
    {
        SimulationRandom random = new(seed);
        long[] terms = random.Pick(LogsOfOneHistory(random));
        RaftLog log = LogOf(terms, random);
        long current = (terms.Length == 0 ? 1 : terms[^1]) + random.Below(2);
        long[] match = [.. Enumerable.Range(0, random.Between(1, 7)).Select(_ => (long)random.Below(terms.Length + 1))];
        long commit = random.Below(terms.Length + 1);

        long expected = commit;
        for (long n = commit + 1; n <= terms.Length; n++)
        {
            if (match.Count(m => m >= n) * 2 > match.Length && terms[n - 1] == current)
            {
                expected = n;
            }
        }

        LogIndex actual = CommitRule.Advance(log, new Term(current), new LogIndex(commit), new LogIndex(MajorityQuorum.HighestReached([.. match])));
        Same(expected, actual.Value, seed);
        return true;
    }));

    /// <summary>
    /// Logs as they can be in one stream: each term's leader continues some earlier log, cut anywhere. So they have the Log
    /// Matching property, which the searches rely on.
    /// </summary>
    private static List<long[]> LogsOfOneHistory(SimulationRandom random)
    {
        List<long[]> logs = [[]];
        for (long term = 1; term <= random.Between(1, 6); term++)
        {
            long[] from = random.Pick(logs);
            logs.Add([.. from[..random.Between(from.Length / 2, from.Length)], .. Enumerable.Repeat(term, random.Between(1, 5))]);
        }

        return logs;
    }

    private static int CommonPrefix(long[] a, long[] b)
    {
        int common = 0;
        while (common < a.Length && common < b.Length && a[common] == b[common])
        {
            common++;
        }

        return common;
    }

    /// <summary>A log with these terms, in batches that begin and end anywhere.</summary>
    private static RaftLog LogOf(long[] terms, SimulationRandom random)
    {
        RaftLog log = new();
        int at = 0;
        while (at < terms.Length)
        {
            int count = 1;
            while (at + count < terms.Length && terms[at + count] == terms[at] && random.Chance(0.6))
            {
                count++;
            }

            log.Append(BatchOf(terms[at], at + 1, count), JournalMark.Zero);
            at += count;
        }

        return log;
    }

    private static EntryBatch BatchOf(long term, int first, int count) =>
        EntryBatch.Create(new Term(term), new LogIndex(first), new ProposedEntry[count]);

    private static void Same(long expected, long actual, ulong seed) =>
        Assert.True(expected == actual, $"seed {seed}: expected {expected}, got {actual}");
}
