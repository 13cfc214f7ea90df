namespace RaftActors.Journal.Storage;

/// <summary>An operation on a file failed; <see cref="NoSpace"/> tells a full disk from everything else.</summary>
internal sealed class StorageException : IOException
{
    public StorageException(string operation, string path, int error)
        : base($"{operation} of {path} failed: {System.Runtime.InteropServices.Marshal.GetPInvokeErrorMessage(error)} (error {error}).") =>
        // As the base library does it on Unix: so that others find the reason too.
        HResult = error;

    public bool NoSpace => HResult is NativeMethods.ErrorNoSpace or NativeMethods.ErrorQuotaLinux;

    /// <summary>The system or the file system does not offer this operation; nothing was done.</summary>
    public bool NotOffered => HResult is NativeMethods.ErrorInvalid or NativeMethods.ErrorNotSupportedLinux;

    /// <summary>Whether the exception, of whatever type, says that the disk is full.</summary>
    public static bool SaysNoSpace(Exception e) => e switch
    {
        StorageException storage => storage.NoSpace,
        // Unix: errno is the low part. Windows: ERROR_DISK_FULL, ERROR_HANDLE_DISK_FULL.
        IOException io when OperatingSystem.IsWindows() => (io.HResult & 0xFFFF) is 112 or 39,
        IOException io => io.HResult is NativeMethods.ErrorNoSpace or NativeMethods.ErrorQuotaLinux,
        _ => false,
    };
}
