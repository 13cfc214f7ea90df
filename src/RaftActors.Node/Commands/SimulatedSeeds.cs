using System.Diagnostics;
using System.Globalization;
using RaftActors.TestKit.Simulation;

namespace RaftActors.Node.Commands;

/// <summary>Runs seeds on all cores of the machine, up to the first that fails.</summary>
internal sealed class SimulatedSeeds(ulong first, int count, Func<ulong, SimulatedSeeds.Outcome> run, CancellationToken cancellationToken)
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Lock _gate = new();
    private Outcome? _failed;
    private int _done;
    private long _acknowledged;
    private long _steps;

    public int Count => count;

    public int Done => Volatile.Read(ref _done);

    public double PerSecond => Done / Math.Max(0.001, _clock.Elapsed.TotalSeconds);

    public Outcome? Run()
    {
        Parallel.For(0, count, (offset, loop) =>
        {
            if (cancellationToken.IsCancellationRequested)
            {
                loop.Stop();
                return;
            }

            Outcome outcome = run(first + (ulong)offset);
            Interlocked.Increment(ref _done);
            lock (_gate)
            {
                _acknowledged += outcome.Acknowledged;
                _steps += outcome.Steps;
                if (outcome.Failure is not null && (_failed is null || outcome.Seed < _failed.Seed))
                {
                    _failed = outcome;
                    loop.Stop();
                }
            }
        });
        _clock.Stop();
        return _failed;
    }

    public string Describe(string what) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Done} of {count} seeds from {first} on ({what}), {PerSecond:F0} seeds/s, {_steps} steps, {_acknowledged} writes acknowledged: {(_failed is null ? "nothing broken" : "BROKEN")}");

    /// <summary>What came of one seed.</summary>
    /// <param name="Seed">The seed.</param>
    /// <param name="Steps">How much happened.</param>
    /// <param name="Acknowledged">How many writes were acknowledged.</param>
    /// <param name="Failure">What went wrong; null when nothing did.</param>
    /// <param name="Result">The whole result of a failure.</param>
    internal sealed record Outcome(ulong Seed, long Steps, int Acknowledged, SimulationFailure? Failure, object? Result);
}
