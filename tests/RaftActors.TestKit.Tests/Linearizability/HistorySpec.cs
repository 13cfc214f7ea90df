using RaftActors.TestKit.Linearizability;
using RaftActors.TestKit.Tests.Linearizability.Support;

namespace RaftActors.TestKit.Tests.Linearizability;

public sealed class HistorySpec
{
    [Fact]
    public void File_must_have_the_documented_form()
    {
        History history = new(
        [
            new HistoryOperation
            {
                Client = "c1", Name = "CAS", Key = "x", Value = 5, Expected = "4", CallNs = 1200, ReturnNs = 1950, Outcome = OperationOutcome.Completed, Result = true, Note = "node \"2\" é",
            },
            new HistoryOperation { Client = "c2", Name = "mget", Key = new HistoryValue(["a", "b"]), CallNs = 1300, Outcome = OperationOutcome.Unknown },
            new HistoryOperation
            {
                Client = "c3", Name = "mget", Key = new HistoryValue(["a", "b"]), CallNs = 1400, ReturnNs = 1500, Outcome = OperationOutcome.Completed, Result = new HistoryValue(["1", null]),
            },
            new HistoryOperation { Client = "c4", Name = "get", CallNs = 1500, ReturnNs = 1600, Outcome = OperationOutcome.Failed },
        ]);
        StringWriter writer = new();
        history.Write(writer);
        string[] expected =
        [
            """{"client":"c1","op":"cas","key":"x","value":"5","expected":"4","call_ns":1200,"return_ns":1950,"outcome":"completed","result":"1","note":"node \"2\" é"}""",
            """{"client":"c2","op":"mget","key":["a","b"],"call_ns":1300,"return_ns":null,"outcome":"unknown","result":null}""",
            """{"client":"c3","op":"mget","key":["a","b"],"call_ns":1400,"return_ns":1500,"outcome":"completed","result":["1",null]}""",
            """{"client":"c4","op":"get","call_ns":1500,"return_ns":1600,"outcome":"failed","result":null}""",
            "",
        ];
        Assert.Equal(expected, writer.ToString().Split('\n'));
        Assert.Equal(history.Operations, History.Read(new StringReader(writer.ToString())).Operations);
    }

    [Theory]
    [InlineData("""{"client":1,"op":"Get","key":7,"call_ns":1,"return_ns":2,"result":3}""", "1: get 7 = 3 [1 .. 2]")]
    [InlineData("""{"client":"a","op":"cas","key":"x","value":true,"expected":false,"call_ns":1,"return_ns":2,"result":true}""", "a: cas x 0 → 1 = 1 [1 .. 2]")]
    [InlineData("""{"client":"a","op":"set","key":"x","value":"a b","call_ns":1}""", "a: set x \"a b\" = ? [1 .. ∞]")]
    [InlineData("""{"client":"a","op":"set","key":"x","value":"1","call_ns":1,"return_ns":null,"result":null}""", "a: set x 1 = ? [1 .. ∞]")]
    [InlineData("""{"client":"a","op":"set","key":"x","value":"1","call_ns":1,"return_ns":5,"outcome":"unknown"}""", "a: set x 1 = ? [1 .. 5]")]
    [InlineData("""{"client":"a","op":"set","key":"x","value":"1","call_ns":1,"outcome":"failed"}""", "a: set x 1 failed [1 .. ∞]")]
    public void Line_must_be_read_as_it_is_meant(string line, string expected) =>
        Assert.Equal(expected, Assert.Single(History.Read(new StringReader(line + "\n\n")).Operations).ToString());

