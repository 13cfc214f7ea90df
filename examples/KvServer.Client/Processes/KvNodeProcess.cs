using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;

namespace KvServer.Client.Processes;

/// <summary>How to start one node.</summary>
public sealed record KvNodeSettings
{
    /// <summary>The node's id in the cluster file.</summary>
    public required int NodeId { get; init; }

    /// <summary>The cluster file.</summary>
    public required string ClusterFile { get; init; }

    /// <summary>The node's data folder.</summary>
    public required string DataFolder { get; init; }

    /// <summary>Where clients connect.</summary>
    public required IPEndPoint Endpoint { get; init; }

    /// <summary>HOCON file; null for none.</summary>
    public string? ConfigFile { get; init; }

    /// <summary>True for a node that is added to a cluster that runs.</summary>
    public bool Join { get; init; }

    /// <summary>Where the node's output goes; null: it is kept in memory only (its end).</summary>
    public string? LogFile { get; init; }
}

/// <summary>
/// A KvServer node as a process of its own. It ends with this process, whatever happens to it: the node watches its standard input.
/// </summary>
public sealed class KvNodeProcess : IAsyncDisposable
{
    private const int TailLines = 200;
    private const int SigTerm = 15;
    private const int SigContinue = 18;
    private const int SigStop = 19;

    private readonly Process _process;
    private readonly Queue<string> _tail = new();
    private readonly List<string> _errors = [];
    private readonly TaskCompletionSource<bool> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly StreamWriter? _log;
    private readonly Task _output;

    private KvNodeProcess(KvNodeSettings settings, Process process)
    {
        Settings = settings;
        _process = process;
        if (settings.LogFile is { } file)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
            _log = new StreamWriter(new FileStream(file, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };
        }

        _output = Task.WhenAll(ReadAsync(process.StandardOutput, null), ReadAsync(process.StandardError, _errors));
    }

    /// <summary>What it was started with.</summary>
    public KvNodeSettings Settings { get; }

    /// <summary>The process id.</summary>
    public int ProcessId => _process.Id;

    /// <summary>True once the process has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Where clients connect.</summary>
    public IPEndPoint Endpoint => Settings.Endpoint;

    /// <summary>Starts a node. Does not wait until it is ready.</summary>
    /// <param name="settings">What to start.</param>
    public static KvNodeProcess Start(KvNodeSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        string program = Path.Combine(AppContext.BaseDirectory, "KvServer.dll");
        ProcessStartInfo info = new(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host ? host : "dotnet")
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] arguments =
        [
            program, "--node-id", settings.NodeId.ToString(CultureInfo.InvariantCulture), "--cluster", settings.ClusterFile, "--data", settings.DataFolder,
            "--bind", settings.Endpoint.Address.ToString(), "--resp-port", settings.Endpoint.Port.ToString(CultureInfo.InvariantCulture), "--stop-with-input",
        ];
        foreach (string argument in arguments)
        {
            info.ArgumentList.Add(argument);
        }

        if (settings.Join)
        {
            info.ArgumentList.Add("--join");
        }

        if (settings.ConfigFile is { } config)
        {
            info.ArgumentList.Add("--config");
            info.ArgumentList.Add(config);
        }

        return new KvNodeProcess(settings, Process.Start(info)!);
    }

    /// <summary>Waits until the node takes clients.</summary>
    /// <param name="patience">How long.</param>
    /// <exception cref="KvNodeException">It ended instead, or took too long; the message holds the end of its output.</exception>
    public async Task WaitReadyAsync(TimeSpan patience)
    {
        try
        {
            if (await _ready.Task.WaitAsync(patience).ConfigureAwait(false))
            {
                return;
            }

            int code = await WaitForExitAsync(TimeSpan.FromSeconds(10)).ConfigureAwait(false);
            throw new KvNodeException($"Node {Settings.NodeId} ended with exit code {code} before it was ready. The end of its output:\n{Tail(20)}");
        }
        catch (TimeoutException e)
        {
            throw new KvNodeException($"Node {Settings.NodeId} was not ready within {patience.TotalSeconds:0} s. The end of its output:\n{Tail(20)}", e);
        }
    }

    /// <summary>SIGKILL: the process is gone without having done anything about it.</summary>
    public void Kill()
    {
        try
        {
            _process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It had ended by itself.
        }
    }

    /// <summary>SIGTERM: asks it to stop.</summary>
    public void Terminate() => SignalIfRunning(SigTerm);

    /// <summary>SIGSTOP: the process stands still, its connections stay open, and its clocks go on.</summary>
    public void Pause() => SignalIfRunning(SigStop);

    /// <summary>SIGCONT: the process goes on where it was paused.</summary>
    public void Resume() => SignalIfRunning(SigContinue);

    /// <summary>Waits for the end of the process and of its output.</summary>
    /// <param name="patience">How long.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="KvNodeException">It did not end.</exception>
    public async Task<int> WaitForExitAsync(TimeSpan patience)
    {
        using CancellationTokenSource timeout = new(patience);
        try
        {
            await _process.WaitForExitAsync(timeout.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e)
        {
            throw new KvNodeException($"Node {Settings.NodeId} did not end within {patience.TotalSeconds:0} s. The end of its output:\n{Tail(20)}", e);
        }

        await _output.ConfigureAwait(false);
        return _process.ExitCode;
    }

    /// <summary>The last lines of its output.</summary>
    /// <param name="lines">How many at the most.</param>
    public string Tail(int lines)
    {
        lock (_tail)
        {
            return string.Join('\n', _tail.TakeLast(lines).Select(l => "    " + l));
        }
    }

    /// <summary>What it wrote to standard error; complete once it has ended.</summary>
    public IReadOnlyList<string> Errors
    {
        get
        {
            lock (_tail)
            {
                return [.. _errors];
            }
        }
    }

    /// <summary>Kills the process if it still runs.</summary>
    public async ValueTask DisposeAsync()
    {
        Kill();
        await _process.WaitForExitAsync().ConfigureAwait(false);
        await _output.ConfigureAwait(false);
        _process.Dispose();
        if (_log is not null)
        {
            await _log.DisposeAsync().ConfigureAwait(false);
        }
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int SendSignal(int process, int signal);

    private void SignalIfRunning(int signal)
    {
        if (!_process.HasExited)
        {
            _ = SendSignal(_process.Id, signal);
        }
    }

    private async Task ReadAsync(StreamReader reader, List<string>? errors)
    {
        while (await reader.ReadLineAsync().ConfigureAwait(false) is { } line)
        {
            lock (_tail)
            {
                errors?.Add(line);
                _tail.Enqueue(line);
                if (_tail.Count > TailLines)
                {
                    _tail.Dequeue();
                }

                _log?.WriteLine(line);
            }

            if (line.StartsWith("ready:", StringComparison.Ordinal))
            {
                _ready.TrySetResult(true);
            }
        }

        // The output ends with the process.
        _ready.TrySetResult(false);
    }
}

/// <summary>A node process did not do what was expected of it.</summary>
public sealed class KvNodeException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="inner">What caused it.</param>
    public KvNodeException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
