using RaftActors.Configuration;

namespace RaftActors.Runtime;

/// <summary>What can be refused before anybody is asked.</summary>
internal static class ProposalCheck
{
    public static ProposalRefused? Refusal(int length, Term expectedTerm, TimeSpan? timeout, StreamSettings settings, SessionSerial session = default)
    {
        if (session.Session == 0 != (session.Serial == 0))
        {
            return new ProposalRefused(RefusalCode.Invalid, $"a session and a serial go together, both above 0 (got {session})");
        }

        if (length > settings.MaxEntrySize)
        {
            return new ProposalRefused(RefusalCode.EntryTooLarge, $"{length} bytes are more than max-entry-size, {settings.MaxEntrySize} bytes");
        }

        if (timeout <= TimeSpan.Zero)
        {
            return new ProposalRefused(RefusalCode.Invalid, $"the timeout must be above 0 (got {timeout})");
        }

        return expectedTerm.Value < 0 ? new ProposalRefused(RefusalCode.Invalid, $"there is no term {expectedTerm}") : null;
    }
}
