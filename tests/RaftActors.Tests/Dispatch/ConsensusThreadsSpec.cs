using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Akka.Dispatch;
using RaftActors.Dispatch;
using RaftActors.Threads;
using Xunit;

namespace RaftActors.Tests.Dispatch;

public sealed class ConsensusThreadsSpec : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    // So long a turn that no pause of the machine ends one.
    private readonly ConsensusThreads _threads = new("test", 2, Long);

    public void Dispose() => _threads.Shutdown();

    [Fact]
    public void What_is_given_from_outside_runs_on_a_thread_of_its_own()
    {
        using BlockingCollection<Thread> ran = [];

        _threads.Execute(new Work(() => ran.Add(Thread.CurrentThread)));

        Assert.True(ran.TryTake(out Thread? thread, Long));
        Assert.NotEqual(Thread.CurrentThread, thread);
        Assert.StartsWith("test-", thread.Name, StringComparison.Ordinal);
        Assert.True(thread.IsBackground);
    }

    [Fact]
    public void What_work_leads_to_runs_behind_it_on_the_same_thread_in_order()
    {
        using BlockingCollection<(string Name, Thread Thread)> ran = [];
        _threads.Execute(new Work(() =>
        {
            _threads.Execute(new Work(() => ran.Add(("second", Thread.CurrentThread))));
            _threads.Execute(new Work(() => ran.Add(("third", Thread.CurrentThread))));
            ran.Add(("first", Thread.CurrentThread));
        }));

        (string Name, Thread Thread)[] all = [Take(ran), Take(ran), Take(ran)];

        Assert.Equal(["first", "second", "third"], all.Select(r => r.Name));
        Assert.Single(all.Select(r => r.Thread).Distinct());
    }

    [Fact]
    public void A_lent_thread_runs_the_work_before_it_goes_on_and_only_once()
    {
        Thread? first = null;

        // Longer than it takes to compile what comes next.
        ThreadLoan.Offer(long.MaxValue / 2);
        _threads.Execute(new Work(() => first = Thread.CurrentThread));
        Assert.Equal(Thread.CurrentThread, first);

        using BlockingCollection<Thread> later = [];
        _threads.Execute(new Work(() => later.Add(Thread.CurrentThread)));
        Assert.NotEqual(Thread.CurrentThread, Take(later));
    }

    [Fact]
    public async Task A_thread_that_is_lent_by_code_of_a_task_scheduler_must_not_show_it()
    {
        TaskScheduler own = new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler;
        (Thread? thread, TaskScheduler? scheduler) ran = default;

        Thread lender = await Task.Factory.StartNew(
            () =>
            {
                ThreadLoan.Offer(long.MaxValue / 2);
                _threads.Execute(new Work(() => ran = (Thread.CurrentThread, TaskScheduler.Current)));
                Assert.Equal(own, TaskScheduler.Current);
                return Thread.CurrentThread;
            },
            CancellationToken.None,
            TaskCreationOptions.None,
            own);

        Assert.Equal((lender, TaskScheduler.Default), ran);
    }

    [Fact]
    public void Work_that_blocks_must_run_on_a_thread_that_may_block_when_all_else_is_done_and_once()
    {
        List<string> ran = [];
        bool again = true;
        RunLent(mayBlock: true, () =>
        {
            Assert.True(LentThread.AtEndOfThisThread!(() =>
            {
                ran.Add("blocks");
                again = LentThread.AtEndOfThisThread!(() => ran.Add("never"));
                _threads.Execute(new Work(() => ran.Add("follows")));
            }));
            _threads.Execute(new Work(() => ran.Add("second")));
            ran.Add("first");
        });

        Assert.Equal(["first", "second", "blocks", "follows"], ran);
        Assert.False(again);
    }

    [Fact]
    public void Work_that_blocks_must_not_be_taken_by_a_thread_that_may_not_block()
    {
        bool taken = true;
        RunLent(mayBlock: true, () => { });
        RunLent(mayBlock: false, () => taken = LentThread.AtEndOfThisThread!(() => { }));
        Assert.False(taken);
        Assert.False(LentThread.AtEndOfThisThread!(() => { }));

        using BlockingCollection<Func<Action, bool>?> own = [];
        _threads.Execute(new Work(() => own.Add(LentThread.AtEndOfThisThread)));
        Assert.True(own.TryTake(out Func<Action, bool>? atEnd, Long));
        Assert.Null(atEnd);
    }

    [Fact]
    public void Work_that_blocks_must_run_even_if_what_came_before_it_failed()
    {
        bool ran = false;
        Assert.Throws<InvalidOperationException>(() => RunLent(mayBlock: true, () =>
        {
            Assert.True(LentThread.AtEndOfThisThread!(() => ran = true));
            throw new InvalidOperationException();
        }));
        Assert.True(ran);
    }

    [Fact]
    public void Work_that_blocks_must_not_hold_up_what_is_left_of_a_turn()
    {
        ConsensusThreads threads = new("short", 2, TimeSpan.Zero);
        using ManualResetEventSlim second = new();
        bool blocked = false;

        // Longer than it takes to compile what comes next.
        ThreadLoan.Offer(long.MaxValue / 2, mayBlock: true);
        threads.Execute(new Work(() =>
        {
            Assert.True(LentThread.AtEndOfThisThread!(() => blocked = second.Wait(Long)));
            threads.Execute(new Work(second.Set));
        }));

        Assert.True(blocked);
        threads.Shutdown();
    }

    [Fact]
    public void An_offer_that_was_withdrawn_or_is_old_counts_no_more()
    {
        using BlockingCollection<Thread> ran = [];
        ThreadLoan.Offer();
        ThreadLoan.Withdraw();
        _threads.Execute(new Work(() => ran.Add(Thread.CurrentThread)));
        Assert.NotEqual(Thread.CurrentThread, Take(ran));

        ThreadLoan.Offer();
        SpinWait.SpinUntil(() => false, 5);
        _threads.Execute(new Work(() => ran.Add(Thread.CurrentThread)));
        Assert.NotEqual(Thread.CurrentThread, Take(ran));
    }

    [Fact]
    public void A_thread_may_lend_itself_for_good_through_its_slot()
    {
        StrongBox<bool> lends = new(true);
        List<Thread> ran = [];
        using BlockingCollection<Thread> elsewhere = [];
        Thread lender = new(() =>
        {
            LentThread.OfThisThread = lends;
            _threads.Execute(new Work(() => ran.Add(Thread.CurrentThread)));
            _threads.Execute(new Work(() => ran.Add(Thread.CurrentThread)));
            lends.Value = false;
            _threads.Execute(new Work(() => elsewhere.Add(Thread.CurrentThread)));
        });

        lender.Start();
        Assert.True(lender.Join(Long));

        Assert.Equal([lender, lender], ran);
        Assert.NotEqual(lender, Take(elsewhere));
    }

    [Fact]
    public void A_lent_thread_comes_back_although_the_work_never_ends()
    {
        ConsensusThreads threads = new("test", 2, ConsensusThreads.UsualTurn);
        using ManualResetEventSlim elsewhere = new();
        Thread here = Thread.CurrentThread;
        bool goesOn = true;
        void Again()
        {
            if (Thread.CurrentThread != here && !elsewhere.IsSet)
            {
                elsewhere.Set();
            }

            if (Volatile.Read(ref goesOn))
            {
                threads.Execute(new Work(Again));
            }
        }

        ThreadLoan.Offer();
        threads.Execute(new Work(Again));

        // Here again: the rest of the chain is with another thread now.
        Assert.True(elsewhere.Wait(Long));
        Volatile.Write(ref goesOn, false);
        threads.Shutdown();
    }

    [Fact]
    public void Nothing_is_lost_and_no_chain_runs_twice_when_many_threads_give_work()
    {
        const int Givers = 8;
        const int Each = 20_000;
        int left = Givers * Each * 2;
        using ManualResetEventSlim done = new();
        void Count()
        {
            if (Interlocked.Decrement(ref left) == 0)
            {
                done.Set();
            }
        }

        Thread[] givers = [.. Enumerable.Range(0, Givers).Select(g => new Thread(() =>
        {
            for (int i = 0; i < Each; i++)
            {
                if (i % 100 == g)
                {
                    ThreadLoan.Offer();
                }

                _threads.Execute(new Work(() =>
                {
                    _threads.Execute(new Work(Count));
                    Count();
                }));
            }
        }))];
        Array.ForEach(givers, g => g.Start());

        Assert.True(done.Wait(Long), $"{left} pieces of work did not run");
        Array.ForEach(givers, g => g.Join());
    }

    [Fact]
    public void Threads_that_find_nothing_left_stay_for_what_comes_next()
    {
        const int Rounds = 5_000;
        const int Pieces = 3;
        using Barrier start = new(Pieces + 1);
        using SemaphoreSlim done = new(0);
        Thread[] givers = [.. Enumerable.Range(0, Pieces).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < Rounds; i++)
            {
                start.SignalAndWait();
                _threads.Execute(new Work(() => done.Release()));
            }
        }) { IsBackground = true })];
        Array.ForEach(givers, g => g.Start());

        // All threads go to sleep between the rounds, and some of them take what others were about to stay awake for.
        for (int i = 0; i < Rounds; i++)
        {
            Assert.True(start.SignalAndWait(Long));
            for (int piece = 0; piece < Pieces; piece++)
            {
                Assert.True(done.Wait(Long), $"a piece of work of round {i} did not run");
            }
        }
    }

    [Fact]
    public void After_the_end_what_is_left_still_runs()
    {
        using BlockingCollection<Thread> ran = [];
        _threads.Shutdown();

        _threads.Execute(new Work(() => ran.Add(Thread.CurrentThread)));

        Assert.NotNull(Take(ran));
    }

    private static T Take<T>(BlockingCollection<T> ran)
    {
        Assert.True(ran.TryTake(out T? item, Long), "it did not run");
        return item;
    }

    private void RunLent(bool mayBlock, Action work)
    {
        // Longer than it takes to compile what comes next.
        ThreadLoan.Offer(long.MaxValue / 2, mayBlock);
        _threads.Execute(new Work(work));
    }

    private sealed class Work(Action run) : IRunnable
    {
        public void Run() => run();

        public void Execute() => run();
    }
}
