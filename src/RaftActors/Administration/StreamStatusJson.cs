using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace RaftActors;

/// <summary>A <see cref="StreamStatus"/> as one JSON object on one line: what <c>raftactors status</c> prints and other tools read. Keys are only ever added.</summary>
public static class StreamStatusJson
{
    /// <summary>Writes <paramref name="status"/> with the memory of this process.</summary>
    /// <param name="status">What a member knows about a stream.</param>
    /// <returns>One line without its end.</returns>
    public static string Write(StreamStatus status)
    {
        ArgumentNullException.ThrowIfNull(status);
        ArrayBufferWriter<byte> buffer = new(1024);
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("stream_id", status.Stream.Value);
            json.WriteString("stream", status.Name);
            json.WriteNumber("node_id", status.Node.Value);
            json.WriteString("role", status.Role.ToString().ToLowerInvariant());
            json.WriteNumber("term", status.Term.Value);
            json.WriteNumber("voted_for", status.VotedFor.Value);
            json.WriteNumber("leader", status.Leader.Value);
            json.WriteString("health", status.Health.ToString().ToLowerInvariant());
            json.WriteString("failure", status.FailureReason);
            json.WriteBoolean("ready", status.IsReady);
            json.WriteBoolean("lease_valid", status.IsLeaderLeaseValid);
            json.WriteBoolean("read_only", status.IsReadOnly);
            json.WriteNumber("commit", status.CommitIndex.Value);
            json.WriteNumber("commit_term", status.CommitTerm.Value);
            json.WriteNumber("generation", status.Generation.Number);
            json.WriteNumber("generation_origin", status.Generation.Origin.Value);
            json.WriteNumber("applied", status.AppliedIndex.Value);
            json.WriteNumber("durable", status.DurableIndex.Value);
            json.WriteNumber("last_index", status.LastEntry.Index.Value);
            json.WriteNumber("last_term", status.LastEntry.Term.Value);
            json.WriteNumber("snapshot_index", status.SnapshotIndex.Value);

            // As text: a 64-bit digest does not fit the numbers of many JSON readers.
            json.WriteString("state_hash", status.StateHash.ToString("x16", CultureInfo.InvariantCulture));
            json.WriteString("incarnation", status.Incarnation.ToString("x16", CultureInfo.InvariantCulture));
            json.WriteBoolean("lost_journal", status.HasLostJournal);
            json.WriteNumber("sessions", status.Sessions);
            WriteMembership(json, status.Membership);
            WritePeers(json, status.Peers);
            WriteQueues(json, status.Queues);
            json.WriteNumber("timer_lag_ms", Math.Round(status.TimerLag.TotalMilliseconds, 1));
            json.WriteNumber("process_memory_bytes", Environment.WorkingSet);
            json.WriteNumber("managed_memory_bytes", GC.GetTotalMemory(forceFullCollection: false));
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void WriteMembership(Utf8JsonWriter json, StreamMembership membership)
    {
        json.WriteStartObject("membership");
        WriteIds("voters", membership.Voters);
        WriteIds("outgoing", membership.OutgoingVoters);
        WriteIds("learners", membership.Learners);
        WriteIds("loggers", membership.Loggers);
        json.WriteNumber("commit_quorum", membership.Quorum.CommitSize(membership.Voters.Length));
        json.WriteNumber("election_quorum", membership.Quorum.ElectionSize(membership.Voters.Length));
        WriteNumbers("required_groups", membership.Quorum.RequiredGroups);
        WriteIds("excluded", membership.Recovery is { } recovery ? [.. recovery.Excluded.Select(m => m.Id)] : []);
        json.WriteStartObject("groups");
        foreach (Member member in membership.Members.Where(m => m.Group != 0))
        {
            json.WriteNumber(member.Id.ToString(), member.Group);
        }

        json.WriteEndObject();
        json.WriteEndObject();

        void WriteNumbers(string name, ImmutableArray<int> numbers)
        {
            json.WriteStartArray(name);
            foreach (int number in numbers)
            {
                json.WriteNumberValue(number);
            }

            json.WriteEndArray();
        }

        void WriteIds(string name, ImmutableArray<NodeId> ids)
        {
            json.WriteStartArray(name);
            foreach (NodeId id in ids)
            {
                json.WriteNumberValue(id.Value);
            }

            json.WriteEndArray();
        }
    }

    private static void WritePeers(Utf8JsonWriter json, ImmutableArray<StreamPeerStatus> peers)
    {
        json.WriteStartArray("peers");
        foreach (StreamPeerStatus peer in peers)
        {
            json.WriteStartObject();
            json.WriteNumber("node_id", peer.Node.Value);
            json.WriteNumber("match", peer.Match.Value);
            json.WriteNumber("next", peer.Next.Value);
            json.WriteString("state", peer.State);
            json.WriteBoolean("reachable", peer.Reachable);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteQueues(Utf8JsonWriter json, QueueSizes queues)
    {
        json.WriteStartObject("queues");
        json.WriteNumber("open_requests", queues.OpenRequests);
        json.WriteNumber("waiting_for_leader", queues.WaitingForLeader);
        json.WriteNumber("forwarded", queues.Forwarded);
        json.WriteNumber("waiters", queues.Waiters);
        json.WriteNumber("apply", queues.ApplyQueue);
        json.WriteNumber("journal_writes", queues.JournalWrites);
        json.WriteNumber("journal_bytes", queues.JournalBytes);
        json.WriteNumber("reads", queues.Reads);
        json.WriteEndObject();
    }
}
