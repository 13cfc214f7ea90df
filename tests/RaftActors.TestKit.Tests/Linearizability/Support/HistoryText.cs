using System.Globalization;
using RaftActors.TestKit.Linearizability;

namespace RaftActors.TestKit.Tests.Linearizability.Support;

/// <summary>
/// Histories as tables: a line is <c>client call return op key [value] [= result]</c>. The return is <c>?</c> for an unknown outcome and ends with
/// <c>!</c> for a failed one; a cas writes <c>expected>value</c>; <c>-</c> stands for no key and <c>nil</c> for nothing.
/// </summary>
internal static class HistoryText
{
    public static History Parse(string table) =>
        new(table.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(ParseLine));

    private static HistoryOperation ParseLine(string line)
    {
        string[] sides = line.Split('=', 2, StringSplitOptions.TrimEntries);
        string[] words = sides[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string[] argument = words.Length > 5 ? words[5].Split('>') : [];
        string end = words[2];
        return new HistoryOperation
        {
            Client = words[0],
            CallNs = Number(words[1]),
            ReturnNs = end == "?" ? null : Number(end.TrimEnd('!')),
            Outcome = end == "?" ? OperationOutcome.Unknown : end.EndsWith('!') ? OperationOutcome.Failed : OperationOutcome.Completed,
            Name = words[3],
            Key = words.Length > 4 ? Value(words[4]) : default,
            Expected = argument.Length == 2 ? Value(argument[0]) : default,
            Value = argument.Length > 0 ? Value(argument[^1]) : default,
            Result = sides.Length == 2 ? Value(sides[1]) : default,
        };
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    private static HistoryValue Value(string text) =>
        text is "nil" or "-" ? HistoryValue.Null
        : text.Contains(',') ? new HistoryValue(text.Split(',').Select(t => t == "nil" ? null : t))
        : new HistoryValue(text);
}
