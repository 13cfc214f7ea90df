namespace KvServer.Server;

/// <summary>At most one line a second, with the number of those left out: noise on a port must not fill a disk.</summary>
internal sealed class WarningThrottle(Action<string> warn)
{
    private readonly Lock _gate = new();
    private long _next = long.MinValue;
    private long _leftOut;

    public void Warn(string text)
    {
        lock (_gate)
        {
            long now = Environment.TickCount64;
            if (now < _next)
            {
                _leftOut++;
                return;
            }

            _next = now + 1000;
            text = _leftOut == 0 ? text : $"{text} ({_leftOut} more such lines left out)";
            _leftOut = 0;
        }

        warn(text);
    }
}
