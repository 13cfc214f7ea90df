namespace RaftActors.TestKit;

/// <summary>What happens to a member's journal writes.</summary>
public enum JournalFault
{
    /// <summary>They succeed.</summary>
    None = 0,

    /// <summary>They fail; whether the data reached the disk all the same, the seed decides.</summary>
    Fail = 1,

    /// <summary>They are rejected: certainly not written.</summary>
    Reject = 2,

    /// <summary>They hang until the journal is healed or the member crashes.</summary>
    Stall = 3,
}
