using Akka.Pattern;

namespace Akka.Contract.Tests.Systems;

public sealed class CircuitBreakerSpec : ContractSpec
{
    public CircuitBreakerSpec()
        : base("akka.scheduler.implementation = \"Akka.TestKit.TestScheduler, Akka.TestKit\"")
    {
    }

    private TestScheduler Time => (TestScheduler)Sys.Scheduler;

    [Fact]
    public async Task Calls_must_pass_through_a_closed_breaker()
    {
        var breaker = Create(maxFailures: 2);

        Assert.Equal(42, await CallAsync(breaker, () => Task.FromResult(42)));
        Assert.True(breaker.IsClosed);
    }

    [Fact]
    public async Task As_many_failures_as_allowed_must_open_it_and_calls_then_fail_at_once()
    {
        var opened = CreateTestLatch();
        var breaker = Create(maxFailures: 2).OnOpen(opened.CountDown);

        await FailAsync(breaker);
        Assert.True(breaker.IsClosed);
        await FailAsync(breaker);

        Assert.True(breaker.IsOpen);
        opened.Ready(Patience);
        await Assert.ThrowsAsync<OpenCircuitException>(() => CallAsync(breaker, () => Task.FromResult(1)));
    }

    [Fact]
    public async Task A_success_must_set_the_count_of_failures_back()
    {
        var breaker = Create(maxFailures: 2);

        await FailAsync(breaker);
        await CallAsync(breaker, () => Task.FromResult(1));
        await FailAsync(breaker);

        Assert.True(breaker.IsClosed);
    }

    [Fact]
    public async Task After_the_reset_time_one_call_must_be_let_through_and_close_it()
    {
        var closed = CreateTestLatch();
        var halfOpen = CreateTestLatch();
        var breaker = Create(maxFailures: 1).OnHalfOpen(halfOpen.CountDown).OnClose(closed.CountDown);
        await FailAsync(breaker);

        Time.Advance(TimeSpan.FromSeconds(30));
        halfOpen.Ready(Patience);
        Assert.True(breaker.IsHalfOpen);
        Assert.Equal(1, await CallAsync(breaker, () => Task.FromResult(1)));

        closed.Ready(Patience);
        Assert.True(breaker.IsClosed);
    }

    [Fact]
    public async Task A_failure_of_the_call_let_through_must_open_it_again()
    {
        var breaker = Create(maxFailures: 1);
        await FailAsync(breaker);
        Time.Advance(TimeSpan.FromSeconds(30));
        await AwaitConditionAsync(() => breaker.IsHalfOpen, Patience, "half open");

        await FailAsync(breaker);

        Assert.True(breaker.IsOpen);
    }

    [Fact]
    public async Task A_call_that_takes_too_long_must_count_as_a_failure()
    {
        var breaker = new CircuitBreaker(Sys.Scheduler, 1, TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(30));
        var never = new TaskCompletionSource<int>();

        var call = CallAsync(breaker, () => never.Task);
        await Assert.ThrowsAnyAsync<Exception>(() => call.WaitAsync(Patience));

        await AwaitConditionAsync(() => breaker.IsOpen, Patience, "open");
    }

    private CircuitBreaker Create(int maxFailures) =>
        new(Sys.Scheduler, maxFailures, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(30));

    // The calls without a token are deprecated since 1.5.42.
    private static Task<T> CallAsync<T>(CircuitBreaker breaker, Func<Task<T>> call) =>
#if AKKA1_5_42_OR_GREATER
        breaker.WithCircuitBreaker(_ => call());
#else
        breaker.WithCircuitBreaker(call);
#endif

    private static async Task FailAsync(CircuitBreaker breaker) =>
        await Assert.ThrowsAnyAsync<Boom>(() => CallAsync(breaker, () => Task.FromException<int>(new Boom())));
}
