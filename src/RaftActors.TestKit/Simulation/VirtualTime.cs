using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>What will happen, in order of virtual time; at the same time, in the order it was arranged.</summary>
public sealed class VirtualTime
{
    private readonly PriorityQueue<Action, (TimeSpan At, long Order)> _agenda = new();
    private long _order;

    /// <summary>The time since the beginning of the run.</summary>
    public TimeSpan Now { get; private set; }

    /// <summary>How much has happened so far.</summary>
    public long Steps { get; private set; }

    /// <summary>Arranges something.</summary>
    public void In(TimeSpan delay, Action action) => _agenda.Enqueue(action, (Now + delay, ++_order));

    /// <summary>Lets everything happen that is due until <paramref name="end"/>, or until <paramref name="enough"/>.</summary>
    /// <returns>Whether <paramref name="enough"/> became true.</returns>
    public bool RunUntil(TimeSpan end, Func<bool> enough)
    {
        while (!enough())
        {
            if (!_agenda.TryPeek(out Action? action, out (TimeSpan At, long Order) key) || key.At > end)
            {
                Now = end > Now ? end : Now;
                return false;
            }

            _agenda.Dequeue();
            Now = key.At;
            Steps++;
            action();
        }

        return true;
    }
}
