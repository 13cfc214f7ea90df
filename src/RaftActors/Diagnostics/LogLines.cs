using Akka.Event;

namespace RaftActors.Runtime;

/// <summary>Every line that this library logs, declared once. One per role change, none per heartbeat.</summary>
internal static class LogLines
{
    public static void RoleChanged(ILoggingAdapter log, StreamId stream, NodeId node, Effect.RoleChanged change) =>
        log.Info("Stream {0} node {1}: {2} in term {3}, leader {4}: {5}", stream, node, change.Role, change.Term, change.Leader, change.Reason);

    public static void MembershipChanged(ILoggingAdapter log, StreamId stream, NodeId node, Effect.MembershipChanged change) =>
        log.Info("Stream {0} node {1}: membership from entry {2} on: {3}", stream, node, change.Index, change.Membership);

    public static void RecoveryForced(ILoggingAdapter log, StreamId stream, NodeId node, Effect.RecoveryDone done, StreamMembership membership) =>
        log.Warning(
            "Stream {0} node {1}: a recovery was FORCED here. Generation {2} begins behind entry {3} with {4}; acknowledged writes that were not on this member are lost, and members {5} are left out",
            stream, node, done.Generation, done.Base, membership, string.Join(",", membership.Recovery?.Excluded.Select(m => m.Id) ?? []));

    public static void RecoveryRefused(ILoggingAdapter log, StreamId stream, NodeId node, string reason) =>
        log.Warning("Stream {0} node {1}: a forced recovery was refused: {2}", stream, node, reason);

    public static void RecoveryFollowed(ILoggingAdapter log, StreamId stream, NodeId node, Generation generation, NodeId by) =>
        log.Warning("Stream {0} node {1}: follows the forced recovery of generation {2}, as member {3} says", stream, node, generation, by);

    public static void Recovered(ILoggingAdapter log, StreamId stream, NodeId node, int events, RaftCore core) =>
        log.Info("Stream {0} node {1}: recovered {2} journal events, term {3}, last entry {4}", stream, node, events, core.Term, core.LastEntry);

    public static void NodeFailed(ILoggingAdapter log, Exception? cause, StreamId stream, NodeId node, string reason) =>
        log.Error(cause!, "Stream {0} node {1} has failed and takes no further part until it is started again: {2}", stream, node, reason);

    public static void NodeCrashed(ILoggingAdapter log, StreamId stream, NodeId node, TimeSpan wait) =>
        log.Warning("Stream {0} node {1} crashed; it is made anew from its journal in {2} ms", stream, node, (long)wait.TotalMilliseconds);

    public static void StateMachineFailed(ILoggingAdapter log, Exception cause, StreamId stream, NodeId node, string reason) =>
        log.Error(cause, "Stream {0} node {1}: {2}. It votes and keeps the log, but applies nothing until it is started again", stream, node, reason);

    public static void ObserverFailed(ILoggingAdapter log, Exception cause, StreamId stream, NodeId node) =>
        log.Warning(cause, "Stream {0} node {1}: an observer threw; ignored", stream, node);

    public static void ShutdownFailed(ILoggingAdapter log, Exception cause, StreamId stream, NodeId node) =>
        log.Warning(cause, "Stream {0} node {1}: the state machine's OnShutdown threw; ignored", stream, node);

    public static void ErrorCallbackFailed(ILoggingAdapter log, Exception cause, StreamId stream, NodeId node) =>
        log.Warning(cause, "Stream {0} node {1}: the state machine's OnError threw; ignored", stream, node);

    public static void Stopped(ILoggingAdapter log, StreamId stream, NodeId node) =>
        log.Info("Stream {0} node {1}: stopped", stream, node);

    public static void StartFailed(ILoggingAdapter log, Exception cause, StreamId stream) =>
        log.Error(cause, "Stream {0} of raft-actors.streams could not be started", stream);

    public static void BadFrame(ILoggingAdapter log, string from, string error, long suppressed) =>
        log.Warning("A frame from {0} was dropped: {1} ({2} more since the last such line)", from, error, suppressed);

    public static void UnknownStream(ILoggingAdapter log, string from, StreamId stream, NodeId node, long suppressed) =>
        log.Warning("A frame from {0} was for stream {1}, node {2}, which do not run here ({3} more since the last such line)", from, stream, node, suppressed);

    public static void PeerLacksStream(ILoggingAdapter log, StreamId stream, NodeId node, NodeId peer, long suppressed) =>
        log.Warning("Stream {0} node {1}: node {2} does not run the stream, or not for this member ({3} more since the last such line)", stream, node, peer, suppressed);

    public static void SnapshotTaken(ILoggingAdapter log, StreamId stream, NodeId node, LogCompacted compaction, long bytes) =>
        log.Info("Stream {0} node {1}: snapshot of entry {2}, {3} bytes; the log begins behind {4}", stream, node, compaction.Snapshot.Last, bytes, compaction.Base);

