using System.ComponentModel;
using System.Runtime.InteropServices;

namespace RaftActors.Dcf;

/// <summary>
/// Replaces a file as one step that survives a power cut: temporary file, fsync, rename, fsync of the folder. On Unix the
/// system calls are made directly, because <c>FileStream.Flush(true)</c> hides a failed fsync there (.NET 10.0).
/// </summary>
internal static class DurableFile
{
    public static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        CreateFolder(folder);
        string temporary = path + ".tmp";
        FileStreamOptions options = new() { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (FileStream stream = new(temporary, options))
        {
            stream.Write(bytes);
            stream.Flush(flushToDisk: OperatingSystem.IsWindows());
            Sync((int)stream.SafeFileHandle.DangerousGetHandle(), temporary);
        }

        File.Move(temporary, path, overwrite: true);
        SyncFolder(folder);
    }

    private static void CreateFolder(string folder)
    {
        if (Directory.Exists(folder))
        {
            return;
        }

        // A new folder's name stands in its parent, so the parent has to reach the disk too.
        string? parent = Path.GetDirectoryName(folder);
        if (parent is not null)
        {
            CreateFolder(parent);
        }

        Directory.CreateDirectory(folder);
        if (parent is not null)
        {
            SyncFolder(parent);
        }
    }

    private static void SyncFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        const int ReadOnly = 0;
        int descriptor = Open(folder, ReadOnly);
        if (descriptor < 0)
        {
            throw new IOException($"{folder} cannot be opened to make it durable: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
        }

        try
        {
            Sync(descriptor, folder);
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static void Sync(int descriptor, string path)
    {
        if (!OperatingSystem.IsWindows() && FSync(descriptor) != 0)
        {
            throw new IOException($"{path} could not be made durable (fsync): {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
        }
    }

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int FSync(int descriptor);

    [DllImport("libc", EntryPoint = "open", SetLastError = true, CharSet = CharSet.Ansi, BestFitMapping = false)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    private static extern int Close(int descriptor);
}
