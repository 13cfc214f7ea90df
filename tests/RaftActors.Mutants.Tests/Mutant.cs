namespace RaftActors.Protocol;

/// <summary>Ways to get Raft wrong that have been gone in earnest. One at a time can be switched on in this project's build of the protocol.</summary>
public enum Mutant
{
    /// <summary>The protocol as it is.</summary>
    None,

    /// <summary>A leader counts entries of earlier terms (Raft paper, figure 8).</summary>
    CommitCountsOlderTerms,

    /// <summary>The journal gets the term without the vote.</summary>
    VoteIsNotSaved,

    /// <summary>A follower acknowledges what is not on its disk yet.</summary>
    AcknowledgeBeforeDurable,

    /// <summary>A follower truncates at every append, conflict or not.</summary>
    TruncateOnEveryAppend,

    /// <summary>A follower takes over the leader's commit index, whatever the message has shown to match.</summary>
    CommitWithoutMin,

    /// <summary>A leader answers reads without asking whether it still leads.</summary>
    ReadWithoutQuorum,

    /// <summary>A leader answers reads before it has committed in its term.</summary>
    ReadBeforeOwnCommit,

    /// <summary>A voter prefers the longer log to the newer one.</summary>
    VoteComparesLengthFirst,

    /// <summary>A leader changes the membership before it has committed in its term (the defect of 2015).</summary>
    ChangeBeforeOwnCommit,

    /// <summary>In a joint membership only the new half counts.</summary>
    JointQuorumOfNewHalf,

    /// <summary>A member that installs a snapshot keeps the membership it had.</summary>
    OldMembershipAfterSnapshot,

    /// <summary>Commit and election quorums are whatever the operator says, whether they meet or not.</summary>
    QuorumsNeedNotIntersect,

    /// <summary>A commit does not wait for the required groups.</summary>
    GroupsIgnored,

    /// <summary>Members of different generations hear each other.</summary>
    GenerationsAreMixed,

    /// <summary>Snapshots leave out the client sessions.</summary>
    SnapshotWithoutSessions,

    /// <summary>A command of a session is applied although it was applied before.</summary>
    DuplicateIsApplied,

    /// <summary>A session that no longer remembers a command takes it for a new one.</summary>
    OldSerialsAreForgotten,

    /// <summary>A follower that is too busy to take entries acknowledges them all the same.</summary>
    BusyFollowerAcknowledges,

    /// <summary>What comes back from the journal is passed on unseen, replaced entries too.</summary>
    ReplacedEntriesAreServed,

    /// <summary>A member that lost its journal votes and acknowledges as before.</summary>
    LostJournalsCount,

    /// <summary>A lease lasts a whole election timeout by the leader's clock, however wrong that is.</summary>
    LeaseIgnoresDrift,

    /// <summary>A leader keeps its lease although it asked another member to take its office.</summary>
    LeaseSurvivesTransfer,

    /// <summary>With full consensus, a leader commits what every healthy member has, a quorum or not.</summary>
    FullConsensusWithoutQuorum,

    /// <summary>With full consensus, a leader does not wait for the healthy members beyond a quorum.</summary>
    FullConsensusOfQuorum,

    /// <summary>Everybody applies what is committed, on the own disk or not.</summary>
    AppliesBeforeOwnDisk,

    /// <summary>A snapshot goes as far as the state machine, although the log on the own disk does not.</summary>
    SnapshotBeforeOwnDisk,

    /// <summary>A leader counts what is on its way to its own disk as there.</summary>
    LeaderCountsItselfBeforeItsDisk,
}

/// <summary>Which mutant is on.</summary>
public static class Mutants
{
    /// <summary>The one that is on; set before the cores are made.</summary>
    public static Mutant Active { get; set; }
}
