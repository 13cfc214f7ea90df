using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;

namespace RaftActors.Node.Bench;

/// <summary>A node as <c>raftactors bench</c> holds it: started, asked, killed, started again.</summary>
internal abstract class BenchMember(BenchNodeOptions options) : IAsyncDisposable
{
    public BenchNodeOptions Options { get; } = options;

    public abstract Task StartAsync(CancellationToken cancellation);

    /// <summary>One command and its answer.</summary>
    public abstract Task<string> AskAsync(string line, CancellationToken cancellation);

    /// <summary>One command and every line that comes, up to the end of the node.</summary>
    public abstract IAsyncEnumerable<string> FollowAsync(string line, CancellationToken cancellation);

    /// <summary>kill -9.</summary>
    public abstract void Kill();

    /// <summary>Lets the node end by itself.</summary>
    public abstract Task EndAsync(CancellationToken cancellation);

    public abstract ValueTask DisposeAsync();
}

/// <summary>A node in a process of its own.</summary>
internal sealed class ProcessMember(BenchNodeOptions options) : BenchMember(options)
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(60);

    private readonly StringBuilder _errors = new();
    private Process? _process;

    public override async Task StartAsync(CancellationToken cancellation)
    {
        Stop();
        ProcessStartInfo info = OwnProgram.Start(
        [
            "bench-node", "--attached",
            "--id", Options.Id.ToString(CultureInfo.InvariantCulture),
            "--data", Options.Data,
            "--ports", string.Join(',', Options.Ports),
            "--journal", Options.Journal.ToString().ToLowerInvariant(),
            "--streams", Options.Streams.ToString(CultureInfo.InvariantCulture),
            "--election-timeout", Options.ElectionTimeout.ToString(CultureInfo.InvariantCulture),
            "--batch-entries", Options.BatchEntries.ToString(CultureInfo.InvariantCulture),
            .. Options.PostgreSql is { } server ? (string[])["--postgresql", server] : [],
            "--user-code", Options.UserCodeOnConsensus ? BenchOptions.OnConsensus : BenchOptions.OnItsOwn,
            .. Options.Settings.SelectMany(s => (string[])["--set", s]),
            .. Options.Snapshots ? (string[])[] : ["--no-snapshots"],
        ]);
        TaskCompletionSource up = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _process = new Process { StartInfo = info, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, e) =>
        {
            if (e.Data?.Contains(" is up ", StringComparison.Ordinal) == true)
            {
                up.TrySetResult();
            }
        };
        _process.ErrorDataReceived += (_, e) =>
        {
            lock (_errors)
            {
                _errors.AppendLine(e.Data);
            }
        };
        _process.Exited += (_, _) => up.TrySetException(new BenchException($"Node {Options.Id} ended at its start: {Errors()}"));
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await up.Task.WaitAsync(StartPatience, cancellation).ConfigureAwait(false);
    }

    public override async Task<string> AskAsync(string line, CancellationToken cancellation)
    {
        await foreach (string answer in FollowAsync(line, cancellation).ConfigureAwait(false))
        {
            return answer;
        }

        throw new BenchException($"Node {Options.Id} did not answer '{line}'. {Errors()}");
    }

    public override async IAsyncEnumerable<string> FollowAsync(string line, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using TcpClient client = new() { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, Options.Port + BenchNodeOptions.CommandPortOffset, cancellation).ConfigureAwait(false);
        using StreamReader reader = new(client.GetStream(), Encoding.UTF8);
        await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(line + "\n"), cancellation).ConfigureAwait(false);
        while (true)
        {
            string? answer;
            try
            {
                answer = await reader.ReadLineAsync(cancellation).ConfigureAwait(false);
            }
            catch (IOException)
            {
                // Killed: what came before stands.
                answer = null;
            }

            if (answer is null)
            {
                yield break;
            }

            yield return answer;
        }
    }

    public override void Kill()
    {
        // SIGKILL on Unix.
        _process?.Kill();
        _process?.WaitForExit();
    }

    public override async Task EndAsync(CancellationToken cancellation)
    {
        if (_process is { } process)
        {
            // The end of its input is what an attached node ends with.
            process.StandardInput.Close();
            await process.WaitForExitAsync(cancellation).WaitAsync(EndPatience, cancellation).ConfigureAwait(false);
        }
    }

    public override ValueTask DisposeAsync()
    {
        Stop();
        return ValueTask.CompletedTask;
    }

    private string Errors()
    {
        lock (_errors)
        {
            return _errors.ToString().Trim();
        }
    }

    private void Stop()
    {
        if (_process is { } process)
        {
            _process = null;
            if (!process.HasExited)
            {
                process.Kill();
                process.WaitForExit();
            }

            process.Dispose();
        }
    }
}

/// <summary>A node in this process, with remoting over loopback like the others.</summary>
internal sealed class InProcessMember(BenchNodeOptions options) : BenchMember(options)
{
    private BenchNode? _node;

    public override async Task StartAsync(CancellationToken cancellation) => _node = await BenchNode.StartAsync(Options, cancellation).ConfigureAwait(false);

    public override Task<string> AskAsync(string line, CancellationToken cancellation) =>
        _node!.ExecuteAsync(line, _ => ValueTask.CompletedTask, cancellation);

    public override IAsyncEnumerable<string> FollowAsync(string line, CancellationToken cancellation) =>
        throw new NotSupportedException("Nodes in this process cannot be killed.");

    public override void Kill() => throw new NotSupportedException("Nodes in this process cannot be killed.");

    public override async Task EndAsync(CancellationToken cancellation) => await DisposeAsync().ConfigureAwait(false);

    public override async ValueTask DisposeAsync()
    {
        if (_node is { } node)
        {
            _node = null;
            await node.DisposeAsync().ConfigureAwait(false);
        }
    }
}
