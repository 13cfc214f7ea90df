using Akka.Configuration;
using Akka.Configuration.Hocon;
using Xunit;

namespace Akka.Subset.Tests.Documents;

public sealed class ConfigSpec
{
    [Theory]
    [InlineData("10", 10_000_0L)]
    [InlineData("10ms", 10_000_0L)]
    [InlineData("10 millis", 10_000_0L)]
    [InlineData("1.5s", 1_500_000_0L)]
    [InlineData("5 seconds", 5_000_000_0L)]
    [InlineData("2m", 120_000_000_0L)]
    [InlineData("2 minutes", 120_000_000_0L)]
    [InlineData("1h", 3_600_000_000_0L)]
    [InlineData("1 day", 86_400_000_000_0L)]
    [InlineData("500us", 500_0L)]
    [InlineData("700 ns", 7L)]
    [InlineData("infinite", -10_000L)]
    [InlineData("\"3 s\"", 3_000_000_0L)]
    public void Durations_have_units(string text, long ticks) =>
        Assert.Equal(ticks, ConfigurationFactory.ParseString("a = " + text).GetTimeSpan("a").Ticks);

    [Theory]
    [InlineData("10", 10)]
    [InlineData("10b", 10)]
    [InlineData("128000b", 128_000)]
    [InlineData("1k", 1024)]
    [InlineData("1K", 1024)]
    [InlineData("1KiB", 1024)]
    [InlineData("1kB", 1000)]
    [InlineData("1 KB", 1000)]
    [InlineData("1.5m", 1_572_864)]
    [InlineData("2 MiB", 2_097_152)]
    [InlineData("2MB", 2_000_000)]
    [InlineData("1 GiB", 1_073_741_824)]
    public void Sizes_have_units(string text, long bytes) =>
        Assert.Equal(bytes, ConfigurationFactory.ParseString("a = " + text).GetByteSize("a"));

    [Theory]
    [InlineData("on", true)]
    [InlineData("yes", true)]
    [InlineData("true", true)]
    [InlineData("off", false)]
    [InlineData("no", false)]
    [InlineData("false", false)]
    public void Switches_have_many_words(string text, bool value) =>
        Assert.Equal(value, ConfigurationFactory.ParseString("a = " + text).GetBoolean("a", !value));

    [Fact]
    public void A_value_of_the_wrong_kind_names_path_and_value()
    {
        var config = ConfigurationFactory.ParseString("a.b = x, c = 99999999999, d = -1s");
        var error = Assert.ThrowsAny<Exception>(() => config.GetInt("a.b"));
        Assert.Contains("[a.b]", error.Message, StringComparison.Ordinal);
        Assert.Contains("[x]", error.Message, StringComparison.Ordinal);
        Assert.ThrowsAny<Exception>(() => config.GetBoolean("a.b"));
        Assert.ThrowsAny<Exception>(() => config.GetTimeSpan("a.b"));
        Assert.ThrowsAny<Exception>(() => config.GetByteSize("a.b"));
        Assert.ThrowsAny<Exception>(() => config.GetInt("c"));
        Assert.ThrowsAny<Exception>(() => config.GetTimeSpan("d"));
        Assert.Equal(99999999999, config.GetLong("c"));
    }

    [Fact]
    public void What_is_missing_or_null_reads_as_the_default()
    {
        var config = ConfigurationFactory.ParseString("a { b = null }");
        Assert.Equal(7, config.GetInt("a.x", 7));
        Assert.Equal(7, config.GetInt("a.b", 7));
        Assert.Equal("d", config.GetString("a.b", "d"));
        Assert.Null(config.GetString("a.b"));
        Assert.Empty(config.GetStringList("nothing"));
        Assert.Equal(TimeSpan.FromSeconds(3), config.GetTimeSpan("nothing", TimeSpan.FromSeconds(3)));
        Assert.Null(config.GetByteSize("nothing", null));
        Assert.False(config.HasPath("a.b"));
        Assert.False(config.HasPath("a.b.c"));
        Assert.True(config.HasPath("a"));
        Assert.True(config.GetConfig("nothing").IsNullOrEmpty());
    }

