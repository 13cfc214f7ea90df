using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Akka.Remote.Transport;

/// <summary>Sends without waiting, and without the sockets' machinery for operations that may have to wait: nearly always a connection takes at once what it is given.</summary>
internal static partial class SocketWriter
{
    private const int MessageDontWait = 0x40;
    private const int MessageNoSignal = 0x4000;
    private const int Interrupted = 4;
    private const int TryAgain = 11;

    /// <summary>Answers how many of the bytes the connection took; the rest has to wait until there is room again. None on other systems than Linux.</summary>
    /// <exception cref="SocketException">The connection broke.</exception>
    /// <exception cref="ObjectDisposedException">It was closed here.</exception>
    public static int SendNow(Socket socket, ReadOnlySpan<byte> bytes)
    {
        if (!OperatingSystem.IsLinux())
            return 0;
        var handle = socket.SafeHandle;
        var counted = false;
        try
        {
            // The descriptor must not be given to another connection meanwhile.
            handle.DangerousAddRef(ref counted);
            while (true)
            {
                var sent = Send((int)handle.DangerousGetHandle(), ref MemoryMarshal.GetReference(bytes), bytes.Length, MessageDontWait | MessageNoSignal);
                if (sent >= 0)
                    return (int)sent;
                var error = Marshal.GetLastSystemError();
                if (error == TryAgain)
                    return 0;
                if (error != Interrupted)
                    throw new SocketException((int)SocketError.ConnectionReset, "Sending failed: " + Marshal.GetPInvokeErrorMessage(error) + ".");
            }
        }
        finally
        {
            if (counted)
                handle.DangerousRelease();
        }
    }

    // Without SetLastError, which asks for the error of every call; this asks when there is one.
    [LibraryImport("libc", EntryPoint = "send")]
    private static partial nint Send(int descriptor, ref byte buffer, nint length, int flags);
}
