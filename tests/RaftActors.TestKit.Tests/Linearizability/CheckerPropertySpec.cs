using System.Globalization;
using RaftActors.TestKit.Linearizability;
using RaftActors.TestKit.Tests.Linearizability.Support;
using Xunit.Abstractions;

namespace RaftActors.TestKit.Tests.Linearizability;

/// <summary>The checker against the definition, on thousands of small histories; and against objects that are correct by construction.</summary>
public sealed class CheckerPropertySpec(ITestOutputHelper output)
{
    private readonly int _seed = int.TryParse(Environment.GetEnvironmentVariable("RAFT_SEED"), NumberStyles.Integer, CultureInfo.InvariantCulture, out int seed) ? seed : Environment.TickCount;

    [Theory]
    [InlineData("register")]
    [InlineData("unique")]
    [InlineData("kv")]
    public void Answer_must_be_that_of_all_permutations(string kind)
    {
        Compare(kind, new KeyValueModel());
        if (kind != "kv")
        {
            Compare(kind, new RegisterModel());
        }
    }

    [Fact]
    public void Answer_must_be_that_of_all_permutations_for_counters() => Compare("counter", new CounterModel());

    [Fact]
    public void Answer_must_be_that_of_all_permutations_without_any_help_from_the_model() => Compare("register", new BareModel(new RegisterModel()));

    [Theory]
    [InlineData("register", 0.0)]
    [InlineData("register", 0.1)]
    [InlineData("unique", 0.1)]
    [InlineData("kv", 0.0)]
    [InlineData("kv", 0.05)]
    public void Correct_store_must_be_found_linearizable(string kind, double unknown)
    {
        KeyValueModel model = new();
        for (int round = 0; round < 20; round++)
        {
            output.WriteLine($"seed {_seed + round}");
            History history = RandomHistories.Correct(new Random(_seed + round), model, kind, 1000, 10, 4, unknown, RandomHistories.AnswerOfRegister);
            Linearizable result = Assert.IsType<Linearizable>(LinearizabilityChecker.Check(history, model));
            foreach (PartitionOrder order in result.Orders)
            {
                Assert.True(BruteForce.Explains(model, order.Operations, history.Operations.Where(o => o.Key.Text == order.Partition)));
            }
        }
    }

    [Fact]
    public void Correct_counter_must_be_found_linearizable()
    {
        CounterModel model = new();
        for (int round = 0; round < 20; round++)
        {
            output.WriteLine($"seed {_seed + round}");
            History history = RandomHistories.Correct(new Random(_seed + round), model, "counter", 1000, 10, 4, 0.1, RandomHistories.AnswerOfCounter);
            Assert.IsType<Linearizable>(LinearizabilityChecker.Check(history, model));
        }
    }

    [Fact]
    public void One_stale_read_in_a_long_history_must_be_found()
    {
        RegisterModel model = new();
        for (int round = 0; round < 20; round++)
        {
            output.WriteLine($"seed {_seed + round}");
            Random random = new(_seed + round);
            HistoryOperation[] operations = [.. RandomHistories.Correct(random, model, "unique", 1000, 10, 4, 0.05, RandomHistories.AnswerOfRegister).Operations];

            // The value that the order has two completed writes before the read: it was overwritten for certain when the read began.
            int at = Enumerable.Range(500, 500).First(i => operations[i] is { Name: "get", Outcome: OperationOutcome.Completed } read && OverwrittenBefore(operations, read) is not null);
            operations[at] = operations[at] with { Result = OverwrittenBefore(operations, operations[at])! };
            NotLinearizable result = Assert.IsType<NotLinearizable>(LinearizabilityChecker.Check(new History(operations), model));
            Assert.Equal([operations[at].Key.Text!], result.FailedPartitions);
            Assert.True(result.Counterexample.IsMinimal);
            Assert.InRange(result.Counterexample.Conflict.Count, 1, 4);
            Assert.Contains(result.Counterexample.Conflict, o => ReferenceEquals(o, operations[at]));
        }
    }

    private static string? OverwrittenBefore(HistoryOperation[] operations, HistoryOperation read)
    {
        HistoryOperation[] writes = [.. operations.Where(o => o is { Name: "set", Outcome: OperationOutcome.Completed } && o.Key == read.Key && o.ReturnNs < read.CallNs)];
        return writes.FirstOrDefault(w => writes.Any(other => other.CallNs > w.ReturnNs))?.Value.Text;
    }

    private void Compare<TState>(string kind, ISequentialModel<TState> model)
    {
        int good = 0;
        int bad = 0;
        for (int round = 0; round < 3000; round++)
        {
            int seed = unchecked(_seed + round);
            History history = RandomHistories.Anything(new Random(seed), kind);
            bool expected = BruteForce.IsLinearizable(model, history.Operations);
            LinearizabilityResult result = LinearizabilityChecker.Check(history, model, new LinearizabilityOptions { MaxParallelism = 1 });
            string show = $"seed {seed}, {kind}, {model.Name}; all permutations: {expected}, checker: {result}\n{string.Join('\n', history.Operations)}";
            Assert.True(expected == result.IsLinearizable, show);
            if (result is Linearizable yes)
            {
                good++;
                Assert.All(yes.Orders, o => Assert.True(BruteForce.Explains(model, o.Operations, history.Operations), show));
            }
            else
            {
                bad++;
                Verify(model, Assert.IsType<NotLinearizable>(result).Counterexample, show);
            }
        }

        output.WriteLine($"seed {_seed}: {good} linearizable, {bad} not");
        Assert.True(good > 100 && bad > 100, $"seed {_seed}: {good} linearizable, {bad} not");
    }

    private static void Verify<TState>(ISequentialModel<TState> model, Counterexample example, string show)
    {
        HistoryOperation Forget(HistoryOperation operation) => operation with { Outcome = OperationOutcome.Unknown, ReturnNs = null, Result = default };

        Assert.True(example.IsMinimal, show);
        Assert.False(BruteForce.IsLinearizable(model, example.Operations), show);
        Assert.True(BruteForce.IsLinearizable(model, example.Operations.Select(o => ReferenceEquals(o, example.Culprit) ? Forget(o) : o)), show);
        Assert.True(BruteForce.Explains(model, [.. example.Prefix.Select(p => p.Operation)], example.Operations.Where(o => !ReferenceEquals(o, example.Culprit))), show);
        Assert.Contains(example.Culprit, example.Conflict);

        // The conflict alone is impossible, and nothing in it is superfluous.
        HistoryOperation Keep(HistoryOperation operation, HistoryOperation? except) =>
            !ReferenceEquals(operation, except) && example.Conflict.Any(c => ReferenceEquals(c, operation)) ? operation : Forget(operation);
        Assert.False(BruteForce.IsLinearizable(model, example.Operations.Select(o => Keep(o, null))), show);
        Assert.All(example.Conflict, c => Assert.True(BruteForce.IsLinearizable(model, example.Operations.Select(o => Keep(o, c))), show));
        Assert.Contains("cannot be placed", example.ToText(), StringComparison.Ordinal);
    }

    /// <summary>A model that says nothing but what it must.</summary>
    private sealed class BareModel(RegisterModel inner) : ISequentialModel<HistoryValue>
    {
        public string Name => "bare";

        public HistoryValue InitialState => inner.InitialState;

        public ModelStep<HistoryValue> Step(HistoryValue state, HistoryOperation operation) => inner.Step(state, operation);
    }
}
