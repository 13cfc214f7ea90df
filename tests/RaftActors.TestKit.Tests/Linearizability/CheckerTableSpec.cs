using RaftActors.TestKit.Linearizability;
using RaftActors.TestKit.Tests.Linearizability.Support;

namespace RaftActors.TestKit.Tests.Linearizability;

/// <summary>Histories of which everyone can see what they are.</summary>
public sealed class CheckerTableSpec
{
    [Theory]
    [InlineData("nothing happened", true, "")]
    [InlineData("read of an empty register", true, "a 0 1 get x = nil")]
    [InlineData("read of what nobody wrote", false, "a 0 1 get x = 7")]
    [InlineData("read after write", true, "a 0 1 set x 1\nb 2 3 get x = 1")]
    [InlineData("stale read", false, "a 0 1 set x 1\na 2 3 set x 2\nb 4 5 get x = 1")]
    [InlineData("read of nothing after a write", false, "a 0 1 set x 1\nb 2 3 get x = nil")]
    [InlineData("read may see a concurrent write", true, "a 0 10 set x 1\nb 2 3 get x = 1\nc 4 5 get x = 1")]
    [InlineData("read need not see a concurrent write", true, "a 0 10 set x 1\nb 2 3 get x = nil")]
    [InlineData("a concurrent write once seen stays", false, "a 0 10 set x 1\nb 2 3 get x = 1\nc 4 5 get x = nil")]
    [InlineData("two readers see concurrent writes in one order", true, "a 0 10 set x 1\nb 0 10 set x 2\nc 2 3 get x = 1\nc 4 5 get x = 2\nd 6 7 get x = 2")]
    [InlineData("two readers see concurrent writes in different orders", false, "a 0 10 set x 1\nb 0 10 set x 2\nc 2 3 get x = 1\nc 4 5 get x = 2\nd 4 5 get x = 1\nd 6 7 get x = 1")]
    [InlineData("equal times are concurrent", true, "a 0 5 set x 1\nb 5 6 get x = nil")]
    [InlineData("keys are independent", true, "a 0 1 set x 1\na 2 3 set y 2\nb 4 5 get x = 1\nb 6 7 get y = 2")]
    [InlineData("one bad key is enough", false, "a 0 1 set x 1\na 2 3 set y 2\nb 4 5 get x = 1\nb 6 7 get y = 3")]
    [InlineData("unknown write may be seen", true, "a 0 ? set x 1\nb 5 6 get x = 1")]
    [InlineData("unknown write may be seen late", true, "a 0 ? set x 1\nb 5 6 get x = nil\nb 7 8 set x 2\nb 9 10 get x = 2\nb 11 12 get x = 1")]
    [InlineData("unknown write may never be seen", true, "a 0 ? set x 1\nb 5 6 get x = nil")]
    [InlineData("unknown write is not seen before its call", false, "b 0 1 get x = 1\na 5 ? set x 1")]
    [InlineData("unknown write takes effect once only", false, "a 0 ? set x 1\nb 5 6 get x = 1\nb 7 8 set x 2\nb 9 10 get x = 1")]
    [InlineData("unknown read says nothing", true, "a 0 1 set x 1\nb 2 ? get x\nb 4 5 get x = 1")]
    [InlineData("failed write is not seen", true, "a 0 1! set x 1\nb 2 3 get x = nil")]
    [InlineData("dirty read after a failed write", false, "a 0 1! set x 1\nb 2 3 get x = 1")]
    [InlineData("cas that wins", true, "a 0 1 set x 1\na 2 3 cas x 1>2 = 1\nb 4 5 get x = 2")]
    [InlineData("cas of nothing", true, "a 0 1 cas x 1>2 = nil\nb 2 3 cas x nil>5 = 1\nb 4 5 get x = 5")]
    [InlineData("two cas win over the same value", false, "a 0 1 set x 1\na 2 9 cas x 1>2 = 1\nb 2 9 cas x 1>3 = 1")]
    [InlineData("cas refused although the value was there all the time", false, "a 0 1 set x 1\na 2 3 cas x 1>2 = 0")]
    [InlineData("cas refused although nothing but the value can have been there", false, "a 0 1 set x 1\nb 2 9 get x = 1\na 2 3 cas x 1>2 = 0")]
    [InlineData("cas refused because of an unknown write", true, "a 0 1 set x 1\nc 0 ? set x 3\na 2 3 cas x 1>2 = 0")]
    [InlineData("lost update: a read-modify-write overwrites another", false, "a 0 1 set x 1\na 2 3 get x = 1\nb 2 3 get x = 1\na 4 5 cas x 1>2 = 1\nb 6 7 cas x 1>2 = 1\nb 8 9 get x = 2")]
    [InlineData("an equal write after another counts", true, "a 0 1 set x 5\nb 2 10 set x 5\nc 3 9 set x 6\nd 4 5 get x = 6\nd 6 7 get x = 5")]
    public void Register_and_key_value_models_must_agree_with_what_anyone_can_see(string name, bool good, string table)
    {
        History history = HistoryText.Parse(table);
        Assert.True(good == LinearizabilityChecker.Check(history, new RegisterModel()).IsLinearizable, name);
        Assert.True(good == LinearizabilityChecker.Check(history, new KeyValueModel()).IsLinearizable, name);
        Assert.True(good == LinearizabilityChecker.Check(history, new KeyValueStoreModel()).IsLinearizable, name);
    }

