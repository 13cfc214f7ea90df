using System.Diagnostics;
using RaftActors.Tests.Shared;
using Xunit;

namespace RaftActors.Node.Tests;

/// <summary>Each micro-benchmark of tests/RaftActors.Benchmarks, once: it must work; what it measures says nothing here.</summary>
public sealed class MicroBenchmarksSpec
{
    [Fact]
    public async Task Every_micro_benchmark_runs()
    {
        // Built beside these tests, in the same configuration.
        string here = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);
        string tail = Path.GetRelativePath(Path.Combine(Repository.Root, "tests", "RaftActors.Node.Tests"), here);
        string program = Path.Combine(Repository.Root, "tests", "RaftActors.Benchmarks", tail, "RaftActors.Benchmarks.dll");
        ProcessStartInfo info = new("dotnet", [program, "--smoke"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(info)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();

        Assert.True(process.ExitCode == 0, output + await errors);
        Assert.DoesNotContain("Benchmarks with issues", output, StringComparison.Ordinal);
    }
}
