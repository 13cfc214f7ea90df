using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Xunit;

namespace RaftActors.Node.Tests;

/// <summary>Runs the program as a process of its own, as a user would.</summary>
internal sealed class Run : IDisposable
{
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();
    private readonly Process _process;

    public Run(params string[] arguments)
        : this(null, arguments)
    {
    }

    private Run(string? folder, string[] arguments)
    {
        ProcessStartInfo info = new("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        info.WorkingDirectory = folder ?? info.WorkingDirectory;
        info.ArgumentList.Add(typeof(ExitCode).Assembly.Location);
        foreach (string argument in arguments)
        {
            info.ArgumentList.Add(argument);
        }

        _process = new Process { StartInfo = info };
        _process.OutputDataReceived += (_, e) => Add(_output, e.Data);
        _process.ErrorDataReceived += (_, e) => Add(_errors, e.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Output => Text(_output);

    public string Errors => Text(_errors);

    public bool HasEnded => _process.HasExited;

    /// <summary>The program, started in a folder.</summary>
    public static Run In(string folder, params string[] arguments) => new(folder, arguments);

    public static async Task<(int Code, string Output, string Errors)> ToEndAsync(params string[] arguments)
    {
        using Run run = new(arguments);
        int code = await run.WaitAsync();
        return (code, run.Output, run.Errors);
    }

    /// <summary>The option must be refused by its name.</summary>
    public static async Task MustBeUsageErrorAsync(string command, string option, string value)
    {
        (int code, _, string errors) = await ToEndAsync(command, option, value);

        Assert.Equal(ExitCode.Usage, code);
        Assert.Contains(option, errors, StringComparison.Ordinal);
    }

    public async Task<int> WaitAsync()
    {
        using CancellationTokenSource timeout = new(TimeSpan.FromSeconds(180));
        await _process.WaitForExitAsync(timeout.Token);
        return _process.ExitCode;
    }

    public void Terminate() => Process.Start("kill", ["-TERM", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]).WaitForExit();

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private static void Add(StringBuilder text, string? line)
    {
        lock (text)
        {
            if (line is not null)
            {
                text.AppendLine(line);
            }
        }
    }

    private static string Text(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }

    /// <summary>What a node with one stream says of it; null when it does not answer, or answers before its stream is there.</summary>
    public static async Task<JsonElement?> StatusAsync(int port)
    {
        (int code, string output, _) = await ToEndAsync("status", "--nodes", $"127.0.0.1:{port}");
        return code == ExitCode.Ok && output.Trim() is { Length: > 0 } status ? JsonDocument.Parse(status).RootElement : null;
    }
}
