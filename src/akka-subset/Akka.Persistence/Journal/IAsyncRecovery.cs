using Akka.Actor;

namespace Akka.Persistence.Journal;

/// <summary>What a journal plugin implements for recovery.</summary>
public interface IAsyncRecovery
{
    /// <summary>Passes the stored events between both numbers, at most <paramref name="max"/>, to the callback in ascending order.</summary>
    Task ReplayMessagesAsync(
        IActorContext context,
        string persistenceId,
        long fromSequenceNr,
        long toSequenceNr,
        long max,
        Action<IPersistentRepresentation> recoveryCallback);

    /// <summary>The highest sequence number ever stored, deleted events included; 0 when there is none.</summary>
    Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr);
}
