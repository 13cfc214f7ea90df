using System.Collections.Immutable;
using System.Text;
using Akka.Configuration;
using Akka.Event;
using RaftActors.Configuration;
using RaftActors.Protocol;

namespace RaftActors.Dcf;

// DCF's parameters by their names. What they are here is in DcfParams.
public sealed partial class Dcf
{
    private ImmutableSortedDictionary<string, string> _params = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    private string DataPath => Path.GetFullPath(_params.GetValueOrDefault(DcfParams.DataPath, _options.DataPath));

    private IReadOnlyList<int> MajorityGroups => _params.TryGetValue(DcfParams.MajorityGroups, out string? groups) ? DcfParams.GroupsOf(groups) : _options.MajorityGroups;

    /// <summary>
    /// Sets a parameter by DCF's name (<c>dcf_set_param</c>): <c>ELECTION_TIMEOUT</c>, <c>RUN_MODE</c>, <c>DATA_PATH</c> and so on, in DCF's units. Before the start it stands in front of <see cref="DcfOptions"/>; of a
    /// node that runs, only what may be changed then, for all its streams and until it stops. Parameters belong to this node, so set them on every node; only <c>MAJORITY_GROUPS</c> on a node that runs
    /// is for the whole cluster.
    /// </summary>
    /// <param name="name">The name, in capitals.</param>
    /// <param name="value">The value.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="DcfConfigurationException">The name is unknown or means nothing here, the value is not allowed, or it could only be set before the start. The message says what is allowed; nothing is changed.</exception>
    /// <exception cref="InvalidOperationException">The node has stopped.</exception>
    public async Task SetParamAsync(string name, string value, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(value);
        DcfParam param = DcfParams.Find(name);
        string kept = param.Parse(value) ?? throw new DcfConfigurationException($"{name} is \"{value}\". Allowed: {param.Allowed}.");
        switch ((State)_state)
        {
            case State.Stopped:
                throw new InvalidOperationException("The node has stopped.");
            case State.New:
                break;
            case State.Started when name == DcfParams.MajorityGroups:
                foreach (StreamId stream in Streams)
                {
                    DcfAdminResult result = await SetMajorityGroupsAsync(stream, DcfParams.GroupsOf(kept), cancellationToken: cancellationToken).ConfigureAwait(false);
                    if (!result.Success)
                    {
                        throw new DcfConfigurationException($"{name} could not be set for stream {stream}: {result.Reason}");
                    }
                }

                break;
            case State.Started when name == DcfParams.LogLevel:
                System.EventStream.SetLogLevel(Logging.LogLevelFor(DcfLogLevel.ToAkka(kept)));
                break;
            case State.Started when param.Tune is { } tune:
                await Task.WhenAll(_streams.Values.Select(s => s.TuneAsync(tune(kept), cancellationToken))).ConfigureAwait(false);
                break;
            default:
                throw new DcfConfigurationException($"{name} can only be set before the start.");
        }

        ImmutableInterlocked.Update(ref _params, (all, set) => all.SetItem(set.name, set.kept), (name, kept));
    }

    /// <summary>The value of a parameter that is in force (<c>dcf_get_param</c>), in DCF's units.</summary>
    /// <param name="name">The name, in capitals.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="DcfConfigurationException">The name is unknown or means nothing here.</exception>
    public async Task<string> GetParamAsync(string name, CancellationToken cancellationToken = default)
    {
        DcfParam param = DcfParams.Find(name);
        RaftStream? stream = _streams.IsEmpty ? null : _streams[Streams[0]];
        switch (name)
        {
            case DcfParams.DataPath:
                return DataPath;
            case DcfParams.MajorityGroups:
                return string.Join(',', stream is null ? MajorityGroups : (await stream.GetStatusAsync(cancellationToken).ConfigureAwait(false)).Membership.Quorum.RequiredGroups);
            default:
                return (stream is null ? null : param.Tuned(stream.Tuning))
                    ?? _params.GetValueOrDefault(name)
                    ?? param.Read((_system?.Settings.Config ?? OwnConfig()).WithFallback(RaftSettings.Reference()));
        }
    }

    /// <summary>Lets the log of this node forget entries (DCF: <c>dcf_truncate</c>): only what its newest snapshot covers. Without a snapshot of them they would be lost, so nothing happens then and the answer says why.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="firstIndexKept">The first entry that is kept.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<DcfAdminResult> TruncateAsync(StreamId stream, LogIndex firstIndexKept, CancellationToken cancellationToken = default) =>
        await GetStream(stream).TruncateLogAsync(firstIndexKept, cancellationToken).ConfigureAwait(false) switch
        {
            LogTruncated => new DcfAdminResult(true, NodeId.None, null),
            LogNotTruncated not => new DcfAdminResult(false, NodeId.None, not.Reason),
            var answer => new DcfAdminResult(false, NodeId.None, $"Unexpected answer {answer.GetType().Name}."),
        };

    /// <summary>Everything but the address: parameters, then <see cref="DcfOptions.FlowControl"/>, then <see cref="DcfOptions.Config"/>.</summary>
    private Config OwnConfig()
    {
        Config behind = _options.FlowControl?.ToConfig() is { } flow
            ? (_options.Config is { } own ? flow.WithFallback(own) : flow)
            : _options.Config ?? Config.Empty;
        StringBuilder text = new();
        foreach ((string name, string value) in _params)
        {
            // In the order of their names, so that HEARTBEAT_INTERVAL stands behind what ELECTION_TIMEOUT says of it.
            text.AppendLine(DcfParams.Find(name).ToSettings(value, behind.WithFallback(RaftSettings.Reference())));
        }

        return text.Length == 0 ? behind : ConfigurationFactory.ParseString(text.ToString()).WithFallback(behind);
    }

    private void CheckParams(Config config)
    {
        string journal = config.GetString("raft-actors.journal.plugin", string.Empty);
        journal = journal.Length > 0 ? journal : config.GetString("akka.persistence.journal.plugin", string.Empty);
        if (_params.ContainsKey(DcfParams.DataFileSize) && journal != "raft-actors.journal.wal")
        {
            throw new DcfConfigurationException($"{DcfParams.DataFileSize} is for the journal raft-actors.journal.wal; the journal of this node is \"{journal}\".");
        }
    }
}
