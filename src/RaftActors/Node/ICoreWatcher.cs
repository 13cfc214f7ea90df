namespace RaftActors.Runtime;

/// <summary>Sees everything that a member's core is given and does, in the node actor's own turn. For simulations; must not throw and not keep the actor.</summary>
internal interface ICoreWatcher
{
    /// <summary>A core has been made from the journal and begins.</summary>
    void OnStarted(RaftCore core);

    /// <summary>The core is about to be given an input.</summary>
    void OnInput(RaftCore core, RaftInput input);

    /// <summary>The core returned an effect, which is about to be carried out.</summary>
    void OnEffect(RaftCore core, Effect effect);

    /// <summary>The member has decided about an entry that has to do with a client session, and applied it accordingly. In the turn of the state machine's actor.</summary>
    void OnSession(in LogEntry entry, SessionVerdict verdict);

    /// <summary>All effects of an input are carried out.</summary>
    void OnStepped(RaftCore core);
}
