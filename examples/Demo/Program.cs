using System.Runtime.InteropServices;
using Demo;
using KvServer.Client.Processes;

try
{
    DemoOptions options = DemoOptions.Parse(args);
    if (options.Help)
    {
        Console.WriteLine(DemoOptions.Usage);
        return 0;
    }

    using CancellationTokenSource end = new();
    using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    end.CancelAfter(TimeSpan.FromSeconds(options.PatienceSeconds));
    bool interrupted = false;
    try
    {
        return await new DemoRun(options, Console.IsOutputRedirected ? new PlainView() : new LiveView()).RunAsync(end.Token);
    }
    catch (OperationCanceledException) when (end.IsCancellationRequested)
    {
        Console.Error.WriteLine(interrupted ? "Interrupted; the nodes are stopped." : $"The demo was not done within {options.PatienceSeconds} s (--patience); the nodes are stopped.");
        return 1;
    }

    void Stop(PosixSignalContext context)
    {
        context.Cancel = true;
        interrupted = true;
        end.Cancel();
    }
}
catch (Exception e) when (e is DemoException or KvNodeException or IOException)
{
    Console.Error.WriteLine($"The demo failed: {e.Message}");
    return 1;
}