    [Fact]
    public void A_fallback_answers_only_for_what_is_not_said_before_it()
    {
        var first = ConfigurationFactory.ParseString("a { b = 1, list = [1] }");
        var second = ConfigurationFactory.ParseString("a { b = 2, c = 2, list = [2, 3] }");
        var third = ConfigurationFactory.ParseString("a = { b = 3, c = 3, d = 3 }, e = 3");
        foreach (var config in new[] { first.WithFallback(second).WithFallback(third), first.WithFallback(second.WithFallback(third)) })
        {
            Assert.Equal((1, 2, 3, 3), (config.GetInt("a.b"), config.GetInt("a.c"), config.GetInt("a.d"), config.GetInt("e")));
            Assert.Equal([1], config.GetIntList("a.list"));
            var part = config.GetConfig("a");
            Assert.Equal((1, 2, 3), (part.GetInt("b"), part.GetInt("c"), part.GetInt("d")));
            var more = part.WithFallback(ConfigurationFactory.ParseString("d = 9, f = 9"));
            Assert.Equal((3, 9), (more.GetInt("d"), more.GetInt("f")));
            Assert.Equal(["a", "e"], config.AsEnumerable().Select(static item => item.Key));
        }

        Assert.False(first.HasPath("a.c"));
        Assert.Null(first.Fallback);
    }

    [Fact]
    public void An_empty_configuration_gives_way_to_its_fallback()
    {
        var fallback = ConfigurationFactory.ParseString("a = 1");
        Assert.Equal(1, ConfigurationFactory.Empty.WithFallback(fallback).GetInt("a"));
        Assert.True(ConfigurationFactory.Empty.IsEmpty);
        Assert.True(ConfigurationFactory.ParseString("").IsEmpty);
        Assert.Equal(1, ((Config)null).SafeWithFallback(fallback).GetInt("a"));
        Assert.Throws<ArgumentException>(() => fallback.WithFallback(fallback));
    }

    [Fact]
    public void Merged_text_has_every_key_once_with_the_value_that_counts()
    {
        var config = ConfigurationFactory.ParseString("a { b = 1 }").WithFallback(ConfigurationFactory.ParseString("a = { b = 2, c = 3 }, d = 4"));
        var merged = ConfigurationFactory.ParseString(config.ToString(includeFallback: true));
        Assert.Equal((1, 3, 4), (merged.GetInt("a.b"), merged.GetInt("a.c"), merged.GetInt("d")));
        Assert.False(ConfigurationFactory.ParseString(config.ToString()).HasPath("d"));
    }

    [Fact]
    public void Quoted_keys_are_one_key()
    {
        var config = ConfigurationFactory.ParseString("bindings { \"System.Object\" = json, \"A.B, C\" = x }");
        Assert.Equal("json", config.GetString("bindings.\"System.Object\""));
        Assert.Equal(["System.Object", "A.B, C"], config.GetConfig("bindings").AsEnumerable().Select(static item => item.Key));
    }

    [Fact]
    public void Many_threads_may_read_one_configuration()
    {
        var config = ConfigurationFactory.ParseString("a.b = 1").WithFallback(ConfigurationFactory.Default());
        Parallel.For(0, 2_000, i =>
        {
            Assert.Equal(1, config.GetInt("a.b"));
            Assert.Equal(512, config.GetInt("akka.scheduler.ticks-per-wheel"));
            Assert.Equal(i, config.WithFallback(ConfigurationFactory.ParseString($"x = {i}")).GetInt("x"));
        });
    }

    [Fact]
    public void Values_can_be_wrapped_and_merged_by_hand()
    {
        var inner = ConfigurationFactory.ParseString("b = 1").Root;
        Assert.Equal(1, inner.AtKey("a").GetInt("a.b"));
        var left = ConfigurationFactory.ParseString("a { x = 1 }").Root.GetObject();
        left.Merge(ConfigurationFactory.ParseString("a { x = 2, y = 3 }").Root.GetObject());
        Assert.Equal("1", left.GetKey("a").GetObject().GetKey("x").GetString());
        Assert.Equal("3", left.GetKey("a").GetObject().GetKey("y").GetString());
        Assert.Equal("x", new HoconLiteral { Value = "x" }.GetString());
    }

    [Fact]
    public void Objects_become_configurations()
    {
        var config = ConfigurationFactory.FromObject(new { a = new { b = 1, c = new[] { "x", "y" } }, d = true });
        Assert.Equal(1, config.GetInt("a.b"));
        Assert.Equal(["x", "y"], config.GetStringList("a.c"));
        Assert.True(config.GetBoolean("d"));
    }
}