    [Theory]
    [InlineData("increments count", true, "a 0 1 incr n = 1\nb 2 3 incr n = 2\nc 4 5 get n = 2")]
    [InlineData("concurrent increments in any order", true, "a 0 9 incr n = 2\nb 0 9 incr n = 1")]
    [InlineData("the same count twice", false, "a 0 9 incr n = 1\nb 0 9 incr n = 1")]
    [InlineData("lost update", false, "a 0 1 incr n = 1\nb 2 3 incr n = 2\nc 4 5 get n = 1")]
    [InlineData("increment applied twice", false, "a 0 1 incr n = 1\nc 2 3 get n = 2")]
    [InlineData("retry of an unknown increment may count twice", true, "a 0 ? incr n\na 5 6 incr n = 2\nc 7 8 get n = 2")]
    [InlineData("unknown increment counts once at the most", false, "a 0 ? incr n\nc 2 3 get n = 2")]
    [InlineData("unknown increment counts late", true, "a 0 ? incr n\nc 2 3 get n = 0\nc 4 5 get n = 1")]
    [InlineData("what was counted stays", false, "a 0 ? incr n\nc 2 3 get n = 1\nc 4 5 get n = 0")]
    [InlineData("results need not be recorded", true, "a 0 1 incr n = nil\nb 0 1 incr n = nil\nc 2 3 get n = 2")]
    [InlineData("decrement", true, "a 0 1 decr n = -1\nc 2 3 get n = -1")]
    public void Counter_must_agree_with_what_anyone_can_see(string name, bool good, string table)
    {
        History history = HistoryText.Parse(table);
        Assert.True(good == LinearizabilityChecker.Check(history, new CounterModel()).IsLinearizable, name);
        if (!table.Contains("get n = 0", StringComparison.Ordinal))
        {
            Assert.True(good == LinearizabilityChecker.Check(history, new KeyValueModel()).IsLinearizable, name);
        }
    }

    [Theory]
    [InlineData("add", true, "a 0 1 add n 5 = 5\nb 2 3 add n -2 = 3\nc 4 5 read n = 3")]
    [InlineData("one counter without a key", true, "a 0 1 inc = 1\nb 2 3 read = 1")]
    [InlineData("dec by a value", true, "a 0 1 dec n 5 = -5")]
    [InlineData("nothing is zero", true, "a 0 1 read n = nil")]
    public void Counter_must_know_its_operations(string name, bool good, string table) =>
        Assert.True(good == LinearizabilityChecker.Check(HistoryText.Parse(table), new CounterModel()).IsLinearizable, name);

