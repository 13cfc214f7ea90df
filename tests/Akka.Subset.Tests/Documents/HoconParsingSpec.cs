using Akka.Configuration;
using Akka.Configuration.Hocon;
using Hocon;
using Xunit;

namespace Akka.Subset.Tests.Documents;

/// <summary>What a text means: every row is read by both packages, which must agree.</summary>
public sealed class HoconParsingSpec
{
    [Theory]
    // Fields and separators
    [InlineData("a = 1", "a", "1")]
    [InlineData("a : 1", "a", "1")]
    [InlineData("a = 1, b = 2", "b", "2")]
    [InlineData("a = 1\n\n\nb = 2", "b", "2")]
    [InlineData("{ a : 1, b : 2, }", "b", "2")]
    [InlineData("a\n=\n1", "a", "1")]
    [InlineData("a { b = 1 }", "a.b", "1")]
    [InlineData("a\n{\n  b = 1\n}", "a.b", "1")]
    [InlineData("a = { b = 1 }", "a.b", "1")]
    [InlineData("a = 1\r\nb = 2\r\n", "b", "2")]
    [InlineData("\uFEFFa = 1", "a", "1")]
    // Comments
    [InlineData("# x\na = 1 # y\n// z", "a", "1")]
    [InlineData("a = 1 // x", "a", "1")]
    [InlineData("a // x\n = # y\n 1", "a", "1")]
    [InlineData("a = \"# no // comment\"", "a", "# no // comment")]
    [InlineData("a = x/y", "a", "x/y")]
    // Keys
    [InlineData("a.b.c = 1", "a.b.c", "1")]
    [InlineData("a . b = 1", "a.b", "1")]
    [InlineData("\"a.b\".c = 1", "\"a.b\".c", "1")]
    [InlineData("\"\" = 1", "\"\"", "1")]
    [InlineData("a b c = 1", "\"a b c\"", "1")]
    [InlineData("/user/a { b = 1 }", "/user/a.b", "1")]
    [InlineData("10.5 = 1", "10.5", "1")]
    [InlineData("includes = 1", "includes", "1")]
    [InlineData("include = 1", "include", "1")]
    // Texts
    [InlineData("a = foo bar", "a", "foo bar")]
    [InlineData("a =   foo  bar   ", "a", "foo  bar")]
    [InlineData("a = \"  foo  \"", "a", "  foo  ")]
    [InlineData("a = \"x\" y \"z\"", "a", "x y z")]
    [InlineData("a = \"q\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\"", "a", "q\"\\/\b\f\n\r\tA")]
    [InlineData("a = \"\"\"x\\n\"y\"\nz\"\"\"", "a", "x\\n\"y\"\nz")]
    [InlineData("a = \"\"\"x\"\"\"\"", "a", "x\"")]
    [InlineData("a = Some.Type+Nested", "a", "Some.Type+Nested")]
    [InlineData("a = 5 s", "a", "5 s")]
    [InlineData("a = nullable", "a", "nullable")]
    [InlineData("a = 1 null", "a", "1 null")]
    // The later one wins, and objects merge
    [InlineData("a = 1\na = 2", "a", "2")]
    [InlineData("a { b = 1 }\na { c = 2 }", "a.b", "1")]
    [InlineData("a { b = 1 }\na { b = 2 }", "a.b", "2")]
    [InlineData("a.b.c = 1, a.b.d = 2", "a.b.c", "1")]
    [InlineData("a = { b = 1 }, a = 2, a { c = 3 }", "a.c", "3")]
    [InlineData("a = { x = 1 } { y = 2 }", "a.x", "1")]
    // Substitutions
    [InlineData("a = 1, b = ${a}", "b", "1")]
    [InlineData("b = ${a}, a = 1", "b", "1")]
    [InlineData("a = 1, b = ${a}, a = 2", "b", "2")]
    [InlineData("a = x, b = ${a}/y", "b", "x/y")]
    [InlineData("a = x, b = pre ${a} post", "b", "pre x post")]
    [InlineData("a.b = 1, c = ${a.b}", "c", "1")]
    [InlineData("\"a.b\" = 1, c = ${\"a.b\"}", "c", "1")]
    [InlineData("a = { b = 1 }, c = ${a}, c { d = 2 }", "c.b", "1")]
    [InlineData("a = { b = 1 }, c = ${a} { b = 2 }", "c.b", "2")]
    [InlineData("a = { b = 1 }, c = { b = 3 }, c = ${a}", "c.b", "1")]
    [InlineData("c = { b = 3 }, c = ${?nothing}", "c.b", "3")]
    [InlineData("a = { b = 42, c = ${a.b} }, a { b = 43 }", "a.c", "43")]
    [InlineData("a = ${d}, a = { y = ${a.x} }, d { x = 1 }", "a.y", "1")]
    [InlineData("c = ${a.b.c}, a.b = ${d}, d { c = 7 }", "c", "7")]
    [InlineData("p = x, p = ${p}:y", "p", null)]
    [InlineData("p = x, p = ${p}\":y\", p = ${p}\":z\"", "p", "x:y:z")]
    [InlineData("a = 5, a = ${?nothing}", "a", "5")]
    [InlineData("a = ${?a}x", "a", "x")]
    [InlineData("a = [${?nothing}, 1]", "a.0", null)]
    [InlineData("a = ${RAFT_SUBSET_TEST_VARIABLE}", "a", "from the environment")]
    [InlineData("RAFT_SUBSET_TEST_VARIABLE = own, a = ${RAFT_SUBSET_TEST_VARIABLE}", "a", "own")]
    public void A_value_reads_as_text(string text, string path, string expected)
    {
        Environment.SetEnvironmentVariable("RAFT_SUBSET_TEST_VARIABLE", "from the environment");
        if (expected is null)
        {
            // The row documents that this is an error or has no value there; both packages must agree on that, too.
            Assert.Equal(Fails(() => ConfigurationFactory.ParseString(text).GetString(path)), Fails(() => HoconParser.Parse(text).GetString(path)));
            return;
        }

        Assert.Equal(expected, ConfigurationFactory.ParseString(text).GetString(path));
        Assert.Equal(expected, HoconParser.Parse(text).GetString(path));
    }

