namespace Akka.Persistence.Sql.Journal;

/// <summary>An event as it stands in the journal table. The ordering is the table's own affair.</summary>
internal sealed class JournalRow
{
    public required string PersistenceId { get; init; }

    public required long SequenceNumber { get; init; }

    /// <summary>UTC ticks.</summary>
    public required long Created { get; init; }

    public required byte[] Message { get; init; }

    public required string Manifest { get; init; }

    public required int SerializerId { get; init; }

    public required string WriterUuid { get; init; }

    public IReadOnlyCollection<string> Tags { get; init; } = [];

    public string TagText(string separator) => separator + string.Join(separator, Tags) + separator;
}
