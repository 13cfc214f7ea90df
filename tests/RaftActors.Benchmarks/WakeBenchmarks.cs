using BenchmarkDotNet.Attributes;
using RaftActors.Threads;

namespace RaftActors.Benchmarks;

/// <summary>What it costs to wake a thread and to be woken by it: the floor under every step of a write that changes threads. One operation is both ways.</summary>
public class WakeBenchmarks
{
    private readonly ThreadSignal _there = new();
    private readonly ThreadSignal _back = new();
    private readonly object _gate = new();
    private int _turn;
    private volatile bool _ends;
    private Thread _other = null!;

    [GlobalSetup(Target = nameof(Signal))]
    public void StartSignalled() => Start(() =>
    {
        _there.Wait();
        _back.Set();
    });

    [GlobalSetup(Target = nameof(MonitorPulse))]
    public void StartPulsed() => Start(() =>
    {
        lock (_gate)
        {
            while (_turn != 1 && !_ends)
            {
                Monitor.Wait(_gate);
            }

            _turn = 0;
            Monitor.Pulse(_gate);
        }
    });

    [GlobalCleanup]
    public void Stop()
    {
        _ends = true;
        _there.Set();
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
        }

        _other?.Join();
    }

    /// <summary>As the runtime does it.</summary>
    [Benchmark(Baseline = true)]
    public void Signal()
    {
        _there.Set();
        _back.Wait();
    }

    [Benchmark]
    public void MonitorPulse()
    {
        lock (_gate)
        {
            _turn = 1;
            Monitor.Pulse(_gate);
            while (_turn != 0)
            {
                Monitor.Wait(_gate);
            }
        }
    }

    /// <summary>There by the thread pool, back by a signal.</summary>
    [Benchmark]
    public void ThreadPoolItem()
    {
        ThreadPool.UnsafeQueueUserWorkItem(static back => back.Set(), _back, preferLocal: false);
        _back.Wait();
    }

    private void Start(Action round)
    {
        _ends = false;
        _other = new Thread(Run) { IsBackground = true };
        _other.Start();

        void Run()
        {
            while (!_ends)
            {
                round();
            }
        }
    }
}
