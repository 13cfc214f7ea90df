namespace RaftActors.Runtime;

/// <summary>Asks for a change of the membership.</summary>
internal sealed class PendingMembershipChange(MembershipChange change) : PendingRequest<MembershipAnswer>
{
    public MembershipChange Change { get; } = change;

    /// <summary>Set before the core gets it: from then on only the core knows what came of it.</summary>
    public bool MayBeUnderWay { get; set; }

    public override void Abandon(string reason, RefusalCode code) =>
        Answer(MayBeUnderWay ? new MembershipOutcomeUnknown(reason) : new MembershipNotChanged(ChangeRefusal.NotLeader, reason, NodeId.None, null));

    public override void TimeOut() => Answer(MayBeUnderWay
        ? new MembershipOutcomeUnknown("the change was not complete in time; it may be under way still")
        : new MembershipNotChanged(ChangeRefusal.NotReady, "the leader had not committed an entry of its own term in time", NodeId.None, null));
}

/// <summary>Asks for another leader.</summary>
internal sealed class PendingTransferRequest(NodeId target, TimeSpan timeout) : PendingRequest<TransferAnswer>
{
    public NodeId Target { get; } = target;

    public TimeSpan Timeout { get; } = timeout;

    public override void Abandon(string reason, RefusalCode code) =>
        Answer(new LeadershipNotTransferred(TransferOutcome.NotLeader, reason, NodeId.None, null));

    public override void TimeOut() =>
        Answer(new LeadershipNotTransferred(TransferOutcome.TimedOut, "no new leader was known in time", NodeId.None, null));
}

/// <summary>Asks the leader to stop the replication of a peer for a while.</summary>
internal sealed class PendingPause(NodeId peer, TimeSpan duration) : PendingRequest<PauseAnswer>
{
    public NodeId Peer { get; } = peer;

    public TimeSpan Duration { get; } = duration;

    public override void Abandon(string reason, RefusalCode code) => Answer(new ReplicationNotPaused(PauseOutcome.NotLeader, reason, NodeId.None, null));

    public override void TimeOut() => Abandon("the member did not answer in time", RefusalCode.Stopping);
}

/// <summary>Asks for an election.</summary>
internal sealed class PendingElection : PendingAcknowledgement;

/// <summary>Asks for a forced recovery.</summary>
internal sealed class PendingRecovery(RaftInput.ForceRecovery input) : PendingRequest<RecoveryAnswer>
{
    /// <summary>What the core gets, but for the ticket.</summary>
    public RaftInput.ForceRecovery Input { get; } = input;

    /// <summary>Set before the core gets it.</summary>
    public bool MayBeUnderWay { get; set; }

    public override void Abandon(string reason, RefusalCode code) =>
        Answer(MayBeUnderWay ? new RecoveryOutcomeUnknown(reason) : new RecoveryNotForced(reason));

    public override void TimeOut() => Abandon("the recovery was not on disk in time", RefusalCode.Stopping);
}
