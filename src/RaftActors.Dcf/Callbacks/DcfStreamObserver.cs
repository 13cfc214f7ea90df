using RaftActors.Protocol;

namespace RaftActors.Dcf;

/// <summary>Passes a stream's events to the callbacks registered for it.</summary>
internal sealed class DcfStreamObserver(StreamId stream, DcfCallbackTable callbacks) : IStreamObserver
{
    public void OnLeaderWriteCompleted(CommittedEntry entry) =>
        callbacks.AfterWriter?.Invoke(stream, entry.Index, entry.Data, entry.Key, 0);

    public void OnFollowerCommitted(CommittedEntry entry) =>
        callbacks.ConsensusNotify?.Invoke(stream, entry.Index, entry.Data, entry.Key);

    public void OnRoleChanged(Role oldRole, Role newRole, Term term) => callbacks.StatusNotify?.Invoke(stream, newRole);

    public void OnLeaderChanged(NodeId leader, Term term) => callbacks.ElectionNotify?.Invoke(stream, leader);

    public void OnMessage(NodeId from, ReadOnlyMemory<byte> data) => callbacks.MsgProc?.Invoke(stream, from, data);

    public void OnException(Exception e) => callbacks.ExceptionReport?.Invoke(stream, e);
}
