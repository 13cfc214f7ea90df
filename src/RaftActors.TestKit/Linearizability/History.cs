namespace RaftActors.TestKit.Linearizability;

/// <summary>
/// What clients did and what they were told. Immutable. All times must come from one monotonic clock: histories of several machines
/// cannot be merged.
/// </summary>
/// <remarks>
/// As a file it is JSON lines, one operation a line, UTF-8, in any order:
/// <code>
/// {"client":"c1","op":"cas","key":"x","value":"5","expected":"4","call_ns":1200,"return_ns":1950,"outcome":"completed","result":"1","note":"node 2"}
/// </code>
/// <list type="bullet">
/// <item><c>client</c> (text or number), <c>op</c> and <c>call_ns</c> must be there.</item>
/// <item><c>key</c>, <c>value</c>, <c>expected</c> and <c>result</c> are a text, a whole number or a truth value (the same as their text; true is 1), null, or an
/// array of those. Left out is the same as null.</item>
/// <item><c>return_ns</c> is null or left out when no answer came.</item>
/// <item><c>outcome</c> is <c>completed</c>, <c>failed</c> (certainly not executed) or <c>unknown</c>. Left out, an operation with <c>return_ns</c> is completed and
/// one without is unknown.</item>
/// <item><c>note</c> is for people.</item>
/// </list>
/// Any other name, a name that stands twice, and a value of another kind are errors. Empty lines are skipped.
/// </remarks>
public sealed class History
{
    private readonly HistoryOperation[] _operations;

    /// <summary>Makes a history.</summary>
    /// <param name="operations">Its operations in any order.</param>
    /// <exception cref="HistoryException">An operation contradicts itself, such as a return before the call.</exception>
    public History(IEnumerable<HistoryOperation> operations)
    {
        ArgumentNullException.ThrowIfNull(operations);
        _operations = operations.ToArray();
        for (int i = 0; i < _operations.Length; i++)
        {
            if (_operations[i].Contradiction() is { } contradiction)
            {
                throw new HistoryException($"Operation {i + 1} ({_operations[i]}): {contradiction}.");
            }
        }

        // Stable, so that what was recorded first stays first among equal times.
        _operations = [.. _operations.OrderBy(o => o.CallNs)];
    }

    /// <summary>The operations in the order of their calls.</summary>
    public IReadOnlyList<HistoryOperation> Operations => _operations;

    /// <summary>Reads JSON lines.</summary>
    /// <param name="reader">Where they come from.</param>
    /// <exception cref="HistoryException">A line is not as described; the message names it.</exception>
    public static History Read(TextReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        List<HistoryOperation> operations = [];
        int line = 0;
        while (reader.ReadLine() is { } text)
        {
            line++;
            if (!string.IsNullOrWhiteSpace(text))
            {
                operations.Add(HistoryJson.Parse(text, line));
            }
        }

        return new History(operations);
    }

    /// <summary>Reads a file of JSON lines.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="HistoryException">A line is not as described; the message names it.</exception>
    public static History ReadFile(string path)
    {
        using StreamReader reader = new(path);
        return Read(reader);
    }

    /// <summary>Writes JSON lines.</summary>
    /// <param name="writer">Where they go.</param>
    public void Write(TextWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        foreach (HistoryOperation operation in _operations)
        {
            writer.Write(HistoryJson.Format(operation));
            writer.Write('\n');
        }
    }

    /// <summary>Writes a file of JSON lines; an existing one is replaced.</summary>
    /// <param name="path">The file.</param>
    public void WriteFile(string path)
    {
        using StreamWriter writer = new(path);
        Write(writer);
    }
}
