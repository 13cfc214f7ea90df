using System.Diagnostics;
using System.Runtime.CompilerServices;
using RaftActors.Threads;

namespace RaftActors.Dispatch;

/// <summary>
/// Says of the calling thread that it may run the actors of consensus itself instead of waking one of their threads for the message that it is about to tell. Only for threads that have nothing
/// better to do, hold no lock and are not counted on by anybody for a moment: whatever the message leads to runs before the tell returns, up to <see cref="ConsensusThreads.UsualTurn"/>.
/// </summary>
internal static class ThreadLoan
{
    // Longer than from the end of deserialization to the tell, shorter than until the thread does something else.
    private static readonly long Validity = Stopwatch.Frequency / 20_000;

    [ThreadStatic]
    private static long _until;

    [ThreadStatic]
    private static bool _mayBlock;

    [ThreadStatic]
    private static StrongBox<bool>? _lender;

    [ThreadStatic]
    private static bool _known;

    /// <summary>For the next message to an actor of consensus, if it comes at once.</summary>
    /// <param name="mayBlock">Whoever lends the thread can do without it as long as a write to the disk takes, too.</param>
    public static void Offer(bool mayBlock = false) => Offer(Validity, mayBlock);

    /// <summary>The same for so many ticks of <see cref="Stopwatch"/>.</summary>
    public static void Offer(long validity, bool mayBlock = false)
    {
        _until = Stopwatch.GetTimestamp() + validity;
        _mayBlock = mayBlock;
    }

    /// <summary>The message is told; nobody took the thread for it.</summary>
    public static void Withdraw() => _until = 0;

    /// <summary>True when the thread is lent; an offer is used up by that. Says also whether it may block.</summary>
    public static bool Take(out bool mayBlock)
    {
        mayBlock = false;
        if (_until != 0)
        {
            bool valid = Stopwatch.GetTimestamp() <= _until;
            _until = 0;
            if (valid)
            {
                mayBlock = _mayBlock;
                return true;
            }
        }

        if (!_known)
        {
            _known = true;
            _lender = LentThread.OfThisThread;
        }

        return _lender is { Value: true };
    }
}
