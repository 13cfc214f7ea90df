using System.Xml.Linq;
using RaftActors.TestKit.Linearizability;
using RaftActors.TestKit.Tests.Linearizability.Support;
using Xunit.Abstractions;

namespace RaftActors.TestKit.Tests.Linearizability;

public sealed class ReportSpec(ITestOutputHelper output)
{
    private const string StaleRead = """
        a 0 1000000 set x 1
        b 500000 1500000 set y 5
        a 2000000 3000000 set x 2
        c 2500000 ? set x <3
        b 3500000 4000000 get x = <3
        d 3600000 ? set x 4
        b 5000000 6000000 get x = 1
        b 7000000 8000000 get x = 2
        """;

    private static NotLinearizable Check() => Assert.IsType<NotLinearizable>(LinearizabilityChecker.Check(HistoryText.Parse(StaleRead), new KeyValueModel()));

    [Fact]
    public void Counterexample_must_hold_the_shortest_impossible_beginning_and_the_operations_that_clash()
    {
        Counterexample example = Check().Counterexample;
        Assert.Equal("x", example.Partition);
        Assert.Equal("b: get x = 1 [5000000 .. 6000000]", example.Culprit.ToString());
        Assert.Equal(6, example.Operations.Count);
        Assert.Equal(["set x 1 = nil", "get x = \"<3\"", "get x = 1"], example.Conflict.Select(o => o.Describe()));
        Assert.Equal(["1", "2", "\"<3\"", "\"<3\""], example.Prefix.Select(p => p.State));
        Assert.True(example.IsMinimal);
        Assert.False(example.CulpritEffectIsNeeded);
    }

    [Fact]
    public void Text_must_tell_the_story()
    {
        string text = Check().ToString();
        output.WriteLine(text);
        Assert.Equal(
            """
            key-value x: this operation cannot be placed; until it returned, everything could be explained
                b  get x = 1                     [5.000 .. 6.000 ms]
            These operations contradict each other, whatever the others were answered:
                a  set x 1 = nil                 [0.000 .. 1.000 ms]
                b  get x = "<3"                  [3.500 .. 4.000 ms]
                b  get x = 1                     [5.000 .. 6.000 ms]
            The longest linearizable prefix, 4 operations in an order that explains them:
                a  set x 1 = nil                 [0.000 .. 1.000 ms]  then 1
                a  set x 2 = nil                 [2.000 .. 3.000 ms]  then 2
                c  set x "<3" = ?                [2.500 .. ∞ ms]  then "<3"
                b  get x = "<3"                  [3.500 .. 4.000 ms]  then "<3"
            """,
            Check().Counterexample.ToText());
    }

    [Fact]
    public void Timeline_must_be_complete_in_itself_and_well_formed()
    {
        Counterexample example = Check().Counterexample;
        XElement svg = XElement.Parse(example.ToSvg());
        XNamespace ns = "http://www.w3.org/2000/svg";
        Assert.Equal(6, svg.Descendants(ns + "title").Count());
        Assert.Single(svg.Descendants(ns + "rect"), r => (string?)r.Attribute("class") == "culprit");
        Assert.Equal(2, svg.Descendants(ns + "rect").Count(r => (string?)r.Attribute("class") == "clash"));
        Assert.Single(svg.Descendants(ns + "rect"), r => (string?)r.Attribute("class") == "seen");
        string page = example.ToHtml();
        Assert.Contains("<svg", page, StringComparison.Ordinal);
        Assert.DoesNotContain("src=", page, StringComparison.Ordinal);
        Assert.DoesNotContain("href=", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<3", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Failed_expectation_must_throw_with_the_report_and_write_the_page()
    {
        string file = Path.Combine(Path.GetTempPath(), $"lin-{Guid.NewGuid():N}.html");
        LinearizabilityException thrown = Assert.Throws<LinearizabilityException>(() => Check().EnsureLinearizable(file));
        Assert.Contains("cannot be placed", thrown.Message, StringComparison.Ordinal);
        Assert.Contains(file, thrown.Message, StringComparison.Ordinal);
        Assert.StartsWith("<!DOCTYPE html>", File.ReadAllText(file), StringComparison.Ordinal);
        File.Delete(file);
        LinearizabilityChecker.Check(HistoryText.Parse("a 0 1 set x 1"), new KeyValueModel()).EnsureLinearizable();
    }

    [Fact]
    public void Result_that_does_not_fit_an_effect_that_was_seen_must_be_told()
    {
        Counterexample example = Assert.IsType<NotLinearizable>(LinearizabilityChecker.Check(
            HistoryText.Parse("a 0 10 incr n = 7\nb 2 3 get n = 1\nc 12 13 get n = 1"), new CounterModel())).Counterexample;
        Assert.True(example.CulpritEffectIsNeeded);
        Assert.Equal("incr n = 7", Assert.Single(example.Conflict).Describe());
        Assert.Contains("it is the result that does not fit", example.ToText(), StringComparison.Ordinal);
    }

    [Fact]
    public void Impossible_history_of_many_operations_must_shrink_to_a_few()
    {
        Random random = new(5);
        HistoryOperation[] operations = [.. RandomHistories.Correct(random, new CounterModel(), "counter", 1500, 10, 1, 0.02, RandomHistories.AnswerOfCounter).Operations];
        int at = Array.FindIndex(operations, 1200, o => o is { Name: "incr", Outcome: OperationOutcome.Completed });

        // Applied twice: everything after it is one higher, and one number is missing.
        operations = [.. operations.Select((o, i) => o.Outcome == OperationOutcome.Completed && o.Result.TryGetInt64(out long n) && operations[at].Result.TryGetInt64(out long from) && n >= from && i != at ? o with { Result = n + 200 } : o)];
        NotLinearizable result = Assert.IsType<NotLinearizable>(LinearizabilityChecker.Check(new History(operations), new CounterModel()));
        output.WriteLine(result.ToString());
        Assert.True(result.Counterexample.IsMinimal);
        Assert.InRange(result.Counterexample.Conflict.Count, 1, 4);
        Assert.True(result.Counterexample.Prefix.Count > 1000);
        Assert.True(result.Counterexample.ToSvg().Length < 200_000);
    }
}
