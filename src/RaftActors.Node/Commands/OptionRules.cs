using System.CommandLine;
using System.CommandLine.Parsing;

namespace RaftActors.Node.Commands;

/// <summary>What values of options must be like.</summary>
internal static class OptionRules
{
    private const int MostSeconds = 86_400;

    /// <summary>Makes the command line a wrong one, with this message, unless the condition holds.</summary>
    public static void Require(OptionResult result, bool holds, string message)
    {
        if (!holds)
        {
            result.AddError(message);
        }
    }

    /// <summary>An option in seconds, up to a day.</summary>
    public static Option<double> Seconds(string name, string description, double byDefault, bool mayBeNone = false)
    {
        Option<double> option = new(name) { Description = description, DefaultValueFactory = _ => byDefault };
        option.Validators.Add(r => Require(
            r,
            r.GetValueOrDefault<double>() is <= MostSeconds and var seconds && (seconds > 0 || (mayBeNone && seconds == 0)),
            $"{name} must be {(mayBeNone ? "from" : "above")} 0, up to {MostSeconds} seconds."));
        return option;
    }

    /// <summary><c>--timeout</c>.</summary>
    public static Option<double> Timeout(string description, double byDefault) => Seconds("--timeout", description, byDefault);
}
