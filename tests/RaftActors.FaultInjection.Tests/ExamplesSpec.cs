using System.Diagnostics;
using RaftActors.Tests.Shared;

namespace RaftActors.FaultInjection.Tests;

/// <summary>The examples run, and end as their READMEs say.</summary>
public sealed class ExamplesSpec
{
    [Fact]
    public async Task Counter_must_still_have_its_count()
    {
        (int code, string output) = await RunAsync("Counter.dll", Environment.CurrentDirectory);
        Assert.True(code == 0, output);
        Assert.EndsWith("count: 1500", output.TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Demo_must_lose_nothing_and_continue_on_its_data()
    {
        // A repository in small: what the demo looks for, and something to load.
        DirectoryInfo folder = Directory.CreateTempSubdirectory("kv-demo-");
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "RaftActors.sln"), "");
            string config = Directory.CreateDirectory(Path.Combine(folder.FullName, "config", "demo")).FullName;
            foreach (string file in Directory.GetFiles(Path.Combine(Repository.Root, "config", "demo")))
            {
                File.Copy(file, Path.Combine(config, Path.GetFileName(file)));
            }

            File.WriteAllLines(Path.Combine(folder.FullName, "input.txt"), Enumerable.Range(1, 20_000).Select(i => $"line {i}: \u00e9\u00e8 \U0001F600 {new string('x', i % 100)}"));
            (int code, string output) = await RunAsync("Demo.dll", folder.FullName);
            Assert.True(code == 0, output);
            Assert.Contains("kill -9 of node", output, StringComparison.Ordinal);
            Assert.Contains("Nothing lost", output, StringComparison.Ordinal);
            Assert.Contains("all 4 nodes have applied entry", output, StringComparison.Ordinal);
            Assert.Contains("the members are 1, 2, 3 again", output, StringComparison.Ordinal);

            (code, output) = await RunAsync("Demo.dll", folder.FullName);
            Assert.True(code == 0, output);
            Assert.Contains("Continuing on the data of 1 former run(s): all ", output, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<(int Code, string Output)> RunAsync(string program, string folder)
    {
        ProcessStartInfo info = new(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host ? host : "dotnet")
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        info.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, program));
        using Process process = Process.Start(info)!;
        using CancellationTokenSource patience = new(TimeSpan.FromMinutes(3));
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(patience.Token);
            Task<string> errors = process.StandardError.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token);
            return (process.ExitCode, await errors + await output);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
