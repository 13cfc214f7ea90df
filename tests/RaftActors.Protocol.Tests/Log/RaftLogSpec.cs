using Xunit;
using static RaftActors.Protocol.Tests.Driver.CoreDriver;

namespace RaftActors.Protocol.Tests.Log;

public sealed class RaftLogSpec
{
    private readonly RaftLog _log = new();

    private static JournalMark Mark(long value) => new(value);

    [Fact]
    public void An_empty_log_ends_before_the_first_entry()
    {
        Assert.Equal(EntryId.Zero, _log.Last);
        Assert.Equal(LogIndex.Zero, _log.DurableIndex);
        Assert.True(_log.Matches(EntryId.Zero));
        Assert.False(_log.Matches(Id(1, 1)));
        Assert.Empty(_log.Read(new LogIndex(1), 100));
        Assert.Null(_log.BatchAt(new LogIndex(1)));
        Assert.Equal(LogIndex.Zero, _log.LastOfTerm(new Term(1)));
    }

    [Fact]
    public void A_gap_falling_terms_and_falling_marks_are_refused()
    {
        _log.Append(Batch(2, 1), Mark(5));
        Assert.Throws<InvariantViolationException>(() => _log.Append(Batch(2, 3), Mark(6)));
        Assert.Throws<InvariantViolationException>(() => _log.Append(Batch(1, 2), Mark(6)));
        Assert.Throws<InvariantViolationException>(() => _log.Append(Batch(2, 2), Mark(4)));
    }

    [Fact]
    public void What_is_durable_is_a_prefix_that_truncation_shortens()
    {
        _log.Append(Batch(1, 1, "a", "b", "c"), Mark(1));
        _log.Append(Batch(1, 4, "d"), Mark(2));
        Assert.Equal(LogIndex.Zero, _log.DurableIndex);
        _log.ConfirmDurable(Mark(1));
        Assert.Equal(new LogIndex(3), _log.DurableIndex);
        Assert.Equal(Mark(2), _log.MarkOf(new LogIndex(4)));

        _log.Append(Batch(2, 2, "x"), Mark(3));
        Assert.Equal((Id(2, 2), new LogIndex(1)), (_log.Last, _log.DurableIndex));
        Assert.Equal(Mark(1), _log.MarkOf(new LogIndex(1)));
        _log.ConfirmDurable(Mark(3));
        Assert.Equal(new LogIndex(2), _log.DurableIndex);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(40)]
    public void Every_index_is_found_in_its_batch_however_old_that_is(int batches)
    {
        // One to three entries a batch, and a new term with every fifth.
        List<EntryBatch> held = [];
        for (int i = 0; i < batches; i++)
        {
            held.Add(Batch(1 + (i / 5), _log.Last.Index.Value + 1, [.. Enumerable.Repeat("x", 1 + (i % 3))]));
            _log.Append(held[^1], Mark(i + 1));
        }

        foreach (EntryBatch batch in held)
        {
            foreach (LogEntry entry in batch)
            {
                Assert.Same(batch, _log.BatchAt(entry.Id.Index));
                Assert.Equal(entry.Id.Term, _log.TermAt(entry.Id.Index));
                Assert.Equal(Mark(held.IndexOf(batch) + 1), _log.MarkOf(entry.Id.Index));
            }

            Assert.Equal(held.SkipWhile(b => b != batch).Skip(1).Sum(b => (long)b.Encoded.Length), _log.BytesBehind(batch.LastIndex));
        }
    }

    [Fact]
    public void Reading_cuts_the_first_batch_and_fills_up_to_the_bytes_allowed()
    {
        _log.Append(Batch(1, 1, "a", "b", "c"), Mark(1));
        _log.Append(Batch(1, 4, "d"), Mark(1));
        _log.Append(Batch(2, 5, "e"), Mark(1));

        IReadOnlyList<EntryBatch> all = _log.Read(new LogIndex(2), 1000);
        Assert.Equal(["[1:2..3]", "[1:4..4]", "[2:5..5]"], all.Select(b => b.ToString()));
        Assert.Equal(["[1:2..3]"], _log.Read(new LogIndex(2), 1).Select(b => b.ToString()));
        Assert.Equal(["[1:4..4]", "[2:5..5]"], _log.Read(new LogIndex(4), 82).Select(b => b.ToString()));
        Assert.Equal(["[1:1..3]", "[1:4..4]"], _log.Covering(new LogIndex(2), new LogIndex(4)).Select(b => b.ToString()));
    }
}