    public static void SnapshotNotTaken(ILoggingAdapter log, Exception? cause, StreamId stream, NodeId node, string reason) =>
        log.Warning(cause!, "Stream {0} node {1}: no snapshot was taken, the log is kept: {2}", stream, node, reason);

    public static void SnapshotInstalled(ILoggingAdapter log, StreamId stream, NodeId node, LogIndex index) =>
        log.Info("Stream {0} node {1}: the leader's snapshot up to {2} is installed", stream, node, index);

    public static void OlderSnapshot(ILoggingAdapter log, StreamId stream, NodeId node, LogIndex index, string why) =>
        log.Warning("Stream {0} node {1}: starts from the older snapshot {2} and the log behind it, because {3}", stream, node, index, why);

    public static void SendingSnapshot(ILoggingAdapter log, StreamId stream, NodeId node, NodeId peer, SnapshotInfo snapshot) =>
        log.Info("Stream {0} node {1}: node {2} needs entries that the log no longer holds and gets {3}", stream, node, peer, snapshot);

    public static void SnapshotNotSent(ILoggingAdapter log, StreamId stream, NodeId node, NodeId peer, string reason) =>
        log.Warning("Stream {0} node {1}: node {2} did not get the snapshot: {3}", stream, node, peer, reason);

    public static void SnapshotNotReceived(ILoggingAdapter log, StreamId stream, NodeId node, NodeId from, string reason) =>
        log.Warning("Stream {0} node {1}: a snapshot from node {2} could not be stored: {3}", stream, node, from, reason);

    public static void PruneFailed(ILoggingAdapter log, StreamId stream, NodeId node, string reason) =>
        log.Warning("Stream {0} node {1}: {2}", stream, node, reason);

    public static void MemberLostJournal(ILoggingAdapter log, StreamId stream, NodeId node, Effect.IncarnationRefused refused) =>
        log.Error(
            "Stream {0} node {1}: node {2} is another incarnation ({3:x16}) than the one that belongs to the stream ({4:x16}): it lost its journal. Nothing that it says counts; remove it and add it again",
            stream, node, refused.Member, refused.Met, refused.Known);

    public static void JournalWasLost(ILoggingAdapter log, StreamId stream, NodeId node, NodeId by) =>
        log.Error("Stream {0} node {1}: this node lost its journal while it belonged to the stream, as node {2} says. It takes no part; remove it and add it again", stream, node, by);

    public static void DeleteFailed(ILoggingAdapter log, Exception cause, string persistenceId, long to) =>
        log.Warning(cause, "The journal of '{0}' could not delete events up to sequence number {1}; they take up room until it can", persistenceId, to);

    public static void ReplicationPaused(ILoggingAdapter log, StreamId stream, NodeId node, NodeId peer, TimeSpan duration) =>
        log.Info("Stream {0} node {1}: node {2} gets no entries for {3} s, as an operator asked", stream, node, peer, duration.TotalSeconds);

    public static void Tuned(ILoggingAdapter log, StreamId stream, NodeId node, RaftTuning tuning) =>
        log.Info("Stream {0} node {1}: settings changed while it runs; in force beside the configured ones: {2}", stream, node, tuning);

    public static void ReadOnlyMode(ILoggingAdapter log, StreamId stream, NodeId node, bool isReadOnly) =>
        log.Info(
            isReadOnly
                ? "Stream {0} node {1}: in read-only mode, as an operator asked; it refuses writes while it leads"
                : "Stream {0} node {1}: out of read-only mode, as an operator asked",
            stream, node);

    public static void EntriesNotRead(ILoggingAdapter log, Exception? cause, StreamId stream, NodeId node, LogIndex first, NodeId reader, string reason) =>
        log.Warning(cause!, "Stream {0} node {1}: entries from {2} on could not be read back for {3}: {4}", stream, node, first, reader.IsNone ? "this member" : $"node {reader}", reason);

    public static void ReplayFilterSet(ILoggingAdapter log, string plugin) =>
        log.Info("The replay filter of journal {0} was set to fail: a repair would silently drop events", plugin);

    public static void ReplayFilterRepairs(ILoggingAdapter log, string plugin, string mode) =>
        log.Warning("The replay filter of journal {0} is '{1}' and may silently drop events; allowed by raft-actors.journal.allow-repairing-replay-filter", plugin, mode);

    public static void NotHandled(ILoggingAdapter log, Exception cause, Type message) =>
        log.Error(cause, "A {0} could not be handled; nothing else is affected", message.Name);

    public static void JournalStalled(ILoggingAdapter log, StreamId stream, NodeId node, TimeSpan since) =>
        log.Warning("Stream {0} node {1}: the journal has not confirmed a write for {2}ms; the office is given up", stream, node, (long)since.TotalMilliseconds);
}
