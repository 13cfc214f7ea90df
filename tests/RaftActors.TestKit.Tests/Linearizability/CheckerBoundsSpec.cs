using System.Diagnostics;
using System.Globalization;
using RaftActors.TestKit.Linearizability;
using RaftActors.TestKit.Tests.Linearizability.Support;
using Xunit.Abstractions;

namespace RaftActors.TestKit.Tests.Linearizability;

/// <summary>What the check costs, and what it says when it may not cost that much.</summary>
public sealed class CheckerBoundsSpec(ITestOutputHelper output)
{
    [Fact]
    public void Bound_on_configurations_must_be_kept_and_admitted()
    {
        Undecided result = Assert.IsType<Undecided>(LinearizabilityChecker.Check(Hard(), new CounterModel(), new LinearizabilityOptions { MaxConfigurations = 10_000 }));
        Assert.Equal(SearchBound.Configurations, result.Bound);
        Assert.Equal(["n"], result.UndecidedPartitions);
        Assert.InRange(result.Configurations, 10_000, 11_000);
        Assert.Contains("UNDECIDED", result.ToString(), StringComparison.Ordinal);
        Assert.Throws<LinearizabilityException>(() => result.EnsureLinearizable());
    }

    [Fact]
    public void Bound_on_time_must_be_kept_and_admitted()
    {
        Stopwatch watch = Stopwatch.StartNew();
        Undecided result = Assert.IsType<Undecided>(LinearizabilityChecker.Check(Hard(), new CounterModel(), new LinearizabilityOptions { TimeLimit = TimeSpan.FromMilliseconds(200) }));
        Assert.Equal(SearchBound.Time, result.Bound);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), watch.Elapsed.ToString());
    }

    [Fact]
    public void Contradiction_in_one_key_must_be_answered_although_another_is_too_hard()
    {
        History history = new([.. Hard().Operations, .. HistoryText.Parse("z 0 1 incr m = 2").Operations]);
        NotLinearizable result = Assert.IsType<NotLinearizable>(LinearizabilityChecker.Check(history, new CounterModel(), new LinearizabilityOptions { MaxConfigurations = 10_000 }));
        Assert.Equal(["m"], result.FailedPartitions);
    }

    [Fact]
    public void Cancellation_must_end_the_check()
    {
        using CancellationTokenSource cancellation = new(TimeSpan.FromMilliseconds(50));
        Assert.ThrowsAny<OperationCanceledException>(() => LinearizabilityChecker.Check(Hard(), new CounterModel(), cancellationToken: cancellation.Token));
    }

    [Theory]
    [InlineData("register", 100, 0.0)]
    [InlineData("register", 100, 0.01)]
    [InlineData("unique", 100, 0.01)]
    [InlineData("unique", 1, 0.0)]
    [InlineData("unique", 1, 0.01)]
    [InlineData("kv", 100, 0.01)]
    public void Hundred_thousand_operations_of_fifty_clients(string kind, int keys, double unknown)
    {
        int seed = Environment.TickCount;
        KeyValueModel model = new();
        History history = RandomHistories.Correct(new Random(seed), model, kind, 100_000, 50, keys, unknown, RandomHistories.AnswerOfRegister);
        LinearizabilityResult result = LinearizabilityChecker.Check(history, model, new LinearizabilityOptions { TimeLimit = TimeSpan.FromSeconds(30) });
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {seed}: {result}"));
        Assert.IsNotType<NotLinearizable>(result);
    }

    /// <summary>Concurrent additions of powers of two without results, and a sum that they cannot have: all subsets are in question.</summary>
    private static History Hard() => new(
    [
        .. Enumerable.Range(0, 40).Select(i => new HistoryOperation
        {
            Client = $"c{i}", Name = "add", Key = "n", Value = 2L << i, CallNs = 0, ReturnNs = 1000, Outcome = OperationOutcome.Completed,
        }),
        new HistoryOperation { Client = "reader", Name = "get", Key = "n", CallNs = 10, ReturnNs = 20, Outcome = OperationOutcome.Completed, Result = 1 },
    ]);
}
