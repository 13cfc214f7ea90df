using Akka.Configuration;
using Hocon;
using Xunit;

namespace Akka.Subset.Tests.Documents;

/// <summary>A text that is wrong is refused with the place where it is wrong.</summary>
public sealed class HoconErrorSpec
{
    [Theory]
    [InlineData("a = {", 1, 6, "never closed")]
    [InlineData("a = [1, 2", 1, 10, "never closed")]
    [InlineData("a = 1\n}", 2, 1, "without a '{'")]
    [InlineData("a = [1}", 1, 7, "expected ',' or ']'")]
    [InlineData("a = [1,,2]", 1, 8, "expected an element")]
    [InlineData("a = 1,,b = 2", 1, 7, "expected a key")]
    [InlineData(", a = 1", 1, 1, "expected a key")]
    [InlineData("a = ", 1, 5, "expected a value for [a]")]
    [InlineData("a = }", 1, 5, "expected a value for [a]")]
    [InlineData("a {\n  b.c =\n}", 3, 1, "expected a value for [b.c]")]
    [InlineData("a", 1, 2, "expected ':', '=' or '{'")]
    [InlineData("a b", 1, 4, "expected ':', '=' or '{'")]
    [InlineData("\n\n   = 1", 3, 4, "expected a key")]
    [InlineData("a..b = 1", 1, 3, "empty key")]
    [InlineData(".a = 1", 1, 1, "empty key")]
    [InlineData("a. = 1", 1, 4, "another key")]
    [InlineData("a = \"x", 1, 5, "does not end on its line")]
    [InlineData("a = \"x\ny\"", 1, 5, "does not end on its line")]
    [InlineData("a = \"\"\"x", 1, 5, "never ends")]
    [InlineData("a = \"\\x\"", 1, 6, "unknown escape")]
    [InlineData("a = \"\\u12\"", 1, 6, "unknown escape")]
    [InlineData("a = b:c", 1, 6, "not allowed in text without quotes")]
    [InlineData("a = c:\\d", 1, 6, "not allowed in text without quotes")]
    [InlineData("a = ${b", 1, 8, "expected '}'")]
    [InlineData("a = $b", 1, 5, "not allowed in text without quotes")]
    [InlineData("a = [1] {b = 1}", 1, 5, "side by side")]
    [InlineData("b { c = 1 }\na = x ${b}", 2, 7, "side by side")]
    [InlineData("a = 1\nb = ${nothing.at.all}", 2, 5, "${nothing.at.all}")]
    [InlineData("a = ${a}", 1, 5, "${a}")]
    [InlineData("a = ${b}\nb = ${a}", 2, 5, "${a}")]
    [InlineData("a = 1\ninclude \"x\"", 2, 9, "no include callback")]
    [InlineData("include file(\"x\"", 1, 17, "expected ')'")]
    [InlineData("include file(x)", 1, 14, "expected a quoted name")]
    public void The_error_names_line_and_column(string text, int line, int column, string part)
    {
        var fromAkka = Assert.IsAssignableFrom<FormatException>(Record.Exception(() => ConfigurationFactory.ParseString(text)));
        Assert.StartsWith($"Line {line}, column {column}: ", fromAkka.Message, StringComparison.Ordinal);
        Assert.Contains(part, fromAkka.Message, StringComparison.Ordinal);

        var fromHocon = Assert.Throws<HoconParserException>(() => HoconParser.Parse(text));
        Assert.Equal((line, column), (fromHocon.LineNumber, fromHocon.LinePosition));
        Assert.Equal(fromAkka.Message, fromHocon.Message);
    }

    [Fact]
    public void Nesting_has_a_limit_instead_of_the_stack()
    {
        Assert.ThrowsAny<FormatException>(() => ConfigurationFactory.ParseString("a = " + new string('[', 100_000)));
        Assert.ThrowsAny<FormatException>(() => ConfigurationFactory.ParseString(string.Concat(Enumerable.Repeat("a {", 100_000))));
    }

    [Fact]
    public void An_error_in_an_included_document_names_both_places()
    {
        var error = Assert.Throws<HoconParserException>(() =>
            HoconParser.Parse("a = 1\ninclude \"x\"", static (_, _) => Task.FromResult("\n\nb = [")));
        Assert.Equal(2, error.LineNumber);
        Assert.Contains("[x]: Line 3, column 6", error.Message, StringComparison.Ordinal);
    }
}
