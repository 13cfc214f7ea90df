using System.Diagnostics.CodeAnalysis;

namespace RaftActors.Protocol;

/// <summary>
/// What must hold whatever peers, disks and clients do. Checked in every build: a member that has broken one of its own
/// rules must stop before it tells anybody. What comes from outside is validated instead, see <c>MessageRules</c>.
/// </summary>
internal static class Invariant
{
    /// <summary>Stops the member when <paramref name="holds"/> is false.</summary>
    /// <exception cref="InvariantViolationException">It does not hold.</exception>
    public static void That([DoesNotReturnIf(false)] bool holds, string rule)
    {
        if (!holds)
        {
            throw new InvariantViolationException(rule);
        }
    }
}
