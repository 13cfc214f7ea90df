using RaftActors.Protocol;

namespace RaftActors.Dcf;

/// <summary>A write that the leader took in is committed (DCF: <c>dcf_register_after_writer</c>).</summary>
/// <param name="stream">The stream.</param>
/// <param name="index">The index of the entry.</param>
/// <param name="buffer">The bytes written; valid after the call too.</param>
/// <param name="key">The key that came with the write.</param>
/// <param name="error">0; a write that failed is reported to its writer and never called back.</param>
public delegate void AfterWriter(StreamId stream, LogIndex index, ReadOnlyMemory<byte> buffer, ulong key, int error);

/// <summary>An entry is committed on a follower (DCF: <c>dcf_register_consensus_notify</c>).</summary>
/// <param name="stream">The stream.</param>
/// <param name="index">The index of the entry.</param>
/// <param name="buffer">The bytes, the same as on the leader.</param>
/// <param name="key">The key that came with the write.</param>
public delegate void ConsensusNotify(StreamId stream, LogIndex index, ReadOnlyMemory<byte> buffer, ulong key);

/// <summary>This node's own role changed (DCF: <c>dcf_register_status_notify</c>).</summary>
/// <param name="stream">The stream.</param>
/// <param name="newRole">The role now.</param>
public delegate void StatusNotify(StreamId stream, Role newRole);

/// <summary>The stream has a new leader (DCF: <c>dcf_register_election_notify</c>).</summary>
/// <param name="stream">The stream.</param>
/// <param name="newLeader">Who leads; none while nobody does.</param>
public delegate void ElectionNotify(StreamId stream, NodeId newLeader);

/// <summary>A message of another node's application has come (DCF: <c>dcf_register_msg_proc</c>).</summary>
/// <param name="stream">The stream.</param>
/// <param name="source">The node that sent it.</param>
/// <param name="buffer">The bytes; valid after the call too.</param>
public delegate void MsgProc(StreamId stream, NodeId source, ReadOnlyMemory<byte> buffer);

/// <summary>Something went wrong that the application should know (DCF: <c>dcf_register_exception_report</c>).</summary>
/// <param name="stream">The stream.</param>
/// <param name="exception">What happened.</param>
public delegate void ExceptionReport(StreamId stream, Exception exception);
