// The build of RaftActors. Run it through ./build.sh, which chooses where Akka.NET comes from and restores Cake.
using System.Diagnostics;
using System.Text.RegularExpressions;
using System.Xml.Linq;

var target = Argument("target", "List");
var configuration = Argument("configuration", "Release");
var filter = Argument("filter", "");
var project = Argument("project", "");
var akkaSource = EnvironmentVariable("AkkaSource", "subset");

const string Solution = "RaftActors.sln";

// One row a target: name, what it does, what it takes.
var targets = new (string Name, string Does, string Takes)[]
{
    ("Build", "compile everything, warnings are errors", "--configuration=Debug|Release"),
    ("Test", "every test, one project after the other; closes with 'N passed, N failed, N skipped'", "--project=NAME (part of a project's name) --filter=EXPRESSION (as in dotnet test)"),
    ("Simulate", "simulated clusters under faults, 100,000 seeds from a fresh one on; a failure is shrunk and drawn", "--seeds=N --seed=S --faults=all|network|storage|time|crashes|operators|calm"),
    ("Bench", "the whole benchmark: three processes, every load, journal and failure; table and plot under artifacts/bench", "--seconds=S --runs=N --postgresql=CONNECTION"),
    ("Demo", "the main job: three processes, real input, kill -9 of the leader, nothing lost", "--fresh=true (throw away the data of former runs)"),
    ("Pack", "NuGet packages under artifacts/packages (needs AkkaSource=nuget)", ""),
    ("Format", "rewrite white space as .editorconfig says", ""),
    ("Verify", "read-only: format, warnings as errors, tests, repository rules", ""),
    ("Clean", "remove bin, obj and artifacts", ""),
};

void List(string only)
{
    foreach (var (name, does, takes) in targets.Where(t => only is "" || string.Equals(t.Name, only, StringComparison.OrdinalIgnoreCase)))
    {
        Console.WriteLine($"  ./build.sh {name.ToLowerInvariant(),-8} {does}");
        if (takes.Length > 0) Console.WriteLine($"  {"",-19} {takes}");
    }
}

int Dotnet(string arguments, bool mayFail = false)
{
    var info = new ProcessStartInfo("dotnet", arguments) { UseShellExecute = false };
    info.Environment["AkkaSource"] = akkaSource;
    using var process = Process.Start(info)!;
    process.WaitForExit();
    if (process.ExitCode != 0 && !mayFail) throw new Exception($"dotnet {arguments.Split(' ')[0]} failed with exit code {process.ExitCode}.");
    return process.ExitCode;
}

IEnumerable<string> TestProjects() =>
    System.IO.Directory.GetFiles("tests", "*.csproj", SearchOption.AllDirectories)
        .Where(p => p.EndsWith("Tests.csproj", StringComparison.Ordinal))
        .Where(p => project is "" || System.IO.Path.GetFileName(p).Contains(project, StringComparison.OrdinalIgnoreCase))
        // Quick ones first: a mistake in the protocol shows before the processes start.
        .OrderBy(p => p.Contains("FaultInjection") ? 2 : p.Contains("Protocol") ? 0 : 1).ThenBy(p => p, StringComparer.Ordinal);

Task("List").Does(() =>
{
    Console.WriteLine("Targets:");
    List("");
});

Task("Build").Does(() => Dotnet($"build {Solution} -c {configuration} -v quiet -nologo -clp:NoSummary"));

Task("Test").IsDependentOn("Build").Does(() =>
{
    var results = System.IO.Path.GetFullPath("artifacts/test-results");
    if (System.IO.Directory.Exists(results)) System.IO.Directory.Delete(results, true);
    int passed = 0, failed = 0, skipped = 0;
    var broken = new List<string>();
    foreach (var path in TestProjects())
    {
        var name = System.IO.Path.GetFileNameWithoutExtension(path);
        var clock = Stopwatch.StartNew();
        Console.WriteLine($"--- {name}");
        var exit = Dotnet($"test {path} -c {configuration} --no-build --nologo -v quiet --results-directory \"{results}\" --logger \"trx;LogFileName={name}.trx\" --blame-hang-timeout 10m"
            + (filter is "" ? "" : $" --filter \"{filter}\""), mayFail: true);
        var trx = System.IO.Path.Combine(results, name + ".trx");
        int p = 0, f = 0, s = 0;
        if (System.IO.File.Exists(trx))
        {
            var report = XDocument.Load(trx);
            var counters = report.Descendants().First(e => e.Name.LocalName == "Counters");
            int Count(string key) => int.Parse(counters.Attribute(key)!.Value);
            p = Count("passed");
            f = Count("failed") + Count("error") + Count("timeout") + Count("aborted");
            s = Count("total") - p - f;
            // The quiet console names what failed, but not why.
            foreach (var test in report.Descendants().Where(e => e.Name.LocalName == "UnitTestResult" && (string?)e.Attribute("outcome") == "Failed"))
            {
                string Text(string element) => string.Join("\n      ", (test.Descendants().FirstOrDefault(e => e.Name.LocalName == element)?.Value ?? "").Trim().Split('\n').Take(40));
                Console.WriteLine($"    FAILED {(string?)test.Attribute("testName")}\n      {Text("Message")}\n      {Text("StackTrace")}");
            }
        }
        (passed, failed, skipped) = (passed + p, failed + f, skipped + s);
        if (exit != 0) broken.Add(name);
        Console.WriteLine($"    {p} passed, {f} failed, {s} skipped in {clock.Elapsed.TotalSeconds:F0} s");
    }
    if (broken.Count > 0 && failed == 0) failed = broken.Count; // a test host that died counts
    System.IO.Directory.CreateDirectory(results);
    System.IO.File.WriteAllText(System.IO.Path.Combine(results, "counts.txt"), $"{passed} passed, {failed} failed, {skipped} skipped\n");
    if (broken.Count > 0) throw new Exception("Failing test projects: " + string.Join(", ", broken));
    if (passed == 0) throw new Exception("No test ran.");
});

