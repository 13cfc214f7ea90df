using System.Runtime.CompilerServices;

namespace RaftActors.Threads;

/// <summary>
/// How a thread lends itself, from an assembly that does not know the other: named slots of the thread. The file is part of every assembly that needs it.
/// </summary>
internal static class LentThread
{
    private const string Slot = "RaftActors.ThreadLoan";
    private const string EndSlot = "RaftActors.ThreadLoan.AtEnd";

    /// <summary>For the actors of consensus, for good: a box that says whether the calling thread lends itself at the moment. Null when it never does.</summary>
    public static StrongBox<bool>? OfThisThread
    {
        get => Thread.GetData(Thread.GetNamedDataSlot(Slot)) as StrongBox<bool>;
        set => Thread.SetData(Thread.GetNamedDataSlot(Slot), value);
    }

    /// <summary>
    /// For work that blocks: takes what the calling thread is to run when the actors of consensus have nothing left for it, or answers false when it may not block. Null when it never may.
    /// </summary>
    public static Func<Action, bool>? AtEndOfThisThread
    {
        get => Thread.GetData(Thread.GetNamedDataSlot(EndSlot)) as Func<Action, bool>;
        set => Thread.SetData(Thread.GetNamedDataSlot(EndSlot), value);
    }
}
