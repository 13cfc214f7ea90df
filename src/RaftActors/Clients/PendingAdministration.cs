namespace RaftActors.Runtime;

/// <summary>Asks for the status of a stream. Always answered with one: a tool that watches must not need to catch.</summary>
internal sealed class PendingStatus(StreamLink link) : PendingRequest<StreamStatus>
{
    /// <summary>The node's part of it, to be completed by the state machine's actor; also the answer when that is busy.</summary>
    public StreamStatus? SoFar { get; set; }

    /// <summary>What is known without asking anybody.</summary>
    public void Answer(StreamHealth health, string? failure) => Answer(new StreamStatus
    {
        Stream = link.Id,
        Name = link.Definition.Name,
        Node = link.Self,
        Membership = link.Definition.Join ? StreamMembership.Empty : link.Definition.InitialMembership,
        Health = health,
        FailureReason = failure,
        IsReadOnly = link.IsReadOnly,
        LastPeerActivity = link.LastPeerActivity,
    });

    public override void Abandon(string reason, RefusalCode code)
    {
        bool failed = code == RefusalCode.StreamFailed;
        Answer(failed ? StreamHealth.Failed : link.Ended ? StreamHealth.Stopped : StreamHealth.Starting, failed ? reason : null);
    }

    public override void TimeOut()
    {
        if (SoFar is { } status)
        {
            Answer(status);
        }
        else
        {
            Answer(StreamHealth.Starting, null);
        }
    }

    public override void Overload(string reason) => Answer(StreamHealth.Healthy, reason);
}

/// <summary>Asks for one committed entry.</summary>
internal sealed class PendingEntryRead(LogIndex index) : PendingRequest<CommittedEntryAnswer>
{
    public LogIndex Index { get; } = index;

    public override void Abandon(string reason, RefusalCode code) => Answer(new CommittedEntryUnavailable(reason));

    public override void TimeOut() => Answer(new CommittedEntryUnavailable("no answer in time"));
}

/// <summary>Asks a leader to give up its office.</summary>
internal sealed class PendingStepDown : PendingAcknowledgement;
