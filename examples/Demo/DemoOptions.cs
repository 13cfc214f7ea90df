using System.Globalization;

namespace Demo;

/// <summary>The command line.</summary>
internal sealed record DemoOptions
{
    public const string Usage = """
        Demo: three KvServer processes replicate this repository's own lines, lose their leader to kill -9, lose nothing.

          --fresh              throw away the data of former runs
          --clients N          connections that write (default 8)
          --pipeline N         unanswered writes of one connection (default 64)
          --max-lines N        stop after so many lines of input (default: all)
          --patience SECONDS   give up after this (default 180)
          --help               this text
        """;

    public bool Fresh { get; init; }

    public bool Help { get; init; }

    public int Clients { get; init; } = 8;

    public int Pipeline { get; init; } = 64;

    public int MaxLines { get; init; } = int.MaxValue;

    public int PatienceSeconds { get; init; } = 180;

    /// <exception cref="DemoException">An argument is not known or has no proper value.</exception>
    public static DemoOptions Parse(string[] args)
    {
        DemoOptions options = new();
        for (int i = 0; i < args.Length; i++)
        {
            options = args[i] switch
            {
                "--fresh" => options with { Fresh = true },
                "--help" or "-h" => options with { Help = true },
                "--clients" => options with { Clients = Number(args, ref i, 1, 1000) },
                "--pipeline" => options with { Pipeline = Number(args, ref i, 1, 10_000) },
                "--max-lines" => options with { MaxLines = Number(args, ref i, 100, int.MaxValue) },
                "--patience" => options with { PatienceSeconds = Number(args, ref i, 10, 3600) },
                _ => throw new DemoException($"Unknown argument '{args[i]}'.\n{Usage}"),
            };
        }

        return options;
    }

    private static int Number(string[] args, ref int at, int least, int most)
    {
        string name = args[at];
        return ++at < args.Length && int.TryParse(args[at], NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most
            ? value
            : throw new DemoException($"{name} takes a number from {least} to {most}.");
    }
}

/// <summary>The demo cannot go on; the message says why.</summary>
internal sealed class DemoException(string message) : Exception(message);
