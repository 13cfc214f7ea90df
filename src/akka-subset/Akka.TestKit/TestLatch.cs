namespace Akka.TestKit;

/// <summary>A countdown that one thread waits for and others count down.</summary>
public class TestLatch
{
    /// <summary>How long <see cref="Ready()"/> waits unless told otherwise.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(5);

    private readonly CountdownEvent _latch;
    private readonly Func<TimeSpan, TimeSpan> _dilate;
    private readonly TimeSpan _defaultTimeout;

    /// <summary>A latch that one call opens.</summary>
    public TestLatch()
        : this(1)
    {
    }

    /// <summary>A latch that <paramref name="count"/> calls open.</summary>
    public TestLatch(int count)
        : this(count, DefaultTimeout)
    {
    }

    /// <summary>A latch with its own default timeout.</summary>
    public TestLatch(int count, TimeSpan defaultTimeout)
        : this(null, defaultTimeout, count)
    {
    }

    /// <summary>A latch whose timeouts are multiplied by a time factor.</summary>
    protected TestLatch(Func<TimeSpan, TimeSpan> dilate, TimeSpan defaultTimeout, int count)
    {
        _latch = new CountdownEvent(count);
        _dilate = dilate ?? (timeout => timeout);
        _defaultTimeout = defaultTimeout;
    }

    /// <summary>Whether the count has reached zero.</summary>
    public bool IsOpen => _latch.IsSet;

    /// <summary>Counts down by one.</summary>
    public void CountDown() => _latch.Signal();

    /// <summary>Opens the latch whatever the count.</summary>
    public void Open()
    {
        while (!_latch.IsSet)
        {
            CountDown();
        }
    }

    /// <summary>Closes the latch with its initial count.</summary>
    public void Reset() => _latch.Reset();

    /// <summary>Waits until the latch is open; a timeout is an exception.</summary>
    public void Ready() => Wait(_dilate(_defaultTimeout));

    /// <summary>Waits until the latch is open; a timeout is an exception.</summary>
    public void Ready(TimeSpan timeout)
    {
        if (timeout == TimeSpan.MaxValue)
        {
            throw new ArgumentException("A latch cannot be waited for without a timeout.", nameof(timeout));
        }

        Wait(_dilate(timeout));
    }

    private void Wait(TimeSpan timeout)
    {
        if (!_latch.Wait(timeout))
        {
            throw new TimeoutException($"The latch did not open within {timeout}; {_latch.CurrentCount} more calls are needed.");
        }
    }

    internal static TestLatch Create(TestKitBase testKit, int count) =>
        new(testKit.Dilated, testKit.TestKitSettings.DefaultTimeout, count);
}
