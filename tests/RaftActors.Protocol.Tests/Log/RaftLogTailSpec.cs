using Xunit;
using static RaftActors.Protocol.Tests.Driver.CoreDriver;

namespace RaftActors.Protocol.Tests.Log;

/// <summary>A log of which only the end is in memory answers every question about ids as one that is in memory as a whole.</summary>
public sealed class RaftLogTailSpec
{
    [Fact]
    public void Only_what_is_on_disk_leaves_memory_and_never_more_than_the_bound_stays()
    {
        RaftLog log = new(maxBytes: long.MaxValue, maxEntries: 4);
        for (int i = 1; i <= 10; i++)
        {
            log.Append(Batch(1, i), new JournalMark(i));
        }

        Assert.Equal(1, log.FirstInMemory.Value);
        log.ConfirmDurable(new JournalMark(9));
        Assert.True(log.EntriesInMemory <= 4);
        Assert.NotNull(log.BatchAt(new LogIndex(10)));
        Assert.Null(log.BatchAt(new LogIndex(1)));
        Assert.Equal(9, log.DurableIndex.Value);
    }

    [Fact]
    public void What_nobody_needs_leaves_memory_once_it_is_on_disk_except_for_a_spare()
    {
        long size = Batch(1, 1, "x").Encoded.Length;
        RaftLog log = new(spareBytes: 3 * size);
        for (int i = 1; i <= 9; i++)
        {
            log.Append(Batch(1, i, "x"), new JournalMark(i));
        }

        log.ForgetBefore(new LogIndex(10));
        Assert.Equal(1, log.FirstInMemory.Value);

        log.ConfirmDurable(new JournalMark(8));
        log.ForgetBefore(new LogIndex(4));
        Assert.Equal(4, log.FirstInMemory.Value);

        // 6 batches are just twice the spare: not worth a move.
        log.ForgetBefore(new LogIndex(9));
        Assert.Equal(4, log.FirstInMemory.Value);

        log.Append(Batch(1, 10, "x"), new JournalMark(10));
        log.ForgetBefore(new LogIndex(11));
        Assert.Equal(8, log.FirstInMemory.Value);
        Assert.Equal(3 * size, log.BytesInMemory);
        Assert.Equal(8, log.DurableIndex.Value);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Whatever_happens_to_it_the_ids_are_those_of_a_log_in_memory(int seed)
    {
        SeededRandom random = new((ulong)seed);
        for (int run = 0; run < 200; run++)
        {
            RaftLog whole = new();
            RaftLog tail = new(maxBytes: 1 + (long)(random.Next() % 300), maxEntries: 1 + (long)(random.Next() % 6), spareBytes: (long)(random.Next() % 200));
            long term = 1;
            JournalMark mark = JournalMark.Zero;
            LogIndex committed = LogIndex.Zero;
            for (int step = 0; step < 60; step++)
            {
                switch (random.Next() % 8)
                {
                    case 0:
                        term++;
                        break;
                    case 1:
                        Both(log => log.ConfirmDurable(mark));
                        tail.ForgetBefore(new LogIndex((long)(random.Next() % (ulong)(whole.Last.Index.Value + 2))));
                        committed = LogIndex.Max(committed, new LogIndex((long)(random.Next() % (ulong)(whole.DurableIndex.Value + 1))));
                        break;
                    case 2 when committed > whole.Base.Index:
                        LogIndex cut = LogIndex.Min(whole.BoundaryUpTo(committed), committed);
                        Both(log => log.CompactTo(whole.IdAt(cut)));
                        break;
                    default:
                        long first = random.Next() % 5 == 0
                            ? Math.Max(committed.Value, whole.Last.Index.Value - (long)(random.Next() % 8)) + 1
                            : whole.Last.Index.Value + 1;
                        if (first > whole.Last.Index.Value || term > whole.Last.Term.Value)
                        {
                            mark = mark.Next;
                            EntryBatch batch = Batch(term, first, [.. Enumerable.Range(0, 1 + (int)(random.Next() % 4)).Select(i => $"{term}.{first + i}")]);
                            Assert.Equal(whole.FirstDifference(batch), tail.FirstDifference(batch));
                            Both(log => log.Append(batch, mark));
                        }

                        break;
                }

                AssertSame(whole, tail);
            }

            void Both(Action<RaftLog> act)
            {
                act(tail);
                act(whole);
            }
        }
    }

    [Fact]
    public void What_comes_back_from_the_journal_must_be_what_the_log_says()
    {
        RaftLog log = new(long.MaxValue, 1);
        foreach (RaftEvent fact in History(1, 1, 2, 2, 3))
        {
            if (fact is EntriesAppended appended)
            {
                log.Append(appended.Batch, JournalMark.Zero);
            }
        }

        Assert.Equal(5, log.FirstInMemory.Value);
        Assert.True(log.Holds(new LogIndex(2), [Batch(1, 2), Batch(2, 3)]));
        Assert.True(log.Holds(new LogIndex(2), [Batch(1, 1, "a", "b")]));
        Assert.False(log.Holds(new LogIndex(3), [Batch(1, 3)]), "replaced by a newer term");
        Assert.False(log.Holds(new LogIndex(2), [Batch(1, 2), Batch(2, 4)]), "a gap");
        Assert.False(log.Holds(new LogIndex(5), [Batch(3, 5), Batch(3, 6)]), "beyond the end");
        Assert.False(log.Holds(new LogIndex(2), [Batch(1, 2, "a", "b")]), "reaches into a newer term");
        Assert.False(log.Holds(new LogIndex(2), [Batch(1, 1)]), "before what was asked for");
    }

    [Fact]
    public void Recovery_leaves_all_but_the_end_on_disk_and_keeps_what_it_knows()
    {
        StreamMembership members = Voters(1, 2, 3, 4);
        RecoveredJournal journal = new(long.MaxValue, 2);
        foreach (RaftEvent fact in History(1, 1, 1))
        {
            journal.Add(fact);
        }

        journal.Add(new EntriesAppended(EntryBatch.Create(new Term(1), new LogIndex(4), [new ProposedEntry(EntryKind.Membership, MembershipCodec.Encode(members))])));
        journal.Add(new EntriesAppended(Batch(1, 5)));
        journal.Add(new TermState(new Term(2), new NodeId(2)));
        journal.Add(new EntriesAppended(Batch(2, 5, "x", "y", "z")));
        journal.Add(new EntriesAppended(Batch(2, 8)));
        journal.Add(new EntriesAppended(Batch(2, 9)));

        RaftCore core = new(Options(Voters(1, 2, 3)) with { MaxLogEntriesInMemory = 2 }, journal.Events);
        Assert.Equal(Id(2, 9), core.LastEntry);
        Assert.Equal(new Term(2), core.Term);
        Assert.Equal(8, core.FirstInMemory.Value);
        Assert.Equal(new Term(1), core.TermAt(new LogIndex(4)));
        Assert.Equal(new Term(2), core.TermAt(new LogIndex(5)));
        Assert.Equal(members.ToString(), core.Membership.ToString());
        Assert.Equal(4, core.MembershipIndex.Value);
    }

    private static void AssertSame(RaftLog whole, RaftLog tail)
    {
        Assert.Equal((whole.Base, whole.Last, whole.DurableIndex), (tail.Base, tail.Last, tail.DurableIndex));
        for (LogIndex index = whole.Base.Index; index <= whole.Last.Index; index = index.Next)
        {
            Assert.Equal(whole.TermAt(index), tail.TermAt(index));
            Assert.Equal(whole.LastOfTerm(whole.TermAt(index)), tail.LastOfTerm(whole.TermAt(index)));
            Assert.Equal(whole.FirstOfTermAt(index), tail.FirstOfTermAt(index));
            if (index > whole.Base.Index)
            {
                // What is only on disk is on disk: nothing has to be waited for.
                JournalMark mark = tail.MarkOf(index);
                Assert.True(index < tail.FirstInMemory ? index <= whole.DurableIndex && mark == JournalMark.Zero : mark == whole.MarkOf(index));
            }
        }

        Assert.Equal(whole.BytesBehind(tail.FirstInMemory.Previous), tail.BytesInMemory);
    }
}
