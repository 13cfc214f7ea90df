using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace RaftActors.Journal.Storage;

/// <summary>A file opened with O_DIRECT.</summary>
internal sealed unsafe class BlockFile : IBlockFile
{
    private const int ReadWriteCloseOnExec = 0x80002;

    // 0 where there is no such thing, or where it is not known under which number.
    private static readonly int Direct = !OperatingSystem.IsLinux() ? 0 : RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => 0x4000,
        Architecture.Arm64 => 0x10000,
        _ => 0,
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
        if (Direct == 0)
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
                descriptor = NativeMethods.Open(open, ReadWriteCloseOnExec | Direct);
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

    public void Write(ReadOnlySpan<byte> blocks, long offset)
    {
        fixed (byte* first = blocks)
        {
            int done = 0;
            while (done < blocks.Length)
            {
                nint written = NativeMethods.Write(_handle, first + done, blocks.Length - done, offset + done);
                if (written < 0 && Marshal.GetLastPInvokeError() == NativeMethods.ErrorInterrupted)
                {
                    continue;
                }

                if (written <= 0)
                {
                    throw new StorageException("Write", _path, written < 0 ? Marshal.GetLastPInvokeError() : NativeMethods.ErrorNoSpace);
                }

                // The rest cannot go out like this when it begins within a block, and then the system says so.
                done += (int)written;
            }
        }
    }

    public void Dispose() => _handle.Dispose();
}
