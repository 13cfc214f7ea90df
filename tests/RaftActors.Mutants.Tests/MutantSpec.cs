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
            if (Simulator.Run(SimulationSchedule.Of(seed)).Failure is { } failure)
            {
                output.WriteLine($"{mutant}: seed {seed}, {failure.Invariant}: {failure.Message}");
                return;
            }
        }

        Assert.Fail($"{mutant} survived {Seeds} seeds");
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
