using System.Collections.Immutable;
using System.Globalization;

namespace RaftActors.Administration;

/// <summary>Survivors and what they report, as words of a request: <c>1,2</c> and <c>2:LASTTERM:LASTINDEX:COMMITTERM:COMMITINDEX,...</c>; a dash for none.</summary>
internal static class RecoveryWords
{
    public static string Write(IEnumerable<NodeId> survivors) => string.Join(',', survivors.Select(id => id.Value.ToString(CultureInfo.InvariantCulture)));

    public static string Write(IReadOnlyCollection<SurvivorReport> reports) => reports.Count == 0 ? "-" : string.Join(',', reports.Select(r =>
        string.Create(CultureInfo.InvariantCulture, $"{r.Id.Value}:{r.Last.Term.Value}:{r.Last.Index.Value}:{r.Committed.Term.Value}:{r.Committed.Index.Value}")));

    public static bool TrySurvivors(string word, out ImmutableArray<NodeId> survivors)
    {
        bool isRead = TryNumbers(word, out ImmutableArray<int> numbers);
        survivors = [.. numbers.Select(n => new NodeId((uint)n))];
        return isRead && numbers.All(n => n > 0) && !survivors.IsEmpty;
    }

    public static bool TryReports(string word, out ImmutableArray<SurvivorReport> reports)
    {
        ImmutableArray<SurvivorReport>.Builder read = ImmutableArray.CreateBuilder<SurvivorReport>();
        reports = [];
        foreach (string one in word == "-" ? [] : word.Split(','))
        {
            string[] parts = one.Split(':');
            long[] numbers = new long[5];
            for (int i = 0; i < numbers.Length; i++)
            {
                if (parts.Length != numbers.Length || !long.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i]))
                {
                    return false;
                }
            }

            read.Add(new SurvivorReport(
                new NodeId((uint)numbers[0]),
                new EntryId(new Term(numbers[1]), new LogIndex(numbers[2])),
                new EntryId(new Term(numbers[3]), new LogIndex(numbers[4]))));
        }

        reports = read.ToImmutable();
        return true;
    }

    public static bool TryNumbers(string word, out ImmutableArray<int> numbers)
    {
        ImmutableArray<int>.Builder read = ImmutableArray.CreateBuilder<int>();
        numbers = [];
        foreach (string one in word == "-" ? [] : word.Split(','))
        {
            if (!int.TryParse(one, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            {
                return false;
            }

            read.Add(number);
        }

        numbers = read.ToImmutable();
        return true;
    }
}
