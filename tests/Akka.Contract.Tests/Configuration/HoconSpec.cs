using Akka.Configuration.Hocon;

namespace Akka.Contract.Tests.Configuration;

public sealed class HoconSpec
{
    [Fact]
    public void Nested_and_dotted_keys_must_be_the_same()
    {
        var config = Parse("""
            a { b { c = 1 } }
            a.b.d = 2
            a.e : 3
            """);

        Assert.Equal(1, config.GetInt("a.b.c"));
        Assert.Equal(2, config.GetInt("a.b.d"));
        Assert.Equal(3, config.GetConfig("a").GetInt("e"));
    }

    [Fact]
    public void The_last_value_must_win_and_objects_be_merged()
    {
        var config = Parse("""
            a { x = 1, y = 1 }
            a { y = 2, z = 3 }
            a.x = 4
            """);

        Assert.Equal((4, 2, 3), (config.GetInt("a.x"), config.GetInt("a.y"), config.GetInt("a.z")));
    }

    [Fact]
    public void Comments_quotes_and_multi_line_texts_must_be_read()
    {
        var config = Parse(""""
            # a comment
            // another one
            plain = some unquoted text # not this
            quoted = "with # and // and \"quotes\""
            "key.with.dots" = 1
            long = """first
            second"""
            """");

        Assert.Equal("some unquoted text", config.GetString("plain"));
        Assert.Equal("with # and // and \"quotes\"", config.GetString("quoted"));
        Assert.Equal("first\nsecond", config.GetString("long").ReplaceLineEndings("\n"));
        Assert.Equal(1, config.GetInt("\"key.with.dots\""));
    }

    [Theory]
    [InlineData("10s", 10_000)]
    [InlineData("5 minutes", 300_000)]
    [InlineData("100ms", 100)]
    [InlineData("250 ms", 250)]
    [InlineData("2h", 7_200_000)]
    [InlineData("1d", 86_400_000)]
    [InlineData("500", 500)]
    [InlineData("1.5s", 1_500)]
    public void Durations_must_be_read_with_their_unit(string text, int milliseconds) =>
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), Parse($"time = {text}").GetTimeSpan("time"));

    [Fact]
    public void An_infinite_duration_must_be_allowed_only_where_asked_for()
    {
        var config = Parse("time = infinite");

        Assert.Equal(Timeout.InfiniteTimeSpan, config.GetTimeSpan("time"));
        Assert.ThrowsAny<Exception>(() => config.GetTimeSpan("time", allowInfinite: false));
    }

    [Theory]
    [InlineData("128000b", 128_000)]
    [InlineData("100", 100)]
    [InlineData("64KiB", 65_536)]
    [InlineData("10kB", 10_000)]
    [InlineData("1MiB", 1_048_576)]
    [InlineData("4 MB", 4_000_000)]
    public void Sizes_must_be_read_with_their_unit(string text, long bytes) =>
        Assert.Equal(bytes, Parse($"size = {text}").GetByteSize("size", null));

    [Theory]
    [InlineData("on", true)]
    [InlineData("true", true)]
    [InlineData("off", false)]
    [InlineData("false", false)]
    public void Switches_must_be_read(string text, bool value) => Assert.Equal(value, Parse($"switch = {text}").GetBoolean("switch", !value));

    [Fact]
    public void Numbers_must_be_read_by_type()
    {
        var config = Parse("int = 42, long = 5000000000, double = 2.5, negative = -7");

        Assert.Equal(42, config.GetInt("int"));
        Assert.Equal(5_000_000_000, config.GetLong("long"));
        Assert.Equal(2.5, config.GetDouble("double"));
        Assert.Equal(-7, config.GetInt("negative"));
    }

    [Fact]
    public void Lists_must_be_read_by_type()
    {
        var config = Parse("""
            names = ["a", b, "c d"]
            numbers = [1, 2, 3]
            none = []
            """);

        Assert.Equal(["a", "b", "c d"], config.GetStringList("names"));
        Assert.Equal([1, 2, 3], config.GetIntList("numbers"));
        Assert.Empty(config.GetStringList("none"));
    }

    [Fact]
    public void A_list_of_objects_must_be_reachable()
    {
        var config = Parse("peers = [ { id = 1, port = 10 }, { id = 2, port = 20 } ]");

        var ports = config.GetValue("peers").GetArray().Select(peer => peer.GetObject().GetKey("port").GetInt());

        Assert.Equal([10, 20], ports);
    }

    [Fact]
    public void What_is_missing_must_come_from_the_fallback()
    {
        var config = Parse("a { x = 1 }").WithFallback(Parse("a = { x = 2, y = 2 }, b = 2")).WithFallback(Parse("a.z = 3, b = 3"));

        Assert.Equal((1, 2, 3, 2), (config.GetInt("a.x"), config.GetInt("a.y"), config.GetInt("a.z"), config.GetInt("b")));
        var section = config.GetConfig("a");
        Assert.Equal((1, 2, 3), (section.GetInt("x"), section.GetInt("y"), section.GetInt("z")));
    }

    [Fact]
    public void What_is_nowhere_must_be_the_default()
    {
        var config = Parse("a = 1");

        Assert.Equal(7, config.GetInt("b", 7));
        Assert.Equal("x", config.GetString("b.c", "x"));
        Assert.Equal(TimeSpan.FromSeconds(3), config.GetTimeSpan("b", TimeSpan.FromSeconds(3)));
        Assert.False(config.HasPath("b"));
        Assert.True(config.HasPath("a"));
        Assert.True(config.GetConfig("b").IsNullOrEmpty());
    }

    [Fact]
    public void A_substitution_must_stand_for_the_value_of_its_path()
    {
        var config = Parse("""
            base { port = 4711, hosts = [a, b] }
            one = ${base}
            one.extra = yes
            port = ${base.port}
            hosts = ${base.hosts}
            """);

        Assert.Equal(4711, config.GetInt("port"));
        Assert.Equal(4711, config.GetInt("one.port"));
        Assert.Equal("yes", config.GetString("one.extra"));
        Assert.Equal(["a", "b"], config.GetStringList("hosts"));
    }

    [Fact]
    public void An_include_must_be_read_in_its_place()
    {
        var config = ConfigurationFactory.ParseString(
            """
            before = 1
            section { include "part" }
            section.b = 20
            """,
            name => Parser.Parse(name == "part" ? "a = 1, b = 2" : "wrong = 1", null));

        Assert.Equal((1, 1, 20), (config.GetInt("before"), config.GetInt("section.a"), config.GetInt("section.b")));
    }

    [Fact]
    public void All_keys_must_be_enumerable()
    {
        var config = Parse("a = { x = 1, y { z = 2 } }, b = 3");

        Assert.Equal(["a", "b"], config.Root.GetObject().Items.Keys.Order());
        Assert.Equal(["x", "y"], config.GetConfig("a").Root.GetObject().Items.Keys.Order());
    }

    [Theory]
    [InlineData("a = {")]
    [InlineData("a = [1, 2")]
    public void A_text_that_ends_too_early_must_be_refused(string text) => Assert.ThrowsAny<Exception>(() => Parse(text));

    private static Config Parse(string hocon) => ConfigurationFactory.ParseString(hocon);
}
