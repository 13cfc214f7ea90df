using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace RaftActors.Benchmarks;

internal static class Program
{
    /// <summary>With <c>--smoke</c> every benchmark runs once in this process, to show that it works; else BenchmarkDotNet's own arguments.</summary>
    public static int Main(string[] args)
    {
        if (!args.Contains("--smoke", StringComparer.Ordinal))
        {
            BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
            return 0;
        }

        IConfig once = DefaultConfig.Instance
            .AddJob(Job.Dry.WithToolchain(InProcessEmitToolchain.Instance))
            .WithOptions(ConfigOptions.DisableLogFile | ConfigOptions.JoinSummary)
            .WithArtifactsPath(Path.Combine(Path.GetTempPath(), "raftactors-benchmarks"));
        bool works = BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).RunAll(once)
            .All(summary => !summary.HasCriticalValidationErrors && summary.Reports.Length > 0 && summary.Reports.All(r => r.Success));
        return works ? 0 : 1;
    }
}
