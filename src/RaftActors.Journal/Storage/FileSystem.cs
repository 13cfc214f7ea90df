using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace RaftActors.Journal.Storage;

/// <summary>The real file system. Files are for the owner alone; every result is checked.</summary>
internal sealed class FileSystem : IFileSystem
{
    private const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerDirectory = OwnerFile | UnixFileMode.UserExecute;

    public static FileSystem Instance { get; } = new();

    public void CreateDirectory(string path)
    {
        if (Directory.Exists(path))
        {
            return;
        }

        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, OwnerDirectory);
        }

        // The new name itself must survive a power cut.
        string? parent = Path.GetDirectoryName(Path.GetFullPath(path));
        if (parent is not null)
        {
            SyncDirectory(parent);
        }
    }

    public IReadOnlyList<string> List(string directory) => Directory.GetFiles(directory);

    public IStorageFile Open(string path, StorageMode mode) => new StorageFile(path, OpenStream(path, mode));

    public void Rename(string from, string to) => File.Move(from, to, overwrite: true);

    public void Delete(string path) => File.Delete(path);

    public void SyncDirectory(string path)
    {
        // Windows has no such call; NTFS journals names.
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        const int ReadOnly = 0;
        int descriptor = NativeMethods.Open(path, ReadOnly);
        if (descriptor < 0)
        {
            throw new StorageException("Opening for a sync", path, Marshal.GetLastPInvokeError());
        }

        try
        {
            int result;
            do
            {
                result = NativeMethods.FsyncDescriptor(descriptor);
            }
            while (result != 0 && Marshal.GetLastPInvokeError() == NativeMethods.ErrorInterrupted);

            // Some file systems cannot sync a directory and say EINVAL; there is nothing better to do there.
            if (result != 0 && Marshal.GetLastPInvokeError() != NativeMethods.ErrorInvalid)
            {
                throw new StorageException("Sync of the directory", path, Marshal.GetLastPInvokeError());
            }
        }
        finally
        {
            _ = NativeMethods.Close(descriptor);
        }
    }

    public IDisposable? TryLock(string path)
    {
        FileStream stream;
        try
        {
            stream = new FileStream(path, Options(FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException or PathTooLongException) && File.Exists(path))
        {
            return null;
        }

        // The stream above locks already, unless that is switched off for the process; this one does not ask.
        if (!OperatingSystem.IsWindows() && NativeMethods.Flock(stream.SafeFileHandle, NativeMethods.LockExclusiveNonBlocking) != 0)
        {
            stream.Dispose();
            return null;
        }

        return stream;
    }

    private static FileStream OpenStream(string path, StorageMode mode) => mode switch
    {
        StorageMode.Read => new FileStream(path, Options(FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete)),
        StorageMode.ReadWrite => new FileStream(path, Options(FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete)),
        _ => new FileStream(path, Options(FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete)),
    };

    private static FileStreamOptions Options(FileMode mode, FileAccess access, FileShare share)
    {
        FileStreamOptions options = new() { Mode = mode, Access = access, Share = share, BufferSize = 0 };
        if (!OperatingSystem.IsWindows() && mode != FileMode.Open)
        {
            options.UnixCreateMode = OwnerFile;
        }

        return options;
    }

    private sealed class StorageFile(string path, FileStream stream) : IStorageFile
    {
        private readonly SafeFileHandle _handle = stream.SafeFileHandle;
        private string _path = path;

        public long Length => RandomAccess.GetLength(_handle);

        public int Read(Span<byte> buffer, long offset)
        {
            int total = 0;
            while (total < buffer.Length)
            {
                int read = RandomAccess.Read(_handle, buffer[total..], offset + total);
                if (read == 0)
                {
                    break;
                }

                total += read;
            }

            return total;
        }

        // Goes on after a short write and throws on an error.
        public void Write(ReadOnlySpan<byte> bytes, long offset) => RandomAccess.Write(_handle, bytes, offset);

        public void Write(IReadOnlyList<ReadOnlyMemory<byte>> pieces, long offset)
        {
            if (pieces.Count == 1)
            {
                Write(pieces[0].Span, offset);
            }
            else
            {
                RandomAccess.Write(_handle, pieces, offset);
            }
        }

        public void Sync(bool metadata)
        {
            if (OperatingSystem.IsWindows())
            {
                RandomAccess.FlushToDisk(_handle);
                return;
            }

            int result;
            do
            {
                // macOS: fsync leaves the data in the drive's cache; F_FULLFSYNC does not.
                result = OperatingSystem.IsMacOS() ? NativeMethods.Fcntl(_handle, NativeMethods.FullFsyncMacOs)
                    : metadata ? NativeMethods.Fsync(_handle)
                    : NativeMethods.Fdatasync(_handle);
            }
            while (result < 0 && Marshal.GetLastPInvokeError() == NativeMethods.ErrorInterrupted);

            if (result < 0)
            {
                throw new StorageException("Sync", _path, Marshal.GetLastPInvokeError());
            }
        }

        public void Allocate(long length)
        {
            if (OperatingSystem.IsLinux())
            {
                int error = 0;
                try
                {
                    do
                    {
                        error = NativeMethods.PosixFallocate(_handle, 0, length);
                    }
                    while (error == NativeMethods.ErrorInterrupted);
                }
                catch (EntryPointNotFoundException)
                {
                    // musl has no such name; the zeroes that follow reserve the space as well.
                }

                if (error is not (0 or NativeMethods.ErrorInvalid or NativeMethods.ErrorNotSupportedLinux))
                {
                    throw new StorageException("Reserving space", _path, error);
                }
            }

            if (Length < length)
            {
                stream.SetLength(length);
            }
        }

        public void MovedTo(string path) => _path = path;

        public IBlockFile? OpenBlocks() => BlockFile.TryOpen(_handle, _path);

        public void Dispose() => stream.Dispose();
    }
}
