using RaftActors.Protocol;
using RaftActors.TestKit.Simulation;
using Xunit;
using Xunit.Abstractions;

namespace RaftActors.Mutants.Tests;

/// <summary>
/// The simulator is worth what it finds: every known way to get the protocol wrong must be caught within 500 seeds, and the
/// same build with nothing switched on must pass. A new mutant: a name in <see cref="Mutant"/>, one branch under RAFT_MUTANTS where
/// the protocol goes wrong.
/// </summary>
public sealed class MutantSpec(ITestOutputHelper output) : IDisposable
{
    private const int Seeds = 500;

    public static TheoryData<Mutant> All => [.. Enum.GetValues<Mutant>().Where(m => m != Mutant.None)];

    [Theory]
    [MemberData(nameof(All))]
    public void The_simulator_catches_it_within_500_seeds(Mutant mutant)
    {
        Protocol.Mutants.Active = mutant;
        for (ulong seed = 1; seed <= Seeds; seed++)
        {
            if (Simulator.Run(SimulationSchedule.Of(seed, WorldOf(mutant))).Failure is { } failure)
            {
                output.WriteLine($"{mutant}: seed {seed}, {failure.Invariant}: {failure.Message}");
                return;
            }
        }

        Assert.Fail($"{mutant} survived {Seeds} seeds");
    }

    /// <summary>Most are caught in a world of everything; what happens once in a stream's life needs a world of its own.</summary>
    private static string WorldOf(Mutant mutant) => mutant switch
    {
        Mutant.GenerationsAreMixed => "disasters",
        Mutant.LostJournalsCount => "losses",
        Mutant.LeaseIgnoresDrift or Mutant.LeaseSurvivesTransfer => "leases",
        Mutant.FullConsensusWithoutQuorum or Mutant.FullConsensusOfQuorum => "consensus",
        Mutant.SnapshotBeforeOwnDisk => "ahead",
        _ => "all",
    };

    [Theory]
    [InlineData(Mutant.ReadWithoutQuorum)]
    [InlineData(Mutant.CommitCountsOlderTerms)]
    [InlineData(Mutant.VoteComparesLengthFirst)]
    public void A_failure_shrinks_to_a_small_run_with_a_picture(Mutant mutant)
    {
        Protocol.Mutants.Active = mutant;
        SimulationResult failed = Enumerable.Range(1, Seeds).Select(seed => Simulator.Run(SimulationSchedule.Of((ulong)seed))).First(r => r.Failure is not null);
        FailureReport report = FailureReport.Of(failed);
        foreach (string line in report.Describe().Concat(report.MinimalTrace().TakeLast(60)))
        {
            output.WriteLine(line);
        }

        SimulationResult minimal = report.Minimal;
        Assert.Equal(failed.Failure!.Invariant, minimal.Failure!.Invariant);
        Assert.True(minimal.FaultsLeft <= failed.Faults / 2, "hardly any fault could be left out");
        Assert.True(minimal.RequestsLeft <= failed.Requests / 2, "hardly any request could be left out");
        Assert.EndsWith($"VIOLATION {minimal.Failure.Invariant}: {minimal.Failure.Message}", report.MinimalTrace()[^1], StringComparison.Ordinal);

        string folder = Path.Combine(Path.GetTempPath(), $"raftactors-mutants-{Environment.ProcessId}");
        try
        {
            string html = File.ReadAllText(report.WriteTo(folder));
            Assert.Contains("<svg", html, StringComparison.Ordinal);
            Assert.Contains("class='arrow", html, StringComparison.Ordinal);
            System.Xml.Linq.XElement.Parse(html[html.IndexOf("<svg", StringComparison.Ordinal)..(html.IndexOf("</svg>", StringComparison.Ordinal) + 6)]);
            if (Environment.GetEnvironmentVariable("RAFT_PICTURES") is { Length: > 0 } keep)
            {
                Directory.CreateDirectory(keep);
                File.WriteAllText(Path.Combine(keep, $"{mutant}.html"), html);
            }
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    [Fact]
    public void The_same_build_without_a_mutant_passes()
    {
        for (ulong seed = 1; seed <= 30; seed++)
        {
            Assert.Null(Simulator.Run(SimulationSchedule.Of(seed)).Failure);
        }
    }

    public void Dispose() => Protocol.Mutants.Active = Mutant.None;
}
