using System.Runtime.CompilerServices;

namespace RaftActors.Threads;

/// <summary>
/// How a thread lends itself for good to the actors of consensus, from an assembly that does not know them: a box in a named slot of the thread that says whether it does at the moment.
/// The file is part of every assembly that needs it.
/// </summary>
internal static class LentThread
{
    private const string Slot = "RaftActors.ThreadLoan";

    /// <summary>The calling thread's box; null when it never lends itself.</summary>
    public static StrongBox<bool>? OfThisThread
    {
        get => Thread.GetData(Thread.GetNamedDataSlot(Slot)) as StrongBox<bool>;
        set => Thread.SetData(Thread.GetNamedDataSlot(Slot), value);
    }
}
