namespace Akka.TestKit;

/// <summary>A point that a number of threads must all have reached before any of them goes on.</summary>
public class TestBarrier
{
    /// <summary>How long <see cref="Await()"/> waits unless told otherwise.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(5);

    private readonly TestKitBase _testKit;
    private readonly int _count;
    private readonly TimeSpan _defaultTimeout;
    private Barrier _barrier;

    /// <summary>A barrier for <paramref name="count"/> threads.</summary>
    public TestBarrier(TestKitBase testKit, int count, TimeSpan? defaultTimeout = null)
    {
        _testKit = testKit;
        _count = count;
        _defaultTimeout = defaultTimeout ?? testKit.TestKitSettings.DefaultTimeout;
        _barrier = new Barrier(count);
    }

    /// <summary>Waits for the others; a timeout is an exception.</summary>
    public void Await() => Await(_defaultTimeout);

    /// <summary>Waits for the others; a timeout is an exception.</summary>
    public void Await(TimeSpan timeout)
    {
        if (!_barrier.SignalAndWait(_testKit.Dilated(timeout)))
        {
            throw new TimeoutException($"Not all of {_count} threads reached the barrier within {timeout}.");
        }
    }

    /// <summary>Starts over with no thread waiting.</summary>
    public void Reset() => _barrier = new Barrier(_count);
}
