using System.Globalization;
using Akka.Configuration;

namespace RaftActors.Dcf;

/// <summary>
/// DCF's DN_FLOW_CONTROL_RTO and DN_FLOW_CONTROL_RPO: the leader refuses writes (<see cref="DcfWriteStatus.Overloaded"/>) while the slowest healthy node is further behind than this. Everything is off by
/// default. For all streams of the node; a leader goes by its own values, so give all nodes the same.
/// </summary>
public sealed record DcfFlowControl
{
    /// <summary>How long the slowest healthy node may need to apply what it lacks (<c>pace-apply-time</c>); zero: no bound. Below 24 days.</summary>
    public TimeSpan Rto { get; init; }

    /// <summary>How many entries its disk may be behind (<c>pace-lag-entries</c>); 0: no bound.</summary>
    public int RpoEntries { get; init; }

    /// <summary>How many bytes its disk may be behind (<c>pace-lag-bytes</c>); 0: no bound.</summary>
    public long RpoBytes { get; init; }

    internal Config ToConfig() => ConfigurationFactory.ParseString(string.Create(CultureInfo.InvariantCulture, $$"""
        raft-actors.stream-defaults {
          pace-apply-time = {{(long)Rto.TotalMilliseconds}}ms
          pace-lag-entries = {{RpoEntries}}
          pace-lag-bytes = {{RpoBytes}}
        }
        """));
}
