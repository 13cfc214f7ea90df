using System.Diagnostics;

namespace RaftActors.Journal.Tests;

/// <summary>A real file system that is soon full: a tmpfs with a bound, mounted for one test. Only root may mount.</summary>
internal sealed class SmallDisk : IDisposable
{
    private const string Ballast = "ballast";

    public SmallDisk(int kibibytes)
    {
        Path = Directory.CreateTempSubdirectory("raft-small-disk-").FullName;
        if (TryMount(Path, kibibytes) is { } why)
        {
            Directory.Delete(Path);
            throw new InvalidOperationException(why);
        }
    }

    /// <summary>Why there can be no such disk here; null when there can.</summary>
    public static string? Absence { get; } = FindAbsence();

    public string Path { get; }

    /// <summary>Takes all the room that is left, up to a page.</summary>
    public void Fill()
    {
        using FileStream file = new(System.IO.Path.Combine(Path, Ballast), FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1);
        byte[] page = new byte[4096];
        try
        {
            while (true)
            {
                file.Write(page);
                file.Flush();
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    /// <summary>Gives it back.</summary>
    public void Free() => File.Delete(System.IO.Path.Combine(Path, Ballast));

    public void Dispose()
    {
        // Lazily: a file that is still open somewhere does not keep it.
        _ = Run("umount", "-l", Path);
        Directory.Delete(Path, recursive: true);
    }

    private static string? FindAbsence()
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root")
        {
            return "Only root on Linux can mount a small file system; the tests of a full disk did not run.";
        }

        string probe = Directory.CreateTempSubdirectory("raft-small-disk-").FullName;
        string? why = TryMount(probe, 64);
        if (why is null)
        {
            _ = Run("umount", "-l", probe);
        }

        Directory.Delete(probe);
        return why;
    }

    private static string? TryMount(string path, int kibibytes) =>
        Run("mount", "-t", "tmpfs", "-o", $"size={kibibytes}k,mode=700", "raft-small-disk", path) is { } error
            ? $"A small file system cannot be mounted here ({error}); the tests of a full disk did not run."
            : null;

    private static string? Run(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            string error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : error.Trim();
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return e.Message;
        }
    }
}

/// <summary>A test that needs a disk that it may fill; where there is none it says so in one line.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SmallDiskFactAttribute : FactAttribute
{
    /// <summary>Looks whether one can be mounted.</summary>
    public SmallDiskFactAttribute() => Skip = SmallDisk.Absence;
}
