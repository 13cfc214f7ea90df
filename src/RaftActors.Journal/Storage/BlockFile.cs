using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace RaftActors.Journal.Storage;

/// <summary>A file opened with O_DIRECT. One system call writes and syncs.</summary>
internal sealed unsafe class BlockFile : IBlockFile
{
    private const int ReadWriteCloseOnExec = 0x80002;
    private const int SyncData = 2;

    private static readonly (int Direct, nint WriteVector) Calls = !OperatingSystem.IsLinux() ? default : RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => (0x4000, 328),
        Architecture.Arm64 => (0x10000, 287),
        _ => default,
    };

    private readonly SafeFileHandle _handle;
    private readonly string _path;

    private BlockFile(SafeFileHandle handle, string path)
    {
        _handle = handle;
        _path = path;
    }

    /// <summary>Null where the system or the file system refuses.</summary>
    /// <param name="file">The same file, open.</param>
    /// <param name="path">For messages: the file may have another name by now.</param>
    public static BlockFile? TryOpen(SafeFileHandle file, string path)
    {
        if (Calls.Direct == 0)
        {
            return null;
        }

        bool counted = false;
        try
        {
            file.DangerousAddRef(ref counted);
            string open = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{file.DangerousGetHandle()}");
            int descriptor;
            do
            {
                descriptor = NativeMethods.Open(open, ReadWriteCloseOnExec | Calls.Direct);
            }
            while (descriptor < 0 && Marshal.GetLastPInvokeError() == NativeMethods.ErrorInterrupted);

            return descriptor < 0 ? null : new BlockFile(new SafeFileHandle(descriptor, ownsHandle: true), path);
        }
        finally
        {
            if (counted)
            {
                file.DangerousRelease();
            }
        }
    }

    public void WriteDurably(ReadOnlySpan<byte> blocks, long offset)
    {
        nint* vector = stackalloc nint[2];
        fixed (byte* first = blocks)
        {
            int done = 0;
            while (done < blocks.Length)
            {
                vector[0] = (nint)(first + done);
                vector[1] = blocks.Length - done;
                nint written = NativeMethods.WriteVector(Calls.WriteVector, _handle, vector, 1, (nint)(offset + done), 0, SyncData);
                if (written < 0 && Marshal.GetLastPInvokeError() == NativeMethods.ErrorInterrupted)
                {
                    continue;
                }

                if (written <= 0)
                {
                    throw new StorageException("Write with sync", _path, written < 0 ? Marshal.GetLastPInvokeError() : NativeMethods.ErrorNoSpace);
                }

                // What is written of it is synced. The rest cannot go out like this when it begins within a block, and then the system says so.
                done += (int)written;
            }
        }
    }

    public void Dispose() => _handle.Dispose();
}