    [Theory]
    [InlineData("{", "not JSON")]
    [InlineData("[]", "an object is expected")]
    [InlineData("""{"op":"get","call_ns":1}""", "'client' is missing")]
    [InlineData("""{"client":"a","call_ns":1}""", "'op' is missing")]
    [InlineData("""{"client":"a","op":"get"}""", "'call_ns' is missing")]
    [InlineData("""{"client":"a","op":5,"call_ns":1}""", "'op' must be a text")]
    [InlineData("""{"client":"a","op":"get","call_ns":1.5}""", "'call_ns' must be a whole number")]
    [InlineData("""{"client":"a","op":"get","call_ns":"1"}""", "'call_ns' must be a whole number")]
    [InlineData("""{"client":"a","op":"get","call_ns":-1}""", "negative")]
    [InlineData("""{"client":"a","op":"get","call_ns":5,"return_ns":4}""", "lies before")]
    [InlineData("""{"client":"a","op":"get","call_ns":5,"outcome":"completed"}""", "needs return_ns")]
    [InlineData("""{"client":"a","op":"get","call_ns":5,"outcome":"ok"}""", "outcome 'ok' is not one of")]
    [InlineData("""{"client":"a","op":"get","call_ns":5,"call_ns":6}""", "'call_ns' stands twice")]
    [InlineData("""{"client":"a","op":"get","call_ns":5,"retrun_ns":6}""", "'retrun_ns' is not known")]
    [InlineData("""{"client":"a","op":"get","call_ns":5,"value":1.5}""", "must be whole")]
    [InlineData("""{"client":"a","op":"get","call_ns":5,"value":{}}""", "flat array")]
    [InlineData("""{"client":"a","op":"get","call_ns":5,"value":[[1]]}""", "flat array")]
    public void Wrong_line_must_be_named(string line, string reason)
    {
        HistoryException wrong = Assert.Throws<HistoryException>(() => History.Read(new StringReader("""{"client":"a","op":"get","call_ns":1}""" + "\n\n" + line)));
        Assert.Equal(3, wrong.Line);
        Assert.StartsWith("Line 3: ", wrong.Message, StringComparison.Ordinal);
        Assert.Contains(reason, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Recorder_must_note_times_and_outcomes()
    {
        long now = 100;
        HistoryRecorder recorder = new(() => now++);
        PendingOperation set = recorder.Begin("a", "set", "x", 1);
        PendingOperation get = recorder.Begin("b", "get", "x");
        PendingOperation cas = recorder.Begin("c", "cas", "x", 2, 1);
        recorder.Begin("d", "incr", "x");
        get.Complete(1, "node 1");
        set.LeaveUnknown("connection lost");
        cas.Fail("no leader");
        Assert.Equal(
            ["a: set x 1 = ? [100 .. 105]", "b: get x = 1 [101 .. 104]", "c: cas x 1 → 2 failed [102 .. 106]", "d: incr x = ? [103 .. ∞]"],
            recorder.ToHistory().Operations.Select(o => o.ToString()));
        Assert.Equal(4, recorder.Count);
        Assert.Throws<InvalidOperationException>(() => get.Fail());
        Assert.Equal(["connection lost", "node 1", "no leader", null], recorder.ToHistory().Operations.Select(o => o.Note));
    }

    [Fact]
    public async Task Recorder_must_take_many_clients_at_once()
    {
        HistoryRecorder recorder = new();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(c => Task.Run(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                recorder.Begin($"c{c}", "set", "x", i).Complete();
            }
        })));
        History history = recorder.ToHistory();
        Assert.Equal(8000, history.Operations.Count);
        Assert.All(history.Operations.GroupBy(o => o.Client), client => Assert.True(client.Zip(client.Skip(1)).All(p => p.First.ReturnNs <= p.Second.CallNs)));
        Assert.IsType<Linearizable>(LinearizabilityChecker.Check(history, new RegisterModel()));
    }

    [Fact]
    public void Values_must_compare_by_what_they_say()
    {
        Assert.Equal(new HistoryValue("1"), 1);
        Assert.Equal(new HistoryValue(["1", null]), new HistoryValue(["1", null]));
        Assert.Equal(new HistoryValue(["1", null]).GetHashCode(), new HistoryValue(["1", null]).GetHashCode());
        Assert.NotEqual(new HistoryValue(["1"]), new HistoryValue("1"));
        Assert.NotEqual(HistoryValue.Null, new HistoryValue(""));
        Assert.All(["007", "+7", " 7", "-0", "-", "", "7x", "9223372036854775808"], text => Assert.False(new HistoryValue(text).TryGetInt64(out _), text));
        Assert.All([0, 7, -7, long.MaxValue, long.MinValue], number => Assert.True(((HistoryValue)number).TryGetInt64(out long same) && same == number));
        Assert.Equal("[1, nil, \"\"]", new HistoryValue(["1", null, ""]).ToString());
        Assert.Equal(KeyValueState.Empty.With("a", 1).With("b", 2).With("a", default), KeyValueState.Empty.With("b", 2));
        Assert.NotEqual(KeyValueState.Empty.With("a", 1), KeyValueState.Empty.With("a", 2));
    }
}
