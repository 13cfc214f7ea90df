namespace Akka.Util;

/// <summary>An on/off switch whose transitions happen once, however many threads try.</summary>
public class Switch
{
    private readonly Lock _lock = new();
    private bool _on;

    public Switch(bool startAsOn = false)
    {
        _on = startAsOn;
    }

    public bool IsOn => Volatile.Read(ref _on);

    public bool IsOff => !IsOn;

    public bool SwitchOn() => SwitchOn(static () => { });

    public bool SwitchOn(Action action) => TranscendFrom(false, action);

    public bool SwitchOff() => SwitchOff(static () => { });

    public bool SwitchOff(Action action) => TranscendFrom(true, action);

    public bool IfOn(Action action)
    {
        if (!IsOn)
            return false;
        action();
        return true;
    }

    public bool IfOff(Action action)
    {
        if (IsOn)
            return false;
        action();
        return true;
    }

    public bool WhileOn(Action action)
    {
        lock (_lock)
            return IfOn(action);
    }

    public bool WhileOff(Action action)
    {
        lock (_lock)
            return IfOff(action);
    }

    public void Locked(Action action)
    {
        lock (_lock)
            action();
    }

    /// <summary>Turns the switch and runs the action; turns it back if the action fails.</summary>
    protected bool TranscendFrom(bool from, Action action)
    {
        lock (_lock)
        {
            if (_on != from)
                return false;
            Volatile.Write(ref _on, !from);
            try
            {
                action();
            }
            catch
            {
                Volatile.Write(ref _on, from);
                throw;
            }

            return true;
        }
    }
}
