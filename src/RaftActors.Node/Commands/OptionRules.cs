using System.CommandLine.Parsing;

namespace RaftActors.Node.Commands;

/// <summary>What values of options must be like.</summary>
internal static class OptionRules
{
    /// <summary>Makes the command line a wrong one, with this message, unless the condition holds.</summary>
    public static void Require(OptionResult result, bool holds, string message)
    {
        if (!holds)
        {
            result.AddError(message);
        }
    }
}