    [Theory]
    [InlineData("del says whether", true, "a 0 1 set x 1\na 2 3 del x = 1\na 4 5 del x = 0\na 6 7 get x = nil")]
    [InlineData("del of nothing", false, "a 0 1 del x = 1")]
    [InlineData("del without result", true, "a 0 1 del x = nil\nb 2 3 exists x = 0")]
    [InlineData("append and length", true, "a 0 1 append x ab = 2\na 2 3 append x c = 3\nb 4 5 get x = abc\nb 4 5 strlen x = 3")]
    [InlineData("append lost", false, "a 0 1 append x ab = 2\na 2 3 append x c = 3\nb 4 5 get x = ab")]
    [InlineData("append in two orders", false, "a 0 9 append x a = 1\nb 0 9 append x b = 2\nc 10 11 get x = ba")]
    [InlineData("length is bytes", true, "a 0 1 append x é = 2")]
    [InlineData("setnx", true, "a 0 1 setnx x 1 = 1\na 2 3 setnx x 2 = 0\nb 4 5 get x = 1")]
    [InlineData("setnx twice", false, "a 0 9 setnx x 1 = 1\nb 0 9 setnx x 2 = 1")]
    [InlineData("setnx refused for nothing", false, "a 0 1 setnx x 1 = 0")]
    [InlineData("setxx", true, "a 0 1 setxx x 1 = nil\na 2 3 set x 1\na 4 5 setxx x 2 = OK\nb 6 7 get x = 2")]
    [InlineData("getset", true, "a 0 1 getset x 1 = nil\na 2 3 getset x 2 = 1\nb 4 5 get x = 2")]
    [InlineData("getset misses a write", false, "a 0 1 getset x 1 = nil\na 2 3 getset x 2 = nil")]
    [InlineData("getdel", true, "a 0 1 set x 1\na 2 3 getdel x = 1\nb 4 5 exists x = 0")]
    [InlineData("incr of a text never was executed", true, "a 0 1 set x abc\na 2 3! incr x\nc 2 ? incr x\nb 4 5 get x = abc")]
    [InlineData("incr of a text cannot have a result", false, "a 0 1 set x abc\na 2 3 incr x = 1")]
    [InlineData("incrby", true, "a 0 1 incrby x 5 = 5\na 2 3 decrby x 7 = -2\nb 4 5 get x = -2")]
    public void Key_value_models_must_know_their_operations(string name, bool good, string table)
    {
        History history = HistoryText.Parse(table);
        Assert.True(good == LinearizabilityChecker.Check(history, new KeyValueModel()).IsLinearizable, name);
        Assert.True(good == LinearizabilityChecker.Check(history, new KeyValueStoreModel()).IsLinearizable, name);
    }

    [Theory]
    [InlineData("mset and mget", true, "a 0 1 mset x,y 1,2\nb 2 3 mget x,y,z = 1,2,nil")]
    [InlineData("mset is one step", false, "a 0 9 mset x,y 1,2\nb 2 3 get x = 1\nb 4 5 get y = nil")]
    [InlineData("keys that are fine one by one can be wrong together", false, "a 0 9 set x 1\nb 0 9 set y 1\nc 2 3 mget x,y = 1,nil\nd 2 3 mget x,y = nil,1")]
    [InlineData("an older state of two keys", false, "a 0 1 mset x,y 1,1\na 2 3 set x 2\nb 4 5 mget x,y = 1,1")]
    public void Whole_store_must_be_checked_across_keys(string name, bool good, string table) =>
        Assert.True(good == LinearizabilityChecker.Check(HistoryText.Parse(table), new KeyValueStoreModel()).IsLinearizable, name);

    [Theory]
    [InlineData("a 0 1 mget x,y = 1,2", "several keys")]
    [InlineData("a 0 1 frobnicate x", "'frobnicate' is not known")]
    [InlineData("a 0 1 get", "needs a key")]
    [InlineData("a 0 1 set x", "needs a value")]
    [InlineData("a 0 1 incr x abc", "not a number")]
    [InlineData("a 0 1 cas x 1>2 = 7", "1, 0 or nothing")]
    public void Operation_that_the_model_does_not_know_must_be_refused_by_name(string table, string reason)
    {
        HistoryException refused = Assert.Throws<HistoryException>(() => LinearizabilityChecker.Check(HistoryText.Parse(table), new KeyValueModel()));
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        Assert.Contains("a: ", refused.Message, StringComparison.Ordinal);
    }
}
