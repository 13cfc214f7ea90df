using System.Collections.Concurrent;
using System.Diagnostics;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;

namespace Akka.Remote;

/// <summary>Milliseconds that only grow.</summary>
public delegate long Clock();

/// <summary>Decides from the times of heartbeats whether their source is still there.</summary>
public abstract class FailureDetector
{
    public static readonly Clock DefaultClock = () => Environment.TickCount64;

    public abstract bool IsAvailable { get; }

    /// <summary>Whether there has been a heartbeat at all.</summary>
    public abstract bool IsMonitoring { get; }

    public abstract void HeartBeat();
}

public static class FailureDetectorLoader
{
    public static FailureDetector LoadFailureDetector(this IActorContext context, string fqcn, Config config) => Load(fqcn, config, context.System);

    public static FailureDetector Load(string fqcn, Config config, ActorSystem system)
    {
        var type = Type.GetType(fqcn)
            ?? throw new ConfigurationException("The failure detector class [" + fqcn + "] cannot be found.");
        try
        {
            return (FailureDetector)Activator.CreateInstance(type, config, system.EventStream);
        }
        catch (Exception e)
        {
            throw new ConfigurationException("The failure detector [" + fqcn + "] cannot be created: " + (e.InnerException ?? e).Message, e);
        }
    }
}

/// <summary>Available until nothing was heard for a fixed time.</summary>
public class DeadlineFailureDetector : FailureDetector
{
    private readonly Clock _clock;
    private readonly long _deadline;
    private long _last;
    private volatile bool _active;

    public DeadlineFailureDetector(TimeSpan acceptableHeartbeatPause, TimeSpan heartbeatInterval, Clock clock = null)
    {
        if (acceptableHeartbeatPause <= TimeSpan.Zero)
            throw new ArgumentException("failure-detector.acceptable-heartbeat-pause must be greater than zero.");
        if (heartbeatInterval < TimeSpan.Zero)
            throw new ArgumentException("failure-detector.heartbeat-interval must not be negative.");
        _clock = clock ?? DefaultClock;
        _deadline = (long)(acceptableHeartbeatPause + heartbeatInterval).TotalMilliseconds;
    }

    public DeadlineFailureDetector(TimeSpan acceptableHeartbeatPause, Clock clock = null)
        : this(acceptableHeartbeatPause, TimeSpan.Zero, clock)
    {
    }

    public DeadlineFailureDetector(Config config, EventStream eventStream)
        : this(config.GetTimeSpan("acceptable-heartbeat-pause"), config.GetTimeSpan("heartbeat-interval"))
    {
    }

    public override bool IsAvailable => !_active || _clock() - Volatile.Read(ref _last) < _deadline;

    public override bool IsMonitoring => _active;

    public override void HeartBeat()
    {
        Volatile.Write(ref _last, _clock());
        _active = true;
    }
}

/// <summary>
/// Suspicion as a number: phi = -log10 of the chance that a heartbeat still comes, given how they came so far
/// (Hayashibara et al., "The phi accrual failure detector").
/// </summary>
public class PhiAccrualFailureDetector : FailureDetector
{
    private readonly object _lock = new();
    private readonly Queue<double> _intervals = new();
    private readonly Clock _clock;
    private readonly double _threshold;
    private readonly int _maxSamples;
    private readonly double _minStdDeviation;
    private readonly double _acceptablePause;
    private readonly double _firstEstimate;
    private double _sum;
    private double _sumOfSquares;
    private long? _last;

    public PhiAccrualFailureDetector(double threshold, int maxSampleSize, TimeSpan minStdDeviation, TimeSpan acceptableHeartbeatPause, TimeSpan firstHeartbeatEstimate, Clock clock = null)
        : this(clock)
    {
        if (threshold <= 0)
            throw new ArgumentException("failure-detector.threshold must be greater than zero.");
        if (maxSampleSize <= 0)
            throw new ArgumentException("failure-detector.max-sample-size must be greater than zero.");
        if (minStdDeviation <= TimeSpan.Zero)
            throw new ArgumentException("failure-detector.min-std-deviation must be greater than zero.");
        if (acceptableHeartbeatPause < TimeSpan.Zero)
            throw new ArgumentException("failure-detector.acceptable-heartbeat-pause must not be negative.");
        if (firstHeartbeatEstimate <= TimeSpan.Zero)
            throw new ArgumentException("failure-detector.heartbeat-interval must be greater than zero.");
        _threshold = threshold;
        _maxSamples = maxSampleSize;
        _minStdDeviation = minStdDeviation.TotalMilliseconds;
        _acceptablePause = acceptableHeartbeatPause.TotalMilliseconds;
        _firstEstimate = firstHeartbeatEstimate.TotalMilliseconds;
    }

