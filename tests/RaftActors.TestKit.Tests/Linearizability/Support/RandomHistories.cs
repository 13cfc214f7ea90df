using RaftActors.TestKit.Linearizability;

namespace RaftActors.TestKit.Tests.Linearizability.Support;

/// <summary>Histories from a seed.</summary>
internal static class RandomHistories
{
    /// <summary>A few operations with results out of the blue: most of them impossible, some not.</summary>
    public static History Anything(Random random, string kind)
    {
        int count = random.Next(1, 8);
        int unknowns = random.Next(2) == 0 ? 2 : 6;
        List<HistoryOperation> operations = [];
        for (int i = 0; i < count; i++)
        {
            long call = random.Next(0, 12);
            long end = call + random.Next(0, 6);
            OperationOutcome outcome = random.Next(10) is var dice && dice < unknowns ? OperationOutcome.Unknown : dice == 9 && random.Next(3) == 0 ? OperationOutcome.Failed : OperationOutcome.Completed;
            operations.Add(Operation(random, kind, i, call, end, outcome) with { Result = Result(random, kind) });
        }

        return new History(Repair(operations));
    }

    /// <summary>
    /// What a correct object answers to concurrent clients: each operation takes effect at a random moment between call and return. Of those with an unknown outcome
    /// some take effect later, some never.
    /// </summary>
    public static History Correct<TState>(Random random, ISequentialModel<TState> model, string kind, int count, int clients, int keys, double unknown, Func<TState, HistoryOperation, HistoryValue?> answer)
    {
        List<(HistoryOperation Operation, long Effect)> planned = [];
        long[] free = new long[clients];
        for (int i = 0; i < count; i++)
        {
            int client = random.Next(clients);
            long call = free[client] + random.Next(1, 20);
            long effect = call + random.Next(1, 100);
            long end = effect + random.Next(1, 100);
            free[client] = end;
            bool isUnknown = random.NextDouble() < unknown;
            HistoryOperation operation = Operation(random, kind, i, call, end, isUnknown ? OperationOutcome.Unknown : OperationOutcome.Completed) with
            {
                Client = $"c{client}",
                Key = $"k{random.Next(keys)}",
            };
            planned.Add((operation, isUnknown ? (random.Next(2) == 0 ? long.MaxValue : call + random.Next(1, 1000)) : effect));
        }

        Dictionary<string, TState> states = [];
        List<HistoryOperation> done = [];
        foreach ((HistoryOperation operation, long effect) in planned.OrderBy(p => p.Effect))
        {
            if (effect == long.MaxValue)
            {
                done.Add(operation);
                continue;
            }

            TState state = states.GetValueOrDefault(operation.Key.Text!, model.InitialState);
            if (answer(state, operation) is not { } result)
            {
                done.Add(operation with { Outcome = OperationOutcome.Failed });
                continue;
            }

            HistoryOperation answered = operation.Outcome == OperationOutcome.Completed ? operation with { Result = result } : operation;
            states[operation.Key.Text!] = model.Step(state, answered).Next;
            done.Add(answered);
        }

        return new History(done);
    }

    /// <summary>What a store answers; null when it refuses.</summary>
    public static HistoryValue? AnswerOfRegister(HistoryValue state, HistoryOperation operation) => operation.Name switch
    {
        "get" or "getset" => (HistoryValue?)state,
        "cas" => state == operation.Expected ? 1 : state.IsNull ? HistoryValue.Null : 0,
        "set" => "OK",
        "setnx" => state.IsNull,
        "del" => !state.IsNull,
        "append" => (state.Text + operation.Value.Text).Length,
        _ => state.IsNull ? (HistoryValue?)1 : state.TryGetInt64(out long number) && number < long.MaxValue ? number + 1 : (HistoryValue?)null,
    };

    public static HistoryValue? AnswerOfCounter(long state, HistoryOperation operation) => operation.Name == "get" ? state : state + 1;

    private static HistoryOperation Operation(Random random, string kind, int number, long call, long end, OperationOutcome outcome)
    {
        string small = random.Next(3).ToString(System.Globalization.CultureInfo.InvariantCulture);
        HistoryOperation operation = new() { Client = $"c{number}", Name = "get", Key = "x", CallNs = call, ReturnNs = end, Outcome = outcome };
        return (kind, random.Next(10)) switch
        {
            (_, < 3) => operation,
            ("counter", _) => operation with { Name = "incr" },
            ("unique", _) => operation with { Name = "set", Value = $"v{number}" },
            ("register", < 7) or ("kv", 3) => operation with { Name = "set", Value = small },
            ("register", _) or ("kv", 4) => operation with { Name = "cas", Value = small, Expected = random.Next(3) },
            ("kv", 5) => operation with { Name = "del" },
            ("kv", 6) => operation with { Name = "setnx", Value = small },
            ("kv", 7) => operation with { Name = "getset", Value = small },
            ("kv", 8) => operation with { Name = "append", Value = small },
            ("kv", _) => operation with { Name = "incr" },
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
        };
    }

    private static HistoryValue Result(Random random, string kind) => random.Next(4) is var number && number == 3 && kind != "counter" ? HistoryValue.Null : number;

    // A result that the operation cannot have at all is another test's matter.
    private static IEnumerable<HistoryOperation> Repair(IEnumerable<HistoryOperation> operations) => operations.Select(o => o.Outcome != OperationOutcome.Completed
        ? o with { Result = default, ReturnNs = o.Outcome == OperationOutcome.Unknown && o.CallNs % 2 == 0 ? null : o.ReturnNs }
        : o.Name == "cas" && o.Result.AsTruth() is null ? o with { Result = default } : o);
}
