using System.Collections.Concurrent;
using System.Diagnostics;
using RaftActors.Journal.Wal;
using RaftActors.Threads;
using Xunit.Abstractions;

namespace RaftActors.Journal.Tests;

/// <summary>Writes by the thread that asks for them (<c>inline-writes-below</c>).</summary>
public sealed class InlineWritesSpec(ITestOutputHelper output) : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_small_write_must_be_done_by_the_thread_that_asks_when_that_has_come_to_its_end()
    {
        await using (WriteAheadLog log = await OpenAsync())
        {
            await using Lender lender = new();
            Task written = await lender.RunAsync(() => TestFolder.WriteAsync(log, "a", 1));
            Assert.False(written.IsCompleted);
            Assert.Equal(0, log.Writes);

            await lender.EndAsync();

            Assert.True(written.IsCompletedSuccessfully);
            Assert.Equal((1, 1, 1), (log.Writes, log.Syncs, log.InlineWrites));
        }

        await using (WriteAheadLog log = await OpenAsync())
        {
            Assert.Equal([(1L, TestFolder.Text(1))], await TestFolder.ReadAsync(log, "a"));
        }
    }

    [Fact]
    public async Task What_others_ask_for_until_then_must_be_written_with_it()
    {
        await using WriteAheadLog log = await OpenAsync();
        await using Lender lender = new();
        Task first = await lender.RunAsync(() => TestFolder.WriteAsync(log, "a", 1));
        Task[] others = [.. Enumerable.Range(0, 10).Select(i => TestFolder.WriteAsync(log, $"id-{i}", 1))];
        Task<long> highest = log.HighestAsync("id-9");

        await lender.EndAsync();
        await Task.WhenAll([first, .. others]);

        Assert.Equal(1, await highest);
        Assert.Equal(1, log.Writes);
    }

    [Fact]
    public async Task What_comes_while_such_a_write_is_under_way_must_be_written_by_the_logs_own_thread()
    {
        FaultyFiles files = new();
        await using WriteAheadLog log = await OpenAsync(files);
        await using Lender lender = new();
        Task first = await lender.RunAsync(() => TestFolder.WriteAsync(log, "a", 1));
        files.SyncGate.Reset();
        Task end = lender.EndAsync();
        while (log.Writes == 0)
        {
            await Task.Yield();
        }

        Task second = TestFolder.WriteAsync(log, "a", 2);
        files.SyncGate.Set();
        await Task.WhenAll(first, second, end);

        Assert.Equal((2, 1), (log.Writes, log.InlineWrites));
    }

    [Theory]
    [InlineData(0, 100, true)]
    [InlineData(4096, 5000, true)]
    [InlineData(4096, 100, false)]
    public async Task Where_it_is_off_or_the_write_is_larger_or_the_thread_must_not_block_the_logs_own_thread_must_write(int below, int bytes, bool mayBlock)
    {
        await using WriteAheadLog log = await OpenAsync(below: below);
        await using Lender lender = new() { MayBlock = mayBlock };

        Task written = await lender.RunAsync(() => TestFolder.WriteAsync(log, "a", 1, bytes));
        await written;

        Assert.Equal((1, 0), (log.Writes, log.InlineWrites));
        Assert.False(lender.HasPromised);
    }

    [Fact]
    public async Task A_write_that_does_not_fit_into_the_segment_must_be_left_to_the_logs_own_thread()
    {
        await using WriteAheadLog log = await OpenAsync(below: 32 * 1024);
        await using Lender lender = new();
        for (int n = 1; n <= 20; n++)
        {
            Task written = await lender.RunAsync(() => TestFolder.WriteAsync(log, "a", n, 20_000));
            await lender.EndAsync();
            await written;
        }

        Assert.True(log.SegmentCount > 3);
        Assert.InRange(log.InlineWrites, 1, 19);
        Assert.Equal(20, (await TestFolder.ReadAsync(log, "a")).Count);
    }

    [Fact]
    public async Task A_sync_that_fails_there_must_be_final()
    {
        FaultyFiles files = new();
        await using WriteAheadLog log = await OpenAsync(files);
        await using Lender lender = new();
        files.FailSync = true;
        Task first = await lender.RunAsync(() => TestFolder.WriteAsync(log, "a", 1));
        Task with = TestFolder.WriteAsync(log, "b", 1);

        await lender.EndAsync();

        await Assert.ThrowsAsync<JournalFailedException>(() => first);
        await Assert.ThrowsAsync<JournalFailedException>(() => with);
        files.FailSync = false;
        await Assert.ThrowsAsync<JournalFailedException>(() => TestFolder.WriteAsync(log, "c", 1));
        Task again = await lender.RunAsync(() => TestFolder.WriteAsync(log, "d", 1));
        await lender.EndAsync();
        await Assert.ThrowsAsync<JournalFailedException>(() => again);
        Assert.Equal(0, log.Syncs);
    }

    [Fact]
    public async Task A_log_that_is_closed_must_wait_for_what_a_thread_has_promised_to_write()
    {
        WriteAheadLog log = await OpenAsync();
        await using Lender lender = new();
        Task written = await lender.RunAsync(() => TestFolder.WriteAsync(log, "a", 1));
        Task closed = log.DisposeAsync().AsTask();
        await Assert.ThrowsAsync<JournalException>(() => TestFolder.WriteAsync(log, "b", 1));
        Assert.False(closed.IsCompleted);

        await lender.EndAsync();
        await written;
        await closed;

        await using WriteAheadLog again = await OpenAsync();
        Assert.Single(await TestFolder.ReadAsync(again, "a"));
    }

    [Fact]
    public async Task The_mark_behind_the_last_event_must_come_behind_such_a_write_too()
    {
        await using WriteAheadLog log = await TestFolder.OpenAsync(_folder.Settings with { InlineWritesBelow = 4096, IdleMark = TimeSpan.FromMilliseconds(20) });
        await using Lender lender = new();
        Task written = await lender.RunAsync(() => TestFolder.WriteAsync(log, "a", 1));
        await lender.EndAsync();
        await written;

        Stopwatch waited = Stopwatch.StartNew();
        while (log.Writes < 2)
        {
            Assert.True(waited.Elapsed < Long);
            await Task.Delay(5);
        }

        Assert.Equal(1, log.InlineWrites);
    }

    [Fact]
    public async Task Behind_a_slow_write_the_logs_own_thread_must_write_for_a_while()
    {
        FaultyFiles files = new();
        await using WriteAheadLog log = await OpenAsync(files);
        await using Lender lender = new();
        Task first = await lender.RunAsync(() => TestFolder.WriteAsync(log, "a", 1));
        files.SyncGate.Reset();
        Task end = lender.EndAsync();
        while (log.Writes == 0)
        {
            await Task.Yield();
        }

        await Task.Delay(20);
        files.SyncGate.Set();
        await Task.WhenAll(first, end);

        // Right behind it: within the pause, unless the machine stood still for a second.
        Stopwatch since = Stopwatch.StartNew();
        Task second = await lender.RunAsync(() => TestFolder.WriteAsync(log, "a", 2));
        bool promised = lender.HasPromised;
        TimeSpan took = since.Elapsed;
        await lender.EndAsync();
        await second;
        Assert.True(!promised || took > TimeSpan.FromMilliseconds(900));
    }

    [Fact]
    public async Task Writes_from_threads_of_both_kinds_and_deletions_must_neither_be_lost_nor_mixed()
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        await using (WriteAheadLog log = await OpenAsync())
        {
            await Task.WhenAll(Enumerable.Range(0, 6).Select(async i =>
            {
                Random random = new(seed + i);
                await using Lender lender = new();
                for (int n = 1; n <= 300; n++)
                {
                    int bytes = random.Next(1, 6000);
                    bool lent = random.Next(3) > 0;
                    Task written = lent ? await lender.RunAsync(() => TestFolder.WriteAsync(log, $"id-{i}", n, bytes)) : TestFolder.WriteAsync(log, $"id-{i}", n, bytes);
                    if (random.Next(4) == 0)
                    {
                        await Task.Yield();
                    }

                    await lender.EndAsync();
                    await written;
                    if (n % 50 == 0)
                    {
                        await log.DeleteAsync($"id-{i}", n - 25);
                    }
                }
            }));

            Assert.True(log.InlineWrites > 0);
            Assert.True(log.InlineWrites < log.Writes);
            Assert.True(log.SegmentCount < 40, $"{log.SegmentCount} segments: nothing came back");
        }

        await using (WriteAheadLog log = await OpenAsync())
        {
            for (int i = 0; i < 6; i++)
            {
                Assert.Equal(TestFolder.Numbers(276, 300), (await TestFolder.ReadAsync(log, $"id-{i}")).Select(e => e.Number));
            }
        }
    }

    private Task<WriteAheadLog> OpenAsync(FaultyFiles? files = null, int below = 4096) => TestFolder.OpenAsync(_folder.Settings with { InlineWritesBelow = below }, files);

    /// <summary>A thread that lends itself as the one that received a peer's message does, and that comes to its end when a test says so.</summary>
    private sealed class Lender : IAsyncDisposable
    {
        private readonly BlockingCollection<Action> _work = [];
        private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private Action? _promised;

        public Lender()
        {
            new Thread(Run) { IsBackground = true }.Start();
        }

        public bool MayBlock { get; init; } = true;

        public bool HasPromised => _promised is not null;

        public Task<Task> RunAsync(Func<Task> work)
        {
            TaskCompletionSource<Task> started = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _work.Add(() => started.SetResult(work()));
            return started.Task;
        }

        public Task EndAsync()
        {
            TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _work.Add(() =>
            {
                Action? promised = _promised;
                _promised = null;
                promised?.Invoke();
                ended.SetResult();
            });
            return ended.Task;
        }

        public async ValueTask DisposeAsync()
        {
            await EndAsync();
            _work.CompleteAdding();
            await _stopped.Task;
            _work.Dispose();
        }

        private void Run()
        {
            LentThread.AtEndOfThisThread = work =>
            {
                if (!MayBlock || _promised is not null)
                {
                    return false;
                }

                _promised = work;
                return true;
            };
            foreach (Action work in _work.GetConsumingEnumerable())
            {
                work();
            }

            _stopped.SetResult();
        }
    }
}
