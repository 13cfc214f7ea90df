using System.Buffers.Binary;
using System.Runtime.InteropServices;
using RaftActors.Protocol;

namespace RaftActors.TestKit.Simulation;

// Client sessions: the table is a part of the state machine's state, the clock is the leader's.
public sealed partial class SimulatedMember
{
    private SessionTable _sessions = new();
    private SessionClock _sessionClock = new();
    private int _clockRound;

    /// <summary>What it remembers of sessions; lost in a crash like everything that is applied.</summary>
    public SessionTable Sessions => _sessions;

    private bool HasSessions => _cluster.Profile.Sessions > 0;

    /// <summary>A session's client proposes, or asks for something about its session.</summary>
    internal void SubmitOfSession(ClientWrite write)
    {
        ProposedEntry entry;
        if (write.Control is { } control)
        {
            entry = new ProposedEntry(EntryKind.Session, (control with { LogTime = _sessionClock.Read(Clock) }).Encode());
        }
        else
        {
            byte[] data = new byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(data, write.FirstValue);
            entry = new ProposedEntry(EntryKind.Normal, data, 0, write.Session, write.Serial);
        }

        _writes.Add(write.Ticket, write);
        Take(new RaftInput.Propose(write.Ticket, [entry]));
    }

    private void ForgetSessions()
    {
        _sessions = new SessionTable();
        _sessionClock = new SessionClock();
    }

    /// <summary>What the state machine makes of an entry: its value, or 0.</summary>
    private ulong ApplyOne(in LogEntry entry)
    {
        ulong value = entry.Kind == EntryKind.Normal ? BinaryPrimitives.ReadUInt64LittleEndian(entry.Data.Span) : 0;
        SessionVerdict verdict;
        if (entry.Kind == EntryKind.Session)
        {
            verdict = SessionControl.TryDecode(entry.Data.Span, out SessionControl? control)
                ? _sessions.Control(entry.Id.Index, control)
                : throw new InvariantBrokenException($"entry {entry.Id} says something unknown about sessions");
        }
        else if (entry.SessionId != 0)
        {
            verdict = _sessions.Begin(entry.Id, entry.SessionId, entry.SessionSerial);
            if (verdict.Decision == SessionDecision.Apply)
            {
                _sessions.Complete(verdict.Result!, entry.Data);
            }
            else
            {
                value = 0;
            }
        }
        else
        {
            return value;
        }

        EntryId id = entry.Id;
        foreach (ClientWrite write in _writes.Values.Where(w => w.State == WriteState.Accepted && w.First == id))
        {
            write.Verdict = verdict;
        }

        _cluster.TellSession(this, entry, verdict);
        return value;
    }

    private void LeadOrFollowSessions(Effect.RoleChanged change)
    {
        if (change.Role == Role.Leader)
        {
            _sessionClock.Lead(Clock);
            ArmClock();
        }
        else
        {
            _sessionClock.Follow();
        }
    }

    private void ArmClock()
    {
        _sessionClock.Learn(_sessions.LogTime, Clock);
        if (!IsLeader || _sessions.NextClock is not { } next)
        {
            return;
        }

        int round = ++_clockRound;
        TimeSpan wait = next - _sessionClock.Read(Clock);
        Later(wait > SimulationProfile.HeartbeatInterval ? wait : SimulationProfile.HeartbeatInterval, () =>
        {
            if (round != _clockRound || !IsLeader)
            {
                return;
            }

            if (_sessions.NextClock <= _sessionClock.Read(Clock))
            {
                _cluster.TellTime(this);
            }

            ArmClock();
        });
    }

    private byte[] SnapshotBytes()
    {
        ReadOnlySpan<byte> applied = MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(Applied));
        if (!HasSessions)
        {
            return applied.ToArray();
        }

        byte[] table = _sessions.Encode();
        byte[] bytes = new byte[4 + table.Length + applied.Length];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, table.Length);
        table.CopyTo(bytes, 4);
        applied.CopyTo(bytes.AsSpan(4 + table.Length));
        return bytes;
    }

    private void RestoreFrom(ReadOnlySpan<byte> bytes)
    {
        Applied.Clear();
        if (HasSessions)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(bytes);
            _sessions = SessionTable.TryDecode(bytes.Slice(4, length), out SessionTable? table, out string? error)
                ? table
                : throw new InvariantBrokenException($"member {Id} finds in its snapshot {error}");
            _sessionClock.Learn(_sessions.LogTime, Clock);
            bytes = bytes[(4 + length)..];
        }

        Applied.AddRange(MemoryMarshal.Cast<byte, ulong>(bytes));
    }
}
