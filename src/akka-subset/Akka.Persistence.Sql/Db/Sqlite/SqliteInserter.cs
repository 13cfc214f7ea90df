using System.Text;
using Akka.Persistence.Sql.Config;
using Akka.Persistence.Sql.Journal;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Akka.Persistence.Sql.Db.Sqlite;

/// <summary>
/// Inserts through SQLite's own interface: the driver looks every parameter up by name, which for statements of
/// many rows costs more than the insert itself. Many rows in one statement spare SQLite the bookkeeping of the
/// automatic key per row.
/// </summary>
internal sealed class SqliteInserter : IJournalInserter
{
    private const int RowsPerStatement = 32;

    private readonly sqlite3 _database;
    private readonly JournalSettings _journal;
    private readonly sqlite3_stmt _many;
    private readonly sqlite3_stmt _one;
    private readonly sqlite3_stmt _tag;

    // Texts that repeat from row to row.
    private readonly CachedText _persistenceId = new();
    private readonly CachedText _manifest = new();
    private readonly CachedText _writerUuid = new();

    public SqliteInserter(sqlite3 database, JournalSettings journal)
    {
        _database = database;
        _journal = journal;
        _many = Prepare(InsertSql(RowsPerStatement));
        _one = Prepare(InsertSql(1));
        if (journal.WritesTagTable)
        {
            _tag = Prepare(
                $"INSERT INTO [{journal.TagTable}] ([{journal.TagOrdering}], [{journal.TagValue}], [{journal.TagSequenceNumber}], [{journal.TagPersistenceId}]) VALUES (?, ?, ?, ?)");
        }
    }

    public void Insert(IReadOnlyList<JournalRow> rows)
    {
        var next = 0;
        while (next < rows.Count)
        {
            var run = RunOfUntagged(rows, next);
            if (run >= RowsPerStatement)
            {
                var parameter = 1;
                for (var i = 0; i < RowsPerStatement; i++)
                    Bind(_many, ref parameter, rows[next + i]);
                Step(_many);
                next += RowsPerStatement;
            }
            else
            {
                var parameter = 1;
                Bind(_one, ref parameter, rows[next]);
                Step(_one);
                InsertTags(rows[next]);
                next++;
            }
        }
    }

    public void Dispose()
    {
        _many.Dispose();
        _one.Dispose();
        _tag?.Dispose();
    }

    // A tag refers to the key of its event, which is known only right after an insert of that one row.
    private int RunOfUntagged(IReadOnlyList<JournalRow> rows, int from)
    {
        var count = 0;
        while (count < RowsPerStatement && from + count < rows.Count && (_tag is null || rows[from + count].Tags.Count == 0))
            count++;
        return count;
    }

    private void Bind(sqlite3_stmt statement, ref int parameter, JournalRow row)
    {
        raw.sqlite3_bind_int64(statement, parameter++, row.Created);
        raw.sqlite3_bind_text(statement, parameter++, _persistenceId.Utf8(row.PersistenceId));
        raw.sqlite3_bind_int64(statement, parameter++, row.SequenceNumber);
        raw.sqlite3_bind_blob(statement, parameter++, row.Message);
        raw.sqlite3_bind_text(statement, parameter++, _manifest.Utf8(row.Manifest));
        raw.sqlite3_bind_int(statement, parameter++, row.SerializerId);
        if (_journal.WritesWriterUuid)
            raw.sqlite3_bind_text(statement, parameter++, _writerUuid.Utf8(row.WriterUuid));
        if (_journal.WritesTagColumn)
        {
            if (row.Tags.Count == 0)
                raw.sqlite3_bind_null(statement, parameter++);
            else
                raw.sqlite3_bind_text(statement, parameter++, row.TagText(_journal.TagSeparator));
        }
    }

    private void InsertTags(JournalRow row)
    {
        if (_tag is null || row.Tags.Count == 0)
            return;
        var ordering = raw.sqlite3_last_insert_rowid(_database);
        foreach (var tag in row.Tags)
        {
            raw.sqlite3_bind_int64(_tag, 1, ordering);
            raw.sqlite3_bind_text(_tag, 2, tag);
            raw.sqlite3_bind_int64(_tag, 3, row.SequenceNumber);
            raw.sqlite3_bind_text(_tag, 4, _persistenceId.Utf8(row.PersistenceId));
            Step(_tag);
        }
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

    private string InsertSql(int rows)
    {
        var j = _journal;
        var columns = new List<string> { j.Deleted, j.Created, j.PersistenceId, j.SequenceNumber, j.Message, j.Manifest, j.Identifier };
        if (j.WritesWriterUuid)
            columns.Add(j.WriterUuid);
        if (j.WritesTagColumn)
            columns.Add(j.Tags);
        var values = "(0" + string.Concat(Enumerable.Repeat(", ?", columns.Count - 1)) + ")";
        return new StringBuilder("INSERT INTO [").Append(j.Table).Append("] (")
            .AppendJoin(", ", columns.Select(column => "[" + column + "]"))
            .Append(") VALUES ")
            .AppendJoin(", ", Enumerable.Repeat(values, rows))
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
