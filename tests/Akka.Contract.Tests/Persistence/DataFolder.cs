namespace Akka.Contract.Tests.Persistence;

/// <summary>A folder of a test's own, gone after it.</summary>
public sealed class DataFolder : IDisposable
{
    public DataFolder() => Directory.CreateDirectory(Path);

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), "akka-contract-" + Guid.NewGuid().ToString("N"));

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException)
        {
            // A file that is still held open stays behind; that is no reason to fail a test.
        }
    }
}

public static class SqliteConfig
{
    public static string For(string file, string more = "") => $$"""
        akka.persistence {
          journal {
            plugin = "akka.persistence.journal.sql"
            sql {
              class = "Akka.Persistence.Sql.Journal.SqlWriteJournal, Akka.Persistence.Sql"
              connection-string = "Data Source={{file.Replace('\\', '/')}}"
              provider-name = "SQLite.MS"
              recovery-event-timeout = 5s
            }
          }
          snapshot-store {
            plugin = "akka.persistence.snapshot-store.sql"
            sql {
              class = "Akka.Persistence.Sql.Snapshot.SqlSnapshotStore, Akka.Persistence.Sql"
              connection-string = "Data Source={{file.Replace('\\', '/')}}"
              provider-name = "SQLite.MS"
            }
          }
        }
        {{more}}
        """;
}
