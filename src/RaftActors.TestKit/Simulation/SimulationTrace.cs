using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>
/// What happened in a run, in order. Holds the values themselves and puts nothing into words before somebody reads it, so that
/// recording costs little; a run without a trace costs nothing.
/// </summary>
public sealed class SimulationTrace
{
    private readonly List<TraceEvent> _events = [];
    private Func<TimeSpan>? _time;

    /// <summary>Everything that happened.</summary>
    public IReadOnlyList<TraceEvent> Events => _events;

    /// <summary>
    /// What the last event can have been caused by: what its member did before, what was sent to it, what the senders did before
    /// that. Faults and notes about the whole cluster belong to everything (Lamport's happened-before).
    /// </summary>
    /// <returns>The numbers of the events, in order.</returns>
    public IReadOnlySet<int> CausesOfTheEnd()
    {
        SortedSet<int> causes = [];
        HashSet<NodeId> members = [];
        HashSet<int> wanted = [];
        bool everybody = _events.Count > 0 && _events[^1].Member == NodeId.None;
        for (int i = _events.Count - 1; i >= 0; i--)
        {
            TraceEvent e = _events[i];
            bool isLost = e.Kind == TraceKind.Lost;
            if (i == _events.Count - 1 || wanted.Contains(i) || (!isLost && (e.Member == NodeId.None || everybody || members.Contains(e.Member))))
            {
                causes.Add(i);
                members.Add(e.Member);
                if (e.Cause >= 0)
                {
                    wanted.Add(e.Cause);
                }
            }
        }

        return causes;
    }

    /// <summary>
    /// The events that explain the end: those that can have caused it, without what only prepares something and without messages that had no
    /// consequence. Messages that were lost stay, unless the sender repeats them anyway.
    /// </summary>
    public IReadOnlyList<TraceEvent> Explanation()
    {
        IReadOnlySet<int> causes = CausesOfTheEnd();
        HashSet<int> shown = [];
        foreach (TraceEvent e in _events)
        {
            bool arrives = e.Kind == TraceKind.Delivered && causes.Contains(e.Number);
            bool isLost = e.Kind == TraceKind.Lost && causes.Contains(e.Cause) && e.What is not (RequestVote { PreVote: true } or AppendEntries { Batches.Count: 0 });
            if (arrives || isLost)
            {
                shown.Add(e.Number);
                shown.Add(e.Cause);
            }
        }

        return [.. _events.Where(e => e.Kind is TraceKind.Sent or TraceKind.Lost ? shown.Contains(e.Number) : causes.Contains(e.Number) && TraceText.IsTelling(e))];
    }

    /// <summary>The words of the whole trace, one event a line.</summary>
    public IEnumerable<string> Lines() => _events.Select(e => e.ToString());

    internal void Follow(VirtualTime time) => _time = () => time.Now;

    internal void Follow(Func<TimeSpan> time) => _time = time;

    internal int Add(TraceKind kind, NodeId member, NodeId peer, object what, int cause = -1)
    {
        _events.Add(new TraceEvent(_events.Count, _time?.Invoke() ?? TimeSpan.Zero, kind, member, peer, what, cause));
        return _events.Count - 1;
    }
}
