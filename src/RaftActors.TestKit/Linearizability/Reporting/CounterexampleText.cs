using System.Globalization;
using System.Text;

namespace RaftActors.TestKit.Linearizability;

/// <summary>A counterexample as lines of text.</summary>
internal static class CounterexampleText
{
    private const int LongestPrefix = 15;
    private const int LongestConflict = 40;

    public static string Write(Counterexample example)
    {
        StringBuilder text = new();
        int client = example.Operations.Max(o => o.Client.Length);
        text.Append(example.Model);
        if (example.Partition.Length > 0)
        {
            text.Append(' ').Append(new HistoryValue(example.Partition));
        }

        text.Append(": this operation cannot be placed; until it returned, everything could be explained\n");
        Line(text, example.Culprit, client, null);
        if (example.CulpritEffectIsNeeded)
        {
            text.Append("    (others have seen its effect; it is the result that does not fit)\n");
        }

        text.Append(example.IsMinimal
            ? "These operations contradict each other, whatever the others were answered:\n"
            : "Not made as small as possible, for want of time. Among these operations is the contradiction:\n");
        Some(text, example.Conflict, LongestConflict, o => Line(text, o, client, null));
        text.Append(CultureInfo.InvariantCulture, $"The longest linearizable prefix, {example.Prefix.Count} operations in an order that explains them:\n");
        Some(text, example.Prefix, LongestPrefix, p => Line(text, p.Operation, client, p.State));
        return text.ToString().TrimEnd('\n');
    }

    internal static string Time(long nanoseconds) => (nanoseconds / 1e6).ToString("0.000", CultureInfo.InvariantCulture);

    private static void Some<T>(StringBuilder text, IReadOnlyList<T> items, int most, Action<T> write)
    {
        if (items.Count > most)
        {
            text.Append(CultureInfo.InvariantCulture, $"    ... {items.Count - most} before\n");
        }

        foreach (T item in items.Skip(items.Count - most))
        {
            write(item);
        }
    }

    private static void Line(StringBuilder text, HistoryOperation operation, int client, string? state)
    {
        text.Append("    ").Append(operation.Client.PadRight(client)).Append("  ").Append(operation.Describe().PadRight(28));
        text.Append("  [").Append(Time(operation.CallNs)).Append(" .. ");
        text.Append(operation.ReturnNs is { } returned ? Time(returned) : "∞").Append(" ms]");
        if (state is not null)
        {
            text.Append("  then ").Append(state);
        }

        if (operation.Note is { } note)
        {
            text.Append("  (").Append(note).Append(')');
        }

        text.Append('\n');
    }
}
