// The base class says nothing about null; what it expects is in the documentation of each method.
#nullable disable
using Akka.Persistence;

namespace RaftActors.Journal;

/// <summary>
/// What the base class asks of a snapshot store. Since Akka.Persistence 1.5.42 it hands over a token that ends with <c>circuit-breaker.call-timeout</c>; nothing here listens to it: a file that is being
/// written is finished, and who asked has been told by then that it took too long.
/// </summary>
public sealed partial class FileSnapshotStore
{
#if AKKA1_5_42_OR_GREATER
    /// <inheritdoc/>
    protected override Task<SelectedSnapshot> LoadAsync(string persistenceId, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken) => _disk.Do(() => Load(persistenceId, criteria));

    /// <inheritdoc/>
    protected override Task SaveAsync(SnapshotMetadata metadata, object snapshot, CancellationToken cancellationToken) => SaveOnDiskAsync(metadata, snapshot);

    /// <inheritdoc/>
    protected override Task DeleteAsync(SnapshotMetadata metadata, CancellationToken cancellationToken) => DeleteOnDiskAsync(metadata);

    /// <inheritdoc/>
    protected override Task DeleteAsync(string persistenceId, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken) => DeleteOnDiskAsync(persistenceId, criteria);
#else
    /// <inheritdoc/>
    protected override Task<SelectedSnapshot> LoadAsync(string persistenceId, SnapshotSelectionCriteria criteria) => _disk.Do(() => Load(persistenceId, criteria));

    /// <inheritdoc/>
    protected override Task SaveAsync(SnapshotMetadata metadata, object snapshot) => SaveOnDiskAsync(metadata, snapshot);

    /// <inheritdoc/>
    protected override Task DeleteAsync(SnapshotMetadata metadata) => DeleteOnDiskAsync(metadata);

    /// <inheritdoc/>
    protected override Task DeleteAsync(string persistenceId, SnapshotSelectionCriteria criteria) => DeleteOnDiskAsync(persistenceId, criteria);
#endif
}
