using System.Runtime.CompilerServices;
using Xunit;

namespace RaftActors.Protocol.Tests.Scripts;

/// <summary>
/// Each script beside this file must give the trace that it shows. With RAFT_REWRITE_SCRIPTS=1 the traces are written anew: look at the difference before you believe it.
/// </summary>
public sealed class ScriptSpec
{
    private static readonly string Copies = Path.Combine(AppContext.BaseDirectory, "Scripts");

    public static TheoryData<string> Scripts { get; } = [.. Directory.GetFiles(Copies, "*.txt").Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Scripts))]
    public void Script_must_give_the_trace_that_it_shows(string name)
    {
        string expected = File.ReadAllText(Path.Combine(Copies, name));
        string actual = ScriptFile.Run(expected);
        if (Environment.GetEnvironmentVariable("RAFT_REWRITE_SCRIPTS") == "1")
        {
            File.WriteAllText(Path.Combine(Sources(), name), actual);
            return;
        }

        string? difference = ScriptFile.Difference(expected, actual);
        Assert.True(difference is null, $"{name}, {difference}\n\nIf that is what should happen now: RAFT_REWRITE_SCRIPTS=1");
    }

    [Fact]
    public void A_changed_trace_must_be_noticed()
    {
        const string Script = "A story.\n\n> start 1\n    1  starts in term 0, log empty\n    1  did something else\n\nThe end.\n";
        string actual = ScriptFile.Run(Script);
        Assert.Contains("line 5", ScriptFile.Difference(Script, actual), StringComparison.Ordinal);
        Assert.Contains("\n\nThe end.\n", actual, StringComparison.Ordinal);
        Assert.Null(ScriptFile.Difference(actual, ScriptFile.Run(actual)));
    }

    [Fact]
    public void An_impossible_command_must_be_named() =>
        Assert.Contains("'dance 1' cannot be done", Assert.Throws<FormatException>(() => ScriptFile.Run("> start 1\n> dance 1\n")).Message, StringComparison.Ordinal);

    private static string Sources([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
