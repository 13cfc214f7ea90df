namespace RaftActors.TestKit.Linearizability;

/// <summary>What the client knows about an operation.</summary>
public enum OperationOutcome
{
    /// <summary>Answered: it took effect between call and return, with the result that was recorded.</summary>
    Completed,

    /// <summary>Certainly not executed, neither then nor later. It is no part of what the checker places; an effect that shows nevertheless is found.</summary>
    Failed,

    /// <summary>May have taken effect at any time after the call, may take effect in future, or never.</summary>
    Unknown,
}
