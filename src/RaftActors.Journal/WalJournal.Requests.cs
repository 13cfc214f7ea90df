// The base class says nothing about null; what it expects is in the documentation of each method.
#nullable disable
using System.Collections.Immutable;
using Akka.Persistence;

namespace RaftActors.Journal;

/// <summary>
/// What the base class asks of a journal. Since Akka.Persistence 1.5.42 it hands over a token that ends with <c>circuit-breaker.call-timeout</c>; nothing here listens to it: what is on its way to the disk
/// is not to be called back, and who asked has been told by then that the outcome is unknown.
/// </summary>
public sealed partial class WalJournal
{
#if AKKA1_5_42_OR_GREATER
    /// <inheritdoc/>
    public override Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr, CancellationToken cancellationToken) => HighestAsync(persistenceId);

    /// <inheritdoc/>
    protected override Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages, CancellationToken cancellationToken) => WriteAsync(messages);

    /// <inheritdoc/>
    protected override Task DeleteMessagesToAsync(string persistenceId, long toSequenceNr, CancellationToken cancellationToken) => DeleteAsync(persistenceId, toSequenceNr);
#else
    /// <inheritdoc/>
    public override Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr) => HighestAsync(persistenceId);

    /// <inheritdoc/>
    protected override Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages) => WriteAsync(messages);

    /// <inheritdoc/>
    protected override Task DeleteMessagesToAsync(string persistenceId, long toSequenceNr) => DeleteAsync(persistenceId, toSequenceNr);
#endif
}
