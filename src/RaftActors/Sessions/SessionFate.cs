namespace RaftActors.Runtime;

/// <summary>What the handles of a session know of its actor. Written by the actor only.</summary>
internal sealed class SessionFate
{
    private volatile bool _isOver;
    private volatile bool _hasEnded;

    /// <summary>The session is gone.</summary>
    public bool IsOver
    {
        get => _isOver;
        set => _isOver = value;
    }

    /// <summary>The actor is gone: it answers nobody any more.</summary>
    public bool HasEnded => _hasEnded;

    public string Reason { get; private set; } = string.Empty;

    public RefusalCode Code { get; private set; }

    public void End(string reason, RefusalCode code)
    {
        Reason = reason;
        Code = code;
        _isOver = true;
        _hasEnded = true;
    }
}