    public PhiAccrualFailureDetector(Config config, EventStream ev)
        : this(
            config.GetDouble("threshold"),
            config.GetInt("max-sample-size"),
            config.GetTimeSpan("min-std-deviation"),
            config.GetTimeSpan("acceptable-heartbeat-pause"),
            config.GetTimeSpan("heartbeat-interval"))
    {
    }

    protected PhiAccrualFailureDetector(Clock clock) => _clock = clock ?? DefaultClock;

    public string Address { get; set; } = "N/A";

    public override bool IsAvailable
    {
        get
        {
            lock (_lock)
                return Phi(_clock()) < _threshold;
        }
    }

    public override bool IsMonitoring
    {
        get
        {
            lock (_lock)
                return _last != null;
        }
    }

    public override void HeartBeat()
    {
        lock (_lock)
        {
            var now = _clock();
            if (_last is { } last)
            {
                // The pause that ends here made the source suspect; it says nothing about the usual rhythm.
                if (Phi(now) < _threshold)
                    Add(now - last);
            }
            else
            {
                // Two made-up intervals with a wide spread, so that the first real ones do not meet a certainty.
                Add(_firstEstimate * 0.75);
                Add(_firstEstimate * 1.25);
            }

            _last = now;
        }
    }

    private void Add(double interval)
    {
        if (_intervals.Count >= _maxSamples)
        {
            var oldest = _intervals.Dequeue();
            _sum -= oldest;
            _sumOfSquares -= oldest * oldest;
        }

        _intervals.Enqueue(interval);
        _sum += interval;
        _sumOfSquares += interval * interval;
    }

    private double Phi(long now)
    {
        if (_last is not { } last || _intervals.Count == 0)
            return 0;
        var mean = _sum / _intervals.Count;
        var variance = Math.Max(0, _sumOfSquares / _intervals.Count - mean * mean);
        var deviation = Math.Max(Math.Sqrt(variance), _minStdDeviation);
        var elapsed = now - last;
        mean += _acceptablePause;

        // Logistic approximation of the normal distribution's tail; exact enough, and it does not underflow early.
        var y = (elapsed - mean) / deviation;
        var e = Math.Exp(-y * (1.5976 + 0.070566 * y * y));
        return elapsed > mean ? -Math.Log10(e / (1 + e)) : -Math.Log10(1 - 1 / (1 + e));
    }
}

public interface IFailureDetectorRegistry<T>
{
    bool IsAvailable(T resource);

    bool IsMonitoring(T resource);

    void Heartbeat(T resource);

    void Remove(T resource);

    void Reset();
}

/// <summary>One failure detector per resource, made at its first heartbeat.</summary>
public class DefaultFailureDetectorRegistry<T> : IFailureDetectorRegistry<T>
{
    private readonly ConcurrentDictionary<T, FailureDetector> _detectors = new();
    private readonly Func<FailureDetector> _factory;

    public DefaultFailureDetectorRegistry(Func<FailureDetector> factory) => _factory = factory;

    public bool IsAvailable(T resource) => !_detectors.TryGetValue(resource, out var detector) || detector.IsAvailable;

    public bool IsMonitoring(T resource) => _detectors.TryGetValue(resource, out var detector) && detector.IsMonitoring;

    public void Heartbeat(T resource) => _detectors.GetOrAdd(resource, _ => _factory()).HeartBeat();

    public void Remove(T resource) => _detectors.TryRemove(resource, out _);

    public void Reset() => _detectors.Clear();
}
