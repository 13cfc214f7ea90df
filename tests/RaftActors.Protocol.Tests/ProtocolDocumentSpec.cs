using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using RaftActors.TestKit.Simulation;
using Xunit;

namespace RaftActors.Protocol.Tests;

/// <summary>What docs/PROTOCOL.md names must exist: types and their members in the protocol, tests in the test projects (or worlds of the simulation), and every
/// invariant there is.</summary>
public sealed partial class ProtocolDocumentSpec
{
    private const BindingFlags Anything = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
    private static readonly Type[] Types = typeof(RaftCore).Assembly.GetTypes();

    [Fact]
    public void Every_type_in_the_table_of_sections_must_exist()
    {
        foreach (string[] row in Rows("## Paper section, type, test"))
        {
            foreach (string name in Names(row[2]))
            {
                string[] parts = name.Split('.');
                Type? type = Types.FirstOrDefault(t => t.Name == parts[0]);
                Assert.True(type is not null, $"row '{row[0]}' names the type {parts[0]}, which the protocol does not have");
                Assert.True(parts.Length == 1 || type.GetMember(parts[1], Anything).Length > 0, $"row '{row[0]}' names {name}, but {type.Name} has no {parts[^1]}");
            }
        }
    }

    [Fact]
    public void Every_test_in_the_table_of_sections_must_exist()
    {
        HashSet<string> tests = [.. Directory.EnumerateFiles(Path.Combine(Root, "tests"), "*.cs", SearchOption.AllDirectories).Select(f => Path.GetFileNameWithoutExtension(f))];
        foreach (string[] row in Rows("## Paper section, type, test"))
        {
            Assert.NotEmpty(Names(row[3]));
            Assert.All(Names(row[3]), name => Assert.True(tests.Contains(name) || SimulationProfile.Names.Contains(name), $"row '{row[0]}' names the test {name}, which is nowhere"));
        }
    }

    [Fact]
    public void The_table_of_invariants_must_be_complete()
    {
        IEnumerable<string> there = AllInvariants.Create(new CommittedHistory()).Select(i => i.GetType().Name);
        IEnumerable<string> told = Rows("## Invariants").SelectMany(r => Names(r[0]));
        Assert.Equal(there.Order(StringComparer.Ordinal), told.Order(StringComparer.Ordinal));
    }

    private static string Root => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "..", ".."));

    private static string Here([CallerFilePath] string path = "") => path;

    private static IEnumerable<string> Names(string cell) => Code().Matches(cell).Select(m => m.Groups[1].Value);

    /// <summary>The rows of the tables in a chapter, without their headings.</summary>
    private static List<string[]> Rows(string chapter)
    {
        string[] lines = File.ReadAllLines(Path.Combine(Root, "docs", "PROTOCOL.md"));
        IEnumerable<string> own = lines.SkipWhile(l => l != chapter).Skip(1).TakeWhile(l => !l.StartsWith("## ", StringComparison.Ordinal));
        List<string[]> rows = [.. own.Where(l => l.StartsWith('|')).Select(l => l.Trim('|').Split(" | ", StringSplitOptions.TrimEntries)).Where(r => !r[0].StartsWith("---", StringComparison.Ordinal)).Skip(1)];
        Assert.NotEmpty(rows);
        return rows;
    }

    [GeneratedRegex("`([A-Za-z.]+)`")]
    private static partial Regex Code();
}