    [Theory]
    [InlineData("a = []", "")]
    [InlineData("a = [1, 2, 3]", "1|2|3")]
    [InlineData("a = [1\n2\n3]", "1|2|3")]
    [InlineData("a = [\n  1, # one\n  2,\n]", "1|2")]
    [InlineData("a = [1, 2] [3]", "1|2|3")]
    [InlineData("a = [x y, \"z\"]", "x y|z")]
    [InlineData("a = [1], a = ${a} [2]", "1|2")]
    [InlineData("a = [1], a += 2, a += 3", "1|2|3")]
    [InlineData("a += 1", "1")]
    [InlineData("b = 3, a = [], a += ${b}", "3")]
    [InlineData("b = [1, 2], a = [0] ${b}", "0|1|2")]
    [InlineData("a = [1], a = [2]", "2")]
    [InlineData("a = [${?nothing}, 1]", "1")]
    [InlineData("a { \"1\" = y, \"0\" = x }", "x|y")]
    public void An_array_reads_as_a_list(string text, string expected)
    {
        var items = expected.Length == 0 ? [] : expected.Split('|');
        Assert.Equal(items, ConfigurationFactory.ParseString(text).GetStringList("a"));
        Assert.Equal(items, HoconParser.Parse(text).GetStringList("a"));
    }

    [Fact]
    public void Json_is_hocon()
    {
        const string json = """{"a": {"b": [1, {"c": "d", "e": null}], "f": true, "g": 1.5e3}, "h": ""}""";
        var config = ConfigurationFactory.ParseString(json);
        Assert.Equal("d", config.GetValue("a.b").GetArray()[1].GetObject().GetKey("c").GetString());
        Assert.True(config.GetBoolean("a.f"));
        Assert.Equal(1500, config.GetDouble("a.g"));
        Assert.Equal("", config.GetString("h"));
        Assert.False(config.GetValue("a.b").GetArray()[1].ToConfig().HasPath("e"));
    }

    [Fact]
    public void Long_chains_of_appends_are_not_expensive()
    {
        var text = string.Concat(Enumerable.Range(0, 5_000).Select(static i => $"a += {i}\n"));
        Assert.Equal(Enumerable.Range(0, 5_000), ConfigurationFactory.ParseString(text).GetIntList("a"));
    }

    [Fact]
    public void Long_documents_are_read_in_one_pass()
    {
        var text = string.Concat(Enumerable.Range(0, 50_000).Select(static i => $"k{i} {{ a = [x y, {{ b = {i} }}], c = ${{k0.d}} }}\n")) + "k0.d = 1";
        Assert.Equal("1", ConfigurationFactory.ParseString(text).GetString("k49999.c"));
        Assert.Equal("49999", HoconParser.Parse(text).GetObject("k49999")["a"].GetArray()[1].GetObject()["b"].GetString());
    }

