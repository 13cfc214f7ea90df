using Akka.Configuration;

namespace Akka.Persistence.Sql.Config;

/// <summary>The settings of one SQL journal, names of its tables and columns included.</summary>
internal sealed class JournalSettings : PluginSettings
{
    public JournalSettings(Akka.Configuration.Config config)
        : base(config)
    {
        BufferSize = config.GetInt("buffer-size");
        BatchSize = config.GetInt("batch-size");
        ReplayBatchSize = config.GetInt("replay-batch-size");
        RequirePositive(BufferSize, "buffer-size");
        RequirePositive(BatchSize, "batch-size");
        RequirePositive(ReplayBatchSize, "replay-batch-size");
        KeepsMetadata = config.GetBoolean("delete-compatibility-mode");
        TagSeparator = config.GetString("tag-separator");

        var mode = config.GetString("tag-write-mode");
        (WritesTagColumn, WritesTagTable) = mode?.ToLowerInvariant() switch
        {
            "csv" => (true, false),
            "tagtable" => (false, true),
            "both" => (true, true),
            _ => throw new ConfigurationException($"[{PluginId}.tag-write-mode] is [{mode}]; allowed are Csv, TagTable and Both."),
        };

        Table = Mapping.GetString("journal.table-name");
        WritesWriterUuid = Mapping.GetBoolean("journal.use-writer-uuid-column");
        Ordering = Column("journal.columns.ordering", "ordering");
        Deleted = Column("journal.columns.deleted", "deleted");
        PersistenceId = Column("journal.columns.persistence-id", "persistence_id");
        SequenceNumber = Column("journal.columns.sequence-number", "sequence_number");
        Created = Column("journal.columns.created", "created");
        Tags = Column("journal.columns.tags", "tags");
        Message = Column("journal.columns.message", "message");
        Identifier = Column("journal.columns.identifier", "identifier");
        Manifest = Column("journal.columns.manifest", "manifest");
        WriterUuid = Column("journal.columns.writer-uuid", "writer_uuid");

        MetadataTable = Column("metadata.table-name", "journal_metadata");
        MetadataPersistenceId = Column("metadata.columns.persistence-id", "persistence_id");
        MetadataSequenceNumber = Column("metadata.columns.sequence-number", "sequence_number");

        TagTable = Column("tag.table-name", "tags");
        TagOrdering = Column("tag.columns.ordering-id", "ordering_id");
        TagValue = Column("tag.columns.tag-value", "tag");
        TagPersistenceId = Column("tag.columns.persistence-id", "persistence_id");
        TagSequenceNumber = Column("tag.columns.sequence-nr", "sequence_nr");
    }

    /// <summary>How many write requests may wait for the database; further ones fail.</summary>
    public int BufferSize { get; }

    /// <summary>Waiting requests share a transaction up to this many events. A request that is larger has one of its own.</summary>
    public int BatchSize { get; }

    /// <summary>How many events a replay fetches at a time.</summary>
    public int ReplayBatchSize { get; }

    /// <summary>Deletes leave the highest sequence number in a table of its own, instead of in the last event marked as deleted.</summary>
    public bool KeepsMetadata { get; }

    public bool WritesTagColumn { get; }

    public bool WritesTagTable { get; }

    public string TagSeparator { get; }

    public bool WritesWriterUuid { get; }

    public string Table { get; }

    public string Ordering { get; }

    public string Deleted { get; }

    public string PersistenceId { get; }

    public string SequenceNumber { get; }

    public string Created { get; }

    public string Tags { get; }

    public string Message { get; }

    public string Identifier { get; }

    public string Manifest { get; }

    public string WriterUuid { get; }

    public string MetadataTable { get; }

    public string MetadataPersistenceId { get; }

    public string MetadataSequenceNumber { get; }

    public string TagTable { get; }

    public string TagOrdering { get; }

    public string TagValue { get; }

    public string TagPersistenceId { get; }

    public string TagSequenceNumber { get; }

    private string Column(string path, string fallback) => NullIfEmpty(Mapping.GetString(path)) ?? fallback;

    private void RequirePositive(int value, string key)
    {
        if (value < 1)
            throw new ConfigurationException($"[{PluginId}.{key}] is {value}; at least 1 is needed.");
    }
}