Task("Demo").Does(() =>
{
    Dotnet($"build examples/Demo/Demo.csproj -c {configuration} -v quiet -nologo -clp:NoSummary");
    var exit = Dotnet($"run --project examples/Demo/Demo.csproj -c {configuration} --no-build -- " + (HasArgument("fresh") ? "--fresh" : ""), mayFail: true);
    if (exit != 0) throw new Exception($"The demo failed with exit code {exit}; what was lost stands above.");
});

Task("Bench").Does(() =>
{
    Dotnet($"build src/RaftActors.Node/RaftActors.Node.csproj -c {configuration} -v quiet -nologo -clp:NoSummary");
    System.IO.Directory.CreateDirectory("artifacts/bench");
    var exit = Dotnet($"run --project src/RaftActors.Node/RaftActors.Node.csproj -c {configuration} --no-build -- bench --table artifacts/bench/table.md --plot artifacts/bench/plot.svg --seconds {Argument("seconds", "5")} --runs {Argument("runs", "3")}" + (Argument("postgresql", "") is { Length: > 0 } server ? $" --postgresql \"{server}\"" : ""), mayFail: true);
    if (exit != 0) throw new Exception($"The benchmark ended with exit code {exit}; what was wrong stands above.");
});

Task("Simulate").Does(() =>
{
    Dotnet($"build src/RaftActors.Node/RaftActors.Node.csproj -c {configuration} -v quiet -nologo -clp:NoSummary");
    var first = Argument("seed", Random.Shared.NextInt64(1, long.MaxValue - 1_000_000_000).ToString());
    var arguments = $"--seed {first} --seeds {Argument("seeds", "100000")} --faults {Argument("faults", "all")} --out artifacts/simulation";
    Console.WriteLine($"raftactors simulate {arguments}");
    var exit = Dotnet($"run --project src/RaftActors.Node/RaftActors.Node.csproj -c {configuration} --no-build -- simulate {arguments}", mayFail: true);
    if (exit != 0) throw new Exception($"The simulation ended with exit code {exit}; the seed and the picture stand above.");
});

Task("Pack").Does(() => Dotnet($"pack {Solution} -c {configuration} -o artifacts/packages -v quiet -nologo"));

Task("Format").Does(() => Dotnet($"format whitespace {Solution} --no-restore"));

Task("Rules").Does(() =>
{
    // What must not stand in a tracked file, and what the layout must keep.
    var info = new ProcessStartInfo("git", "ls-files") { RedirectStandardOutput = true, UseShellExecute = false };
    using var git = Process.Start(info)!;
    var files = git.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    git.WaitForExit();
    var wrong = new List<string>();
    foreach (var needed in new[] { "README.md", Solution, "build.cake", "build.sh", ".ci/run", "src", "tests", "config", "examples" })
        if (!System.IO.File.Exists(needed) && !System.IO.Directory.Exists(needed)) wrong.Add($"{needed} is missing at the top level");
    var unfinished = new Regex("NotImplemented" + "Exception|\\b(TO" + "DO|FIX" + "ME|HACK)\\b|Skip\\s*=\\s*\"");
    foreach (var file in files.Where(f => f.EndsWith(".cs", StringComparison.Ordinal) && System.IO.File.Exists(f)))
    {
        var lines = System.IO.File.ReadAllLines(file);
        if (lines.Length > 600 && !lines.Take(40).Any(l => l.Contains("Long because", StringComparison.OrdinalIgnoreCase))) wrong.Add($"{file} has {lines.Length} lines (600 at the most, or a comment 'Long because ...' at its top)");
        for (var i = 0; i < lines.Length; i++)
            if (unfinished.IsMatch(lines[i])) wrong.Add($"{file}:{i + 1}: {lines[i].Trim()}");
    }
    if (wrong.Count > 0) throw new Exception("Repository rules are broken:\n  " + string.Join("\n  ", wrong));
});

Task("Verify").IsDependentOn("Rules").IsDependentOn("Test").Does(() =>
    Dotnet($"format whitespace {Solution} --no-restore --verify-no-changes"));

Task("Clean").Does(() =>
{
    CleanDirectories("./**/bin");
    CleanDirectories("./**/obj");
    CleanDirectory("./artifacts");
});

if (HasArgument("listing"))
{
    List(target is "List" ? "" : target);
}
else if (target is not ("List" or "Rules") && !targets.Any(t => string.Equals(t.Name, target, StringComparison.OrdinalIgnoreCase)))
{
    Console.Error.WriteLine($"There is no target '{target}'. Targets:");
    List("");
    Environment.ExitCode = 2;
    throw new Exception($"unknown target '{target}'");
}
else
{
    RunTarget(target);
}
