using System.Buffers.Binary;
using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

/// <summary>
/// A command of a session is applied once at the most, a repetition gets the result of that one time, and all members decide alike about every entry (thesis section 6.3) - over crashes, snapshots and
/// restarts of every kind.
/// </summary>
public sealed class SessionsAreExactlyOnce : IClusterInvariant
{
    private readonly Dictionary<LogIndex, (EntryId Id, SessionDecision Decision)> _decisions = [];
    private readonly Dictionary<(ulong Session, ulong Serial), (EntryId Id, ulong Value, uint? Result)> _applied = [];

    /// <inheritdoc/>
    public void OnSession(SimulatedMember member, LogEntry entry, SessionVerdict verdict)
    {
        if (!_decisions.TryAdd(entry.Id.Index, (entry.Id, verdict.Decision)) && _decisions[entry.Id.Index] is var known && known != (entry.Id, verdict.Decision))
        {
            throw new InvariantBrokenException($"member {member.Id} decides {verdict.Decision} about entry {entry.Id}; another decided {known.Decision} about {known.Id}");
        }

        if (entry.Kind == EntryKind.Session)
        {
            return;
        }

        (ulong, ulong) command = (entry.SessionId, entry.SessionSerial);
        switch (verdict.Decision)
        {
            case SessionDecision.Apply:
                if (!_applied.TryAdd(command, (entry.Id, ValueOf(entry), ResultOf(verdict))) && _applied[command].Id != entry.Id)
                {
                    throw new InvariantBrokenException($"command {command} was applied as {_applied[command].Id}; member {member.Id} applies it again as {entry.Id}");
                }

                break;

            case SessionDecision.Duplicate:
                if (!_applied.TryGetValue(command, out (EntryId Id, ulong Value, uint? Result) first) || verdict.Result!.Id != first.Id)
                {
                    throw new InvariantBrokenException($"member {member.Id} takes entry {entry.Id} for a repetition of {verdict.Result?.Id}; command {command} was applied as {first.Id}");
                }

                if (ResultOf(verdict) is { } again && first.Result is { } result && again != result)
                {
                    throw new InvariantBrokenException($"member {member.Id} answers the repetition {entry.Id} with another result than {first.Id} had");
                }

                break;
        }
    }

    // Simulated clients write numbers; users of the local cluster write what they like, and nobody asks for that number again.
    private static ulong ValueOf(in LogEntry entry) => entry.Data.Length >= sizeof(ulong) ? BinaryPrimitives.ReadUInt64LittleEndian(entry.Data.Span) : 0;

    private static uint? ResultOf(SessionVerdict verdict) => verdict.Result!.IsForgotten ? null : Crc32C.Compute(verdict.Result.Result.Span);

    /// <inheritdoc/>
    public void OnRecovery(SimulatedMember survivor)
    {
        RaftCore core = survivor.Core!;
        bool IsLost(EntryId id) => id.Index > core.LogBase.Index && (core.TermAt(id.Index) != id.Term || id.Term >= core.Membership.Recovery!.Since);
        foreach (LogIndex index in _decisions.Where(d => IsLost(d.Value.Id)).Select(d => d.Key).ToArray())
        {
            _decisions.Remove(index);
        }

        foreach ((ulong, ulong) command in _applied.Where(a => IsLost(a.Value.Id)).Select(a => a.Key).ToArray())
        {
            _applied.Remove(command);
        }
    }

    /// <inheritdoc/>
    public void OnEnd(CoreCluster cluster)
    {
        SimulatedMember[] participants = [.. cluster.Participants];
        foreach (SimulatedMember member in participants)
        {
            if (!member.Sessions.Encode().AsSpan().SequenceEqual(participants[0].Sessions.Encode()))
            {
                throw new InvariantBrokenException($"after the run, members {participants[0].Id} and {member.Id} remember different things of sessions");
            }

            foreach ((EntryId id, ulong value, _) in _applied.Values)
            {
                int at = (int)id.Index.Value - 1;
                if (at < member.Applied.Count && member.Applied[at] != value)
                {
                    throw new InvariantBrokenException($"after the run, member {member.Id} does not have what session command {id} wrote");
                }
            }
        }
    }
}
