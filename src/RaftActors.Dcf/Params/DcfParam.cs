using Akka.Configuration;
using RaftActors.Protocol;

namespace RaftActors.Dcf;

/// <summary>One of DCF's parameters: what it means here, or why it means nothing.</summary>
internal sealed record DcfParam(string Name)
{
    /// <summary>Why it cannot be set or read here; null for one that can.</summary>
    public string? WhyNot { get; private init; }

    /// <summary>The values that are allowed, in words.</summary>
    public string Allowed { get; private init; } = string.Empty;

    /// <summary>The value as it is kept, or null when it is not allowed.</summary>
    public Func<string, string?> Parse { get; private init; } = _ => null;

    /// <summary>The settings that stand for a value. The second argument is what they stand in front of.</summary>
    public Func<string, Config, string> ToSettings { get; private init; } = (_, _) => string.Empty;

    /// <summary>The value that settings stand for.</summary>
    public Func<Config, string> Read { get; private init; } = _ => string.Empty;

    /// <summary>What a value changes in a stream that runs; null when it is for the start alone.</summary>
    public Func<string, RaftTuning>? Tune { get; private init; }

    /// <summary>The value that a stream was changed to; null when it was not.</summary>
    public Func<RaftTuning, string?> Tuned { get; private init; } = _ => null;

    /// <summary>A parameter that has no counterpart.</summary>
    public static DcfParam Refused(string name, string why) => new(name) { WhyNot = why };

    /// <summary>A number.</summary>
    public static DcfParam Number(string name, long least, long most, string unit, Func<long, Config, string> toSettings, Func<Config, long> read, Func<long, RaftTuning>? tune = null, Func<RaftTuning, long?>? tuned = null) => new(name)
    {
        Allowed = $"{least} to {most}{(unit.Length == 0 ? string.Empty : " " + unit)}",
        Parse = text => DcfParams.TryNumber(text, out long value) && value >= least && value <= most ? DcfParams.Text(value) : null,
        ToSettings = (text, behind) => toSettings(DcfParams.Number(text), behind),
        Read = config => DcfParams.Text(read(config)),
        Tune = tune is null ? null : text => tune(DcfParams.Number(text)),
        Tuned = tuning => tuned?.Invoke(tuning) is { } value ? DcfParams.Text(value) : null,
    };

    /// <summary>A text of a few.</summary>
    public static DcfParam Words(string name, string allowed, Func<string, string?> parse, Func<string, string> toSettings, Func<Config, string> read) => new(name)
    {
        Allowed = allowed,
        Parse = parse,
        ToSettings = (text, _) => toSettings(text),
        Read = read,
    };
}
