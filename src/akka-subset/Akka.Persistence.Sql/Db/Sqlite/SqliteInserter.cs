using System.Text;
using Akka.Persistence.Sql.Config;
using Akka.Persistence.Sql.Journal;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Akka.Persistence.Sql.Db.Sqlite;

/// <summary>
/// Inserts through SQLite's own interface: the driver looks every parameter up by name and encodes every text anew,
/// row by row, which costs more than the insert itself. (Several rows in one statement gain nothing here.)
/// </summary>
internal sealed class SqliteInserter : IJournalInserter
{
    private readonly sqlite3 _database;
    private readonly JournalSettings _journal;
    private readonly sqlite3_stmt _event;
    private readonly sqlite3_stmt _tag;

    // Texts that repeat from row to row.
    private readonly CachedText _persistenceId = new();
    private readonly CachedText _manifest = new();
    private readonly CachedText _writerUuid = new();

    public SqliteInserter(sqlite3 database, JournalSettings journal)
    {
        _database = database;
        _journal = journal;
        _event = Prepare(InsertSql(journal));
        if (journal.WritesTagTable)
        {
            _tag = Prepare(
                $"INSERT INTO [{journal.TagTable}] ([{journal.TagOrdering}], [{journal.TagValue}], [{journal.TagSequenceNumber}], [{journal.TagPersistenceId}]) VALUES (?, ?, ?, ?)");
        }
    }

    public void Insert(IReadOnlyList<JournalRow> rows)
    {
        for (var i = 0; i < rows.Count; i++)
        {
            var row = rows[i];
            Bind(row);
            Step(_event);
            if (_tag is not null && row.Tags.Count > 0)
                InsertTags(row);
        }
    }

    public void Dispose()
    {
        _event.Dispose();
        _tag?.Dispose();
    }

    private void Bind(JournalRow row)
    {
        Number(_event, 1, row.Created);
        Text(_event, 2, _persistenceId.Utf8(row.PersistenceId));
        Number(_event, 3, row.SequenceNumber);
        // An empty span would be bound as NULL.
        Check(row.Message.Length == 0
            ? raw.sqlite3_bind_zeroblob(_event, 4, 0)
            : raw.sqlite3_bind_blob(_event, 4, row.Message));
        Text(_event, 5, _manifest.Utf8(row.Manifest));
        Number(_event, 6, row.SerializerId);
        var parameter = 7;
        if (_journal.WritesWriterUuid)
            Text(_event, parameter++, _writerUuid.Utf8(row.WriterUuid));
        if (_journal.WritesTagColumn)
        {
            Check(row.Tags.Count == 0
                ? raw.sqlite3_bind_null(_event, parameter)
                : raw.sqlite3_bind_text(_event, parameter, row.TagText(_journal.TagSeparator)));
        }
    }

    // A tag refers to the key that its event has just got.
    private void InsertTags(JournalRow row)
    {
        var ordering = raw.sqlite3_last_insert_rowid(_database);
        foreach (var tag in row.Tags)
        {
            Number(_tag, 1, ordering);
            Check(raw.sqlite3_bind_text(_tag, 2, tag));
            Number(_tag, 3, row.SequenceNumber);
            Text(_tag, 4, _persistenceId.Utf8(row.PersistenceId));
            Step(_tag);
        }
    }

    private void Number(sqlite3_stmt statement, int parameter, long value) =>
        Check(raw.sqlite3_bind_int64(statement, parameter, value));

    private void Text(sqlite3_stmt statement, int parameter, ReadOnlySpan<byte> utf8) =>
        Check(utf8.IsEmpty
            ? raw.sqlite3_bind_text(statement, parameter, string.Empty)
            : raw.sqlite3_bind_text(statement, parameter, utf8));

    // A parameter that could not be bound would keep the value that the row before gave it.
    private void Check(int result)
    {
        if (result != raw.SQLITE_OK)
            SqliteException.ThrowExceptionForRC(result, _database);
    }

    private void Step(sqlite3_stmt statement)
    {
        var result = raw.sqlite3_step(statement);
        try
        {
            if (result != raw.SQLITE_DONE)
                SqliteException.ThrowExceptionForRC(result, _database);
        }
        finally
        {
            raw.sqlite3_reset(statement);
        }
    }

    private sqlite3_stmt Prepare(string sql)
    {
        SqliteException.ThrowExceptionForRC(raw.sqlite3_prepare_v2(_database, sql, out var statement), _database);
        return statement;
    }

    private static string InsertSql(JournalSettings j)
    {
        var columns = new List<string> { j.Deleted, j.Created, j.PersistenceId, j.SequenceNumber, j.Message, j.Manifest, j.Identifier };
        if (j.WritesWriterUuid)
            columns.Add(j.WriterUuid);
        if (j.WritesTagColumn)
            columns.Add(j.Tags);
        return new StringBuilder("INSERT INTO [").Append(j.Table).Append("] (")
            .AppendJoin(", ", columns.Select(column => "[" + column + "]"))
            .Append(") VALUES (0")
            .Append(string.Concat(Enumerable.Repeat(", ?", columns.Count - 1)))
            .Append(')')
            .ToString();
    }

    private sealed class CachedText
    {
        private string _text;
        private byte[] _utf8 = [];

        public ReadOnlySpan<byte> Utf8(string text)
        {
            if (!ReferenceEquals(text, _text) && !string.Equals(text, _text, StringComparison.Ordinal))
            {
                _text = text;
                _utf8 = Encoding.UTF8.GetBytes(text);
            }

            return _utf8;
        }
    }
}
