using System.Text;
using Akka.Persistence.Sql.Config;
using Akka.Persistence.Sql.Journal;
using Npgsql;
using NpgsqlTypes;

namespace Akka.Persistence.Sql.Db.PostgreSql;

/// <summary>
/// Inserts any number of rows with one statement of always the same text, the columns as arrays: one round trip, and the server plans it once.
/// </summary>
internal sealed class PostgreSqlInserter : IJournalInserter
{
    private readonly JournalSettings _journal;
    private readonly NpgsqlCommand _events;
    private readonly NpgsqlCommand _tags;

    public PostgreSqlInserter(NpgsqlConnection connection, JournalSettings journal)
    {
        _journal = journal;
        List<(string Column, NpgsqlDbType Type, string Cast)> columns =
        [
            (journal.Created, NpgsqlDbType.Bigint, "bigint[]"),
            (journal.PersistenceId, NpgsqlDbType.Text, "text[]"),
            (journal.SequenceNumber, NpgsqlDbType.Bigint, "bigint[]"),
            (journal.Message, NpgsqlDbType.Bytea, "bytea[]"),
            (journal.Manifest, NpgsqlDbType.Text, "text[]"),
            (journal.Identifier, NpgsqlDbType.Integer, "integer[]"),
        ];
        if (journal.WritesWriterUuid)
            columns.Add((journal.WriterUuid, NpgsqlDbType.Text, "text[]"));
        if (journal.WritesTagColumn)
            columns.Add((journal.Tags, NpgsqlDbType.Text, "text[]"));

        var d = PostgreSqlDialect.Instance;
        var names = string.Join(", ", columns.Select(c => d.Quote(c.Column)));
        var arrays = string.Join(", ", columns.Select((c, i) => $"${i + 1}::{c.Cast}"));
        var sql = new StringBuilder("INSERT INTO ").Append(d.Quote(journal.Schema, journal.Table)).Append(" (").Append(d.Quote(journal.Deleted)).Append(", ").Append(names)
            .Append(") SELECT FALSE, t.* FROM unnest(").Append(arrays).Append(") AS t");
        if (journal.WritesTagTable)
            sql.Append(" RETURNING ").Append(d.Quote(journal.Ordering)).Append(", ").Append(d.Quote(journal.PersistenceId)).Append(", ").Append(d.Quote(journal.SequenceNumber));
        _events = Prepare(connection, sql.ToString(), columns.Select(c => c.Type));

        if (journal.WritesTagTable)
        {
            _tags = Prepare(
                connection,
                $"INSERT INTO {d.Quote(journal.Schema, journal.TagTable)} ({d.Quote(journal.TagOrdering)}, {d.Quote(journal.TagValue)}, {d.Quote(journal.TagSequenceNumber)}, {d.Quote(journal.TagPersistenceId)}) SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[])",
                [NpgsqlDbType.Bigint, NpgsqlDbType.Text, NpgsqlDbType.Bigint, NpgsqlDbType.Text]);
        }
    }

    public void Insert(IReadOnlyList<JournalRow> rows)
    {
        var parameter = 0;
        Bind(_events, ref parameter, rows, static row => row.Created);
        Bind(_events, ref parameter, rows, static row => row.PersistenceId);
        Bind(_events, ref parameter, rows, static row => row.SequenceNumber);
        Bind(_events, ref parameter, rows, static row => row.Message);
        Bind(_events, ref parameter, rows, static row => row.Manifest);
        Bind(_events, ref parameter, rows, static row => row.SerializerId);
        if (_journal.WritesWriterUuid)
            Bind(_events, ref parameter, rows, static row => row.WriterUuid);
        if (_journal.WritesTagColumn)
            Bind(_events, ref parameter, rows, row => row.Tags.Count == 0 ? null : row.TagText(_journal.TagSeparator));

        if (_journal.WritesTagTable && rows.Any(static row => row.Tags.Count > 0))
            InsertTags(rows);
        else
            _events.ExecuteNonQuery();
    }

    public void Dispose()
    {
        _events.Dispose();
        _tags?.Dispose();
    }

    // A tag refers to the key that its event has just got. In which order the keys come back is the server's affair.
    private void InsertTags(IReadOnlyList<JournalRow> rows)
    {
        var keys = new Dictionary<(string, long), long>(rows.Count);
        using (var reader = _events.ExecuteReader())
        {
            while (reader.Read())
                keys[(reader.GetString(1), reader.GetInt64(2))] = reader.GetInt64(0);
        }

        var tags = rows.SelectMany(row => row.Tags.Select(tag => (Key: keys[(row.PersistenceId, row.SequenceNumber)], Tag: tag, Row: row))).ToList();
        var parameter = 0;
        Bind(_tags, ref parameter, tags, static t => t.Key);
        Bind(_tags, ref parameter, tags, static t => t.Tag);
        Bind(_tags, ref parameter, tags, static t => t.Row.SequenceNumber);
        Bind(_tags, ref parameter, tags, static t => t.Row.PersistenceId);
        _tags.ExecuteNonQuery();
    }

    private static void Bind<TRow, T>(NpgsqlCommand command, ref int parameter, IReadOnlyList<TRow> rows, Func<TRow, T> value)
    {
        var values = new T[rows.Count];
        for (var i = 0; i < values.Length; i++)
            values[i] = value(rows[i]);
        command.Parameters[parameter++].Value = values;
    }

    private static NpgsqlCommand Prepare(NpgsqlConnection connection, string sql, IEnumerable<NpgsqlDbType> arrays)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var type in arrays)
            command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | type });
        return command;
    }
}
