namespace RaftActors.Runtime;

/// <summary>Tells a full disk from other failures of a journal.</summary>
internal static class DiskSpace
{
    private const int NoSpace = 28;
    private const int NoQuota = 122;
    private const int DiskFullWindows = unchecked((int)0x80070070);
    private const int HandleDiskFullWindows = unchecked((int)0x80070027);

    /// <summary>Whether the exception, or what caused it, is the operating system's word that there is no room: whatever journal says so.</summary>
    public static bool IsMissing(Exception? cause)
    {
        for (; cause is not null; cause = cause.InnerException)
        {
            if (cause is IOException { HResult: NoSpace or NoQuota or DiskFullWindows or HandleDiskFullWindows })
            {
                return true;
            }
        }

        return false;
    }
}