    [Fact]
    public void Includes_of_Akka_merge_where_they_stand()
    {
        var config = ConfigurationFactory.ParseString(
            "a = 1\ninclude \"first\"\nb { include file(\"second\") }\nc = ${b.x}",
            static name => Parser.Parse(name == "first" ? "a = 2, d = 4" : "x = 5", null));
        Assert.Equal(2, config.GetInt("a"));
        Assert.Equal(4, config.GetInt("d"));
        Assert.Equal(5, config.GetInt("c"));
    }

    [Fact]
    public void Includes_of_Hocon_see_their_own_root_first_and_then_the_document()
    {
        var asked = new List<string>();
        var root = HoconParser.Parse(
            "top = 1, x = 2\nb { include \"inner\" }\nc { include required(url(\"other\")) }",
            (kind, name) =>
            {
                asked.Add($"{kind} {name}");
                return Task.FromResult(name == "inner" ? "x = 7, own = ${x}, outer = ${top}" : "y = 1");
            });
        Assert.Equal(7, root.GetInt("b.own"));
        Assert.Equal(1, root.GetInt("b.outer"));
        Assert.Equal(1, root.GetInt("c.y"));
        Assert.Equal(["File inner", "Url other"], asked);
    }

    [Fact]
    public void An_include_that_is_missing_matters_only_if_required()
    {
        Assert.Equal("1", HoconParser.Parse("include \"x\", a = 1", static (_, _) => Task.FromResult<string>(null)).GetString("a"));
        Assert.Throws<HoconParserException>(() => HoconParser.Parse("include required(\"x\")", static (_, _) => Task.FromResult<string>(null)));
    }

    [Fact]
    public void A_comma_behind_an_object_needs_a_sign_before_it_in_Akkas_own_parser()
    {
        const string text = "a { b = 1 }, c = 2";
        Assert.ThrowsAny<FormatException>(() => ConfigurationFactory.ParseString(text));
        Assert.Equal("2", HoconParser.Parse(text).GetString("c"));
        Assert.Equal("2", ConfigurationFactory.ParseString("a = { b = 1 }, c = 2").GetString("c"));
        Assert.Equal("2", ConfigurationFactory.ParseString("a { b = 1 }\nc = 2").GetString("c"));
    }

    [Fact]
    public void What_is_printed_reads_the_same()
    {
        const string text = "a = { \"b.c\" = \"x y\", d = [1, {e = \" f\"}], \"g h\" = \"\" }, i = null, j = {}, k = \"q\\\"\\n\", l = \"true\"";
        var config = ConfigurationFactory.ParseString(text);
        Assert.Equal(config.ToString(), ConfigurationFactory.ParseString(config.ToString()).ToString());
        var root = HoconParser.Parse(text);
        Assert.Equal(root.PrettyPrint(2), HoconParser.Parse(root.PrettyPrint(2)).PrettyPrint(2));
        Assert.Equal("q\"\n", HoconParser.Parse(root.PrettyPrint(4)).GetString("k"));
    }

    [Fact]
    public void Hocon_tells_types_and_paths()
    {
        var root = HoconParser.Parse("a { b = [1], c = true, d = 1.5, e = x, f = \"1\", g = null, h {} }");
        var inner = root.GetObject("a");
        Assert.Equal(HoconType.Array, inner["b"].Type);
        Assert.Equal(HoconType.Boolean, inner["c"].Type);
        Assert.Equal(HoconType.Number, inner["d"].Type);
        Assert.Equal(HoconType.String, inner["e"].Type);
        Assert.Equal(HoconType.String, inner["f"].Type);
        Assert.Equal(HoconType.Object, inner["h"].Type);
        Assert.Equal("a.h", inner["h"].Path.Value);
        Assert.True(root.HasPath("a.c"));
        Assert.False(root.HasPath("a.g"));
        Assert.False(root.HasPath("a.c.x"));
        Assert.Equal("a.x", Assert.Throws<HoconValueException>(() => root.GetInt("a.x")).FailPath);
        Assert.Equal("a.e", Assert.Throws<HoconValueException>(() => root.GetInt("a.e")).FailPath);
        Assert.Equal(3, root.GetInt("a.x", 3));
    }

    private static bool Fails(Func<string> read)
    {
        try
        {
            return read() is null;
        }
        catch (Exception)
        {
            return true;
        }
    }
}
