using Xunit;

namespace RaftActors.Node.Tests;

/// <summary><c>raftactors simulate</c> as a user meets it.</summary>
public sealed class SimulateCommandSpec
{
    [Fact]
    public async Task Seeds_that_pass_are_counted_and_the_exit_code_is_0()
    {
        (int code, string output, _) = await Run.ToEndAsync("simulate", "--seeds", "3", "--seed", "5", "--nodes", "3", "--faults", "network");

        Assert.Equal(ExitCode.Ok, code);
        Assert.Contains("3 of 3 seeds from 5 on (network)", output, StringComparison.Ordinal);
        Assert.Contains("nothing broken", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--faults", "earthquake")]
    [InlineData("--seeds", "0")]
    [InlineData("--nodes", "10")]
    public Task What_makes_no_sense_is_a_usage_error_that_names_the_option(string option, string value) => Run.MustBeUsageErrorAsync("simulate", option, value);
}
