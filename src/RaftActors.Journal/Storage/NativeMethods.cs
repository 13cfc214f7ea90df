using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace RaftActors.Journal.Storage;

/// <summary>The calls whose result the base library hides or does not offer.</summary>
internal static partial class NativeMethods
{
    public const int ErrorInterrupted = 4;
    public const int ErrorInvalid = 22;
    public const int ErrorNoSpace = 28;
    public const int ErrorNotSupportedLinux = 95;
    public const int ErrorQuotaLinux = 122;
    public const int LockExclusiveNonBlocking = 2 | 4;
    public const int FullFsyncMacOs = 51;

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static partial int Fsync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    public static partial int Fdatasync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    public static partial int Fcntl(SafeFileHandle file, int command);

    // The 64-bit name where off_t may be 32 bits; both are the same call on 64-bit systems.
    [LibraryImport("libc", EntryPoint = "posix_fallocate64")]
    public static partial int PosixFallocate(SafeFileHandle file, long offset, long length);

    // For 64-bit systems, where every C library has offsets of 64 bits under this name.
    [LibraryImport("libc", EntryPoint = "pwrite", SetLastError = true)]
    public static unsafe partial nint Write(SafeFileHandle file, byte* bytes, nint length, long offset);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    public static partial int Flock(SafeFileHandle file, int operation);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static partial int FsyncDescriptor(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int descriptor);
}
