using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Npgsql;
using RaftActors.Tests.Shared;

namespace RaftActors.Journal.Tests.PostgreSql;

/// <summary>
/// A PostgreSQL server of the tests' own, on a free port of the loopback interface, its data in a temporary folder. Needs the server's programs
/// (Debian: package postgresql). PostgreSQL refuses to run as root, so root starts it as the user that the package makes.
/// </summary>
public sealed class PostgreSqlServer : IAsyncLifetime, IDisposable
{
    private const string PackagedUser = "postgres";

    private static readonly string? Programs = FindPrograms();

    private readonly string _directory = Path.Combine(Path.GetTempPath(), "raft-postgresql-" + Guid.NewGuid().ToString("N")[..8]);
    private readonly int _port = FreePort.Next();
    private Process? _server;

    /// <summary>Why tests cannot have a server here; null when they can.</summary>
    public static string? Absence { get; } = Programs is null ? "PostgreSQL's programs are not installed here (Debian: apt-get install postgresql); its tests did not run." : null;

    /// <summary>Makes the data and starts the server.</summary>
    public async Task InitializeAsync()
    {
        if (Absence is not null)
        {
            return;
        }

        Directory.CreateDirectory(_directory);
        if (Environment.UserName == "root")
        {
            await RunAsync(new ProcessStartInfo("chown", [PackagedUser, _directory]));
        }

        await RunAsync(AsServer("initdb", "-D", Data, "-U", "raft", "-A", "trust", "-E", "UTF8", "--no-sync"));
        await StartAsync();
    }

    /// <summary>Starts the server and waits until it answers.</summary>
    public async Task StartAsync()
    {
        _server?.Dispose();
        _server = Process.Start(Quiet(AsServer(
            "postgres", "-D", Data, "-p", _port.ToString(CultureInfo.InvariantCulture), "-c", "listen_addresses=127.0.0.1", "-c", $"unix_socket_directories={_directory}", "-c", "logging_collector=on")));
        Stopwatch waited = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await using NpgsqlConnection connection = new(Connection("postgres"));
                await connection.OpenAsync();
                return;
            }
            catch (NpgsqlException) when (waited.Elapsed < TimeSpan.FromSeconds(60))
            {
                await Task.Delay(50);
            }
        }
    }

    /// <summary>Kills every process of the server at once, as a loss of power would.</summary>
    public async Task KillAsync()
    {
        int postmaster = int.Parse((await File.ReadAllLinesAsync(Path.Combine(Data, "postmaster.pid")))[0], CultureInfo.InvariantCulture);
        using (Process process = Process.GetProcessById(postmaster))
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
        }

        File.Delete(Path.Combine(Data, "postmaster.pid"));
    }

    /// <summary>A new database, empty.</summary>
    /// <returns>Its connection string.</returns>
    public async Task<string> NewDatabaseAsync()
    {
        string name = "t" + Guid.NewGuid().ToString("N");
        await using NpgsqlConnection connection = new(Connection("postgres"));
        await connection.OpenAsync();
        await using NpgsqlCommand command = new($"CREATE DATABASE {name}", connection);
        await command.ExecuteNonQueryAsync();
        return Connection(name);
    }

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        if (_server is { HasExited: false })
        {
            await KillAsync();
        }

        Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _server?.Dispose();
        if (Directory.Exists(_directory))
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    private string Data => Path.Combine(_directory, "data");

    private string Connection(string database) => $"Host=127.0.0.1;Port={_port};Username=raft;Database={database};Pooling=false";

    private static ProcessStartInfo AsServer(string program, params string[] arguments)
    {
        string path = Path.Combine(Programs!, program);
        return Environment.UserName == "root" ? new("setpriv", ["--reuid", PackagedUser, "--regid", PackagedUser, "--clear-groups", "--", path, .. arguments]) : new(path, arguments);
    }

    private static ProcessStartInfo Quiet(ProcessStartInfo start)
    {
        start.RedirectStandardError = true;
        start.RedirectStandardOutput = true;
        return start;
    }

    private static async Task RunAsync(ProcessStartInfo start)
    {
        using Process process = Process.Start(Quiet(start)) ?? throw new InvalidOperationException($"{start.FileName} did not start.");
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{start.FileName} {string.Join(' ', start.ArgumentList)}: {errors}{await output}");
    }

    private static string? FindPrograms()
    {
        const string packaged = "/usr/lib/postgresql";
        IEnumerable<string> folders = Directory.Exists(packaged)
            ? Directory.GetDirectories(packaged).OrderByDescending(d => int.TryParse(Path.GetFileName(d), CultureInfo.InvariantCulture, out int v) ? v : 0).Select(d => Path.Combine(d, "bin"))
            : [];
        return folders.Concat((Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator))
            .FirstOrDefault(d => File.Exists(Path.Combine(d, "initdb")) && File.Exists(Path.Combine(d, "postgres")));
    }
}

/// <summary>A test that needs a PostgreSQL server; where there is none it says so in one line.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PostgreSqlFactAttribute : FactAttribute
{
    /// <summary>Looks whether the programs are there.</summary>
    public PostgreSqlFactAttribute() => Skip = PostgreSqlServer.Absence;
}
