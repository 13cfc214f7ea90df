namespace RaftActors.Protocol.Tests.Scripts;

/// <summary>
/// A script: prose, commands and what must come of them. A line that begins with <c>&gt; </c> is a command; the indented lines behind it are its trace; everything
/// else is prose. A command that begins with <c>quietly</c> shows no trace.
/// </summary>
internal static class ScriptFile
{
    private const string Prompt = "> ";
    private const string Quietly = "quietly ";
    private const string Indent = "    ";

    /// <summary>Runs a script.</summary>
    /// <param name="text">The script.</param>
    /// <returns>The same script with the trace that came out.</returns>
    public static string Run(string text)
    {
        ScriptWorld world = new();
        List<string> result = [];
        bool inTrace = false;
        foreach (string line in text.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n'))
        {
            if (inTrace && line.StartsWith(Indent, StringComparison.Ordinal))
            {
                continue;
            }

            inTrace = line.StartsWith(Prompt, StringComparison.Ordinal);
            result.Add(line);
            if (inTrace)
            {
                result.AddRange(Execute(world, line[Prompt.Length..]).Select(l => Indent + l));
            }
        }

        return string.Join('\n', result) + "\n";
    }

    /// <summary>The first line in which two scripts differ, for people; null when they are the same.</summary>
    public static string? Difference(string expected, string actual)
    {
        string[] was = expected.ReplaceLineEndings("\n").Split('\n');
        string[] now = actual.Split('\n');
        for (int i = 0; i < Math.Max(was.Length, now.Length); i++)
        {
            string a = i < was.Length ? was[i] : "(end)";
            string b = i < now.Length ? now[i] : "(end)";
            if (a != b)
            {
                return $"line {i + 1}\n  expected: {a}\n  actual:   {b}\n\nwhat happens around it:\n{string.Join('\n', now.Skip(Math.Max(0, i - 8)).Take(20))}";
            }
        }

        return null;
    }

    private static IReadOnlyList<string> Execute(ScriptWorld world, string command)
    {
        bool isQuiet = command.StartsWith(Quietly, StringComparison.Ordinal);
        try
        {
            IReadOnlyList<string> trace = world.Execute(isQuiet ? command[Quietly.Length..] : command);
            return isQuiet ? [] : trace;
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException or KeyNotFoundException)
        {
            throw new FormatException($"'{command}' cannot be done: {e.Message}", e);
        }
    }
}
