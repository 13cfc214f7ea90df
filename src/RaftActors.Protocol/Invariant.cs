using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

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

    /// <summary>The same with details, which are put into words only when it does not hold.</summary>
    /// <exception cref="InvariantViolationException">It does not hold.</exception>
    public static void That([DoesNotReturnIf(false)] bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] ref Words rule)
    {
        if (!holds)
        {
            throw new InvariantViolationException(rule.ToString());
        }
    }

    /// <summary>Builds the text of a broken rule, and nothing for one that holds: the checks stand on the hot path.</summary>
    [InterpolatedStringHandler]
    public ref struct Words
    {
        private DefaultInterpolatedStringHandler _text;

        public Words(int literalLength, int formattedCount, bool holds, out bool isNeeded)
        {
            isNeeded = !holds;
            _text = holds ? default : new DefaultInterpolatedStringHandler(literalLength, formattedCount);
        }

        public void AppendLiteral(string value) => _text.AppendLiteral(value);

        public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

        public override string ToString() => _text.ToStringAndClear();
    }
}
