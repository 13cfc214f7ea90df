using System.Buffers;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using RaftActors.Node.Commands;

namespace RaftActors.Node.Bench;

/// <summary>What <c>raftactors bench</c> is to do.</summary>
internal sealed record BenchOptions
{
    public const string OnConsensus = "consensus";
    public const string OnItsOwn = "own";

    private static readonly SearchValues<char> SettingLetters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz-");

    public required IReadOnlyList<int> Clients { get; init; }

    public required IReadOnlyList<int> Sizes { get; init; }

    public required IReadOnlyList<BenchJournal> Journals { get; init; }

    /// <summary>How to connect to the server, for <see cref="BenchJournal.PostgreSql"/>.</summary>
    public string? PostgreSql { get; init; }

    public int ReadPercent { get; init; }

    public int Streams { get; init; } = 1;

    public double Seconds { get; init; } = 5;

    public double WarmUpSeconds { get; init; } = 2;

    public int Runs { get; init; } = 3;

    public bool InProcess { get; init; }

    public int ElectionTimeout { get; init; } = 1000;

    public int Kills { get; init; } = 5;

    /// <summary>How many entries a log has that is recovered.</summary>
    public int Entries { get; init; } = 1_000_000;

    /// <summary>Entries in one batch at the most; 0 for the default.</summary>
    public int BatchEntries { get; init; }

    /// <summary>More settings of the streams, KEY=VALUE each; they win over what the benchmark sets.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];

    public bool Snapshots { get; init; } = true;

    /// <summary>State machine and clients run where consensus does; otherwise where they do by default, on threads of their own.</summary>
    public bool UserCodeOnConsensus { get; init; } = true;

    /// <summary>Folder under which each cluster gets a fresh one.</summary>
    public string? Data { get; init; }

    /// <summary>The option of both commands.</summary>
    public static Option<string> UserCode()
    {
        Option<string> option = new("--user-code")
        {
            Description = "Where the state machine and the clients run: consensus (on the threads of consensus, clients go on where their write was applied; for code that is quickly done and never blocks) or own (as by default).",
            DefaultValueFactory = _ => OnConsensus,
        };
        option.Validators.Add(r => OptionRules.Require(r, r.GetValueOrDefault<string>() is OnConsensus or OnItsOwn, $"--user-code must be {OnConsensus} or {OnItsOwn}."));
        return option;
    }

    /// <summary>The option of both commands.</summary>
    public static Option<string[]> Set()
    {
        Option<string[]> option = new("--set")
        {
            Description = "A setting of the streams, KEY=VALUE as under raft-actors.stream-defaults (docs/CONFIGURATION.md), for instance coalesce-appends-below=0; may be given several times.",
            DefaultValueFactory = _ => [],
        };
        option.Validators.Add(r => OptionRules.Require(r, r.Tokens.All(t => IsSetting(t.Value)), "--set must be KEY=VALUE, KEY being a setting of streams."));
        return option;
    }

    public static bool IsOnConsensus(string? userCode) => userCode == OnConsensus;

    /// <summary>A log in PostgreSQL needs a server.</summary>
    public static void RequireServer(CommandResult result, Option<string> journal, Option<string?> server)
    {
        if (result.GetValue(journal)?.Split(',').Contains("postgresql") == true && result.GetValue(server) is null)
        {
            result.AddError("--journal postgresql needs --postgresql \"Host=...;Username=...\".");
        }
    }

    public static BenchJournal? ParseJournal(string? text) => text switch
    {
        "wal" => BenchJournal.Wal,
        "sqlite" => BenchJournal.Sqlite,
        "postgresql" => BenchJournal.PostgreSql,
        "memory" => BenchJournal.Memory,
        _ => null,
    };

    /// <summary>Positive numbers with commas; k and m stand for KiB and MiB. Null when it is something else.</summary>
    public static IReadOnlyList<int>? ParseNumbers(string? text)
    {
        List<int> numbers = [];
        foreach (string word in (text ?? "").Split(','))
        {
            int unit = word.EndsWith('k') ? 1024 : word.EndsWith('m') ? 1024 * 1024 : 1;
            if (!int.TryParse(unit == 1 ? word : word[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number <= 0 || number > int.MaxValue / unit)
            {
                return null;
            }

            numbers.Add(number * unit);
        }

        return numbers;
    }

    /// <summary>Reads and writes as <c>--mix</c> has them: 90/10. Null when they are no mix.</summary>
    public static int? ParseMix(string? text) =>
        (text ?? "").Split('/') is [var reads, var writes]
        && int.TryParse(reads, NumberStyles.None, CultureInfo.InvariantCulture, out int r)
        && int.TryParse(writes, NumberStyles.None, CultureInfo.InvariantCulture, out int w)
        && r + w == 100 ? r : null;

    private static bool IsSetting(string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 && equals < text.Length - 1 && text.AsSpan(0, equals).IndexOfAnyExcept(SettingLetters) < 0 && !text.Contains('\n', StringComparison.Ordinal);
    }
}
